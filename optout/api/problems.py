"""Errors as RFC 9457 problem documents: type, title, status, detail, code, errors[]."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError, InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import set_rollback

from optout.addresses import AmbiguousNumber, InvalidAddress
from optout.gate import GateClosed
from optout.lists import ListError
from optout.selection import SelectionError

CONTENT_TYPE = "application/problem+json"


class Problem(exceptions.APIException):
    """An answer that is not a success, with its stable code."""

    def __init__(
        self, status: int, code: str, detail: str, *, pointer: str = "", **more: Any
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.pointer = pointer
        self.more = more


_UNAVAILABLE = Problem(503, "unavailable", "Not available now. Try again later.")


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal becomes a problem document."""
    known = _translated(error)
    if known is None:
        return None
    set_rollback()
    response = Response(document(known), status=known.status_code)
    response.content_type = CONTENT_TYPE
    for name, value in _headers(known).items():
        response[name] = value
    return response


def _translated(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    return _of_framework(error) or _of_domain(error)


def _of_framework(error: Exception) -> exceptions.APIException | None:
    match error:
        case ModelError():
            return exceptions.ValidationError(as_serializer_error(error))
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return Problem(413, "body_too_large", "The request body is too large.")
        case IntegrityError():
            return Problem(
                409, "conflict", "Another request wrote this at the same time."
            )
        case OperationalError() | InterfaceError() | InternalError():
            return _UNAVAILABLE  # the last where PostgreSQL only reads, as a standby
    return None


def _of_domain(error: Exception) -> exceptions.APIException | None:
    match error:
        case AmbiguousNumber():
            readings = list(error.readings)
            return Problem(400, error.code, error.message, readings=readings)
        case InvalidAddress():
            return Problem(400, error.code, error.message)
        case SelectionError():
            is_reason = error.code == "reason_required"
            pointer = "skip_default_list" if is_reason else "opt_out_lists"
            return Problem(400, error.code, error.message, pointer=pointer)
        case ListError():
            status = 403 if error.code == "default_list" else 400
            return Problem(status, error.code, error.message, pointer=error.field)
        case GateClosed():
            return _UNAVAILABLE
    return None


def document(error: exceptions.APIException) -> dict[str, Any]:
    """The problem document of a refusal; also what a part of a bulk request gets."""
    errors = list(_errors(error))
    code = getattr(error, "code", "") or _code(error)
    return {
        "type": "about:blank",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
        "detail": _detail(error, errors),
        "code": code,
        "errors": errors,
        **getattr(error, "more", {}),
    }


def _code(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "invalid"


def _detail(error: exceptions.APIException, errors: list[dict[str, str]]) -> str:
    if not isinstance(error, exceptions.ValidationError):
        return str(error.detail)
    first = errors[0] if errors else {"pointer": "", "detail": "Invalid input."}
    return f"{first['pointer']}: {first['detail']}".removeprefix(": ")


def _errors(error: exceptions.APIException) -> Iterator[dict[str, str]]:
    if isinstance(error, exceptions.ValidationError):
        yield from _flat(error.get_full_details(), "")
    elif isinstance(error, Problem) and error.pointer:
        yield {
            "pointer": error.pointer,
            "code": error.code,
            "detail": str(error.detail),
        }


def _flat(details: Any, pointer: str) -> Iterator[dict[str, str]]:
    """DRF's nested details as a flat list; the pointer joins names with slashes."""
    if isinstance(details, Mapping) and {"message", "code"} == set(details):
        where = pointer.removesuffix("/non_field_errors").strip("/")
        yield {
            "pointer": "" if where == "non_field_errors" else where,
            "code": str(details["code"]),
            "detail": str(details["message"]),
        }
        return
    named = isinstance(details, Mapping)
    pairs = details.items() if isinstance(details, Mapping) else enumerate(details)
    for name, inner in pairs:
        is_message = isinstance(inner, Mapping) and {"message", "code"} == set(inner)
        yield from _flat(
            inner, pointer if is_message and not named else f"{pointer}/{name}"
        )


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def not_found(request: HttpRequest, *_: Any) -> HttpResponse:
    """The answer to an API address that leads nowhere."""
    error = exceptions.NotFound()
    return JsonResponse(document(error), status=404, content_type=CONTENT_TYPE)
