"""The mapped response: what a sender reads instead of the usual answer."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from connectors import tokens
from optout.refusals import Refused

KINDS = ("json", "text")
MAX_BODY = 10_000
STATUSES = range(200, 300)


class ResponseError(Refused):
    """A mapping that cannot be kept."""


def check(response: Mapping[str, Any]) -> None:
    """Raise ResponseError `bad_status`, `bad_kind`, `too_long`, `bad_json`; TokenError.

    The body may hold tokens of what came in; as JSON it has to be JSON as it stands.
    """
    status, kind = response.get("status"), response.get("kind")
    body = response.get("body")
    if not isinstance(status, int) or isinstance(status, bool):
        raise ResponseError("bad_status", "A status is a number.", "status")
    if status not in STATUSES:
        message = "A status from 200 to 299: others tell a sender that it failed."
        raise ResponseError("bad_status", message, "status")
    if kind not in KINDS:
        raise ResponseError("bad_kind", "Choose JSON or text.", "kind")
    if not isinstance(body, str) or len(body) > MAX_BODY:
        message = f"At most {MAX_BODY:,} characters."
        raise ResponseError("too_long", message, "body")
    tokens.check(body, field="body")
    if kind == "json":
        _document(body)


def _document(body: str) -> Any:
    try:
        return json.loads(body or "null")
    except (ValueError, RecursionError):
        message = 'This is no JSON. Tokens stand in quotes: {"id": "{{body.id}}"}.'
        raise ResponseError("bad_json", message, "body") from None


def mapped(response: Mapping[str, Any], data: tokens.Data) -> HttpResponse:
    """The answer for this input; what is missing is null, or empty in a text.

    A mapping that gives none is no reason to refuse what was stored: it answers empty.
    """
    status = response["status"]
    try:
        content, content_type = _content(response, data)
    except Refused:
        content, content_type = "", "text/plain; charset=utf-8"
    return HttpResponse(content, content_type=content_type, status=status)


def _content(response: Mapping[str, Any], data: tokens.Data) -> tuple[str, str]:
    body = response["body"]
    if response["kind"] == "text":
        return tokens.resolve_or_empty(body, data), "text/plain; charset=utf-8"
    filled = _filled(_document(body), data)
    return json.dumps(filled, ensure_ascii=False), "application/json"


def _filled(node: Any, data: tokens.Data) -> Any:
    """The document with its tokens; one that has no value is null, others stay."""
    if isinstance(node, dict):
        return {key: _filled(value, data) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, data) for value in node]
    try:
        return tokens.fill(node, data)
    except tokens.MissingAttribute:
        return None
