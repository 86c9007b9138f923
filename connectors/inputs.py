"""Inputs: what a request holds, as tokens read it."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict

from optout import strict_json
from optout.refusals import Refused

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_VALUES = 10_000
_JSON_OR_NOTHING = ("", "text/plain", "application/octet-stream")


class InputError(Refused):
    """A request that cannot be read; `status` is what it is answered with."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status


def raw_body(request: HttpRequest) -> bytes:
    """The request's body as it came; raises InputError 411 or 413.

    A body without a length is read where the server says how it ends.
    """
    if "Content-Length" not in request.headers and "HTTP_TRANSFER_ENCODING" in (
        request.META
    ):
        return _chunked(request)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise _too_large()
    return _limited(request.read(MAX_BYTES + 1))


def _chunked(request: HttpRequest) -> bytes:
    if not request.META.get("wsgi.input_terminated"):
        raise InputError(411, "length_required", "Send a Content-Length.")
    return _limited(request.META["wsgi.input"].read(MAX_BYTES + 1))


def _limited(raw: bytes) -> bytes:
    if len(raw) > MAX_BYTES:
        raise _too_large()
    return raw


def _too_large() -> InputError:
    message = f"A body has at most {MAX_BYTES:,} bytes."
    return InputError(413, "body_too_large", message)


def read(request: HttpRequest, raw: bytes) -> dict[str, Any]:
    """The input of a request: `body` and `custom_variables`, the URL's parameters.

    JSON as it is, of a form its fields; a field that comes several times is a list.
    Without a body it is `{}`. Raises InputError 400, 413 or 415.
    """
    try:
        found = {"body": _body(request, raw), "custom_variables": _fields(request.GET)}
    except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
        raise _too_large() from None
    except (SuspiciousOperation, MultiPartParserError, UnicodeDecodeError, LookupError):
        message = "The form could not be read."
        raise InputError(400, "bad_form", message) from None
    check(found)
    return found


def _body(request: HttpRequest, raw: bytes) -> Any:
    kind = (request.content_type or "").lower()
    if kind == "application/x-www-form-urlencoded":
        return _fields(QueryDict(raw, encoding="utf-8"))
    if kind == "multipart/form-data":
        return _multipart(request, raw)
    if not raw.strip():
        return {}
    if kind == "application/json" or kind.endswith("+json") or kind in _JSON_OR_NOTHING:
        return _json(raw)
    message = "Post JSON (application/json) or a form."
    raise InputError(415, "unsupported_media_type", message)


def _json(raw: bytes) -> Any:
    try:
        return strict_json.read(raw)
    except strict_json.NotJSON as error:
        raise InputError(400, "bad_json", str(error)) from None


def _multipart(request: HttpRequest, raw: bytes) -> dict[str, Any]:
    meta = request.META | {"CONTENT_LENGTH": len(raw)}
    parser = MultiPartParser(meta, BytesIO(raw), request.upload_handlers, "utf-8")
    fields, files = parser.parse()
    if files:
        raise InputError(400, "no_files", "Files are not taken: post fields alone.")
    return _fields(fields)


def _fields(given: MultiValueDict[str, str]) -> dict[str, Any]:
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in given.lists()
        if values
    }


def check(found: Mapping[str, Any]) -> None:
    """Raise InputError for an input that is too large, or is no text to keep."""
    _check_size(found)
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "A text holds half a character (a lone surrogate)."
        raise InputError(400, "bad_text", message) from None


def _check_size(found: Any) -> None:
    """Refuse what is nested too deeply or has too many values; without recursion."""
    level, values = [found], 0
    for _ in range(MAX_DEPTH + 2):
        below: list[Any] = []
        for node in level:
            values += 1
            if isinstance(node, dict):
                below += node.values()
            elif isinstance(node, list):
                below += node
        if values + len(below) > MAX_VALUES:
            message = f"An input has at most {MAX_VALUES:,} values."
            raise InputError(400, "too_many_values", message)
        if not below:
            return
        level = below
    message = f"An input is nested at most {MAX_DEPTH} deep."
    raise InputError(400, "too_deep", message)
