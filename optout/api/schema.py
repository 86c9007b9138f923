"""The OpenAPI document: what drf-spectacular cannot see by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, get_doc
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from optout.api.idempotency import HEADER
from optout.api.problems import CONTENT_TYPE

_TEXT = {"type": "string"}
_ERROR = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": _TEXT | {"description": "The field, its parts joined by slashes."},
        "code": _TEXT,
        "detail": _TEXT,
    },
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable, `detail` is for people.",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "errors": {"type": "array", "items": _ERROR},
        "readings": {
            "type": "array",
            "items": _TEXT,
            "description": "With `ambiguous_number`: what the number may stand for.",
        },
    },
}
_ALWAYS = {
    400: "Invalid input; `errors` names the fields.",
    401: "No key, or one that is not valid.",
    403: "The key's role may not do this.",
    429: "Too many calls a minute. See Retry-After.",
    503: "Not available now: nothing was changed. Try again.",
}
_NOT_FOUND = {404: "There is no such thing."}
_COLLIDES = {409: "It collides with another request, or with the state of things."}
_BODY = {413: "The body is too large.", 415: "The body is not JSON."}
_REUSED = {422: f"The {HEADER} was used for another request."}

_KEY_PARAMETER = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "The same key and body again get the first answer, for at least 24 hours; "
        "in flight is 409, another body 422."
    ),
)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer <key>`."""

    target_class = "optout.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer"}


class ApiSchema(AutoSchema):
    """Adds to every operation its problem documents, and the idempotency key."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation with every answer it can give."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for status, description in self._problems().items():
            answer = self._problem_response(status, description)
            operation["responses"].setdefault(str(status), answer)
        return operation

    def get_override_parameters(self) -> list[Any]:
        """The view's own, and the key where a repeat gets the first answer."""
        found = list(super().get_override_parameters())
        return [*found, _KEY_PARAMETER] if self._is_idempotent() else found

    def get_description(self) -> str:  # type: ignore[override]  # stubs: DRF's own
        """Of a collection the view's docstring, else the method's."""
        if self._is_list_view() and self.method == "GET":
            return str(get_doc(type(self.view)))
        return str(super().get_description())

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """`EntryOutput` is Entry, `OptOutInput` is OptOutRequest."""
        name: str = super().get_serializer_name(serializer, direction)
        return name.removesuffix("Input").removesuffix("Output")

    def _is_idempotent(self) -> bool:
        handler = getattr(self.view, self.method.lower(), None)
        return hasattr(handler, "is_idempotent")

    def _problems(self) -> dict[int, str]:
        problems = dict(_ALWAYS)
        if "{" in self.path:
            problems |= _NOT_FOUND
        if self.method != "GET":
            problems |= _COLLIDES
        if self.method in ("POST", "PATCH"):
            problems |= _BODY
        if self._is_idempotent():
            problems |= _REUSED
        return problems

    def _problem_response(self, status: int, description: str) -> dict[str, str]:
        """A reference to the answer, which stands in the document once."""
        problem = self._component("Problem", ResolvedComponent.SCHEMA, _PROBLEM)
        answer = {
            "description": description,
            "content": {CONTENT_TYPE: {"schema": problem}},
        }
        return self._component(f"Problem{status}", ResolvedComponent.RESPONSE, answer)

    def _component(
        self, name: str, kind: str, schema: dict[str, Any]
    ) -> dict[str, str]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name, kind, schema=schema, object=name
        )
        self.registry.register_on_missing(component)
        reference: dict[str, str] = component.ref
        return reference
