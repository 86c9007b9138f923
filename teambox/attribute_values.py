"""Values of custom attributes: read from text, checked by their kind."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from teambox.models import AttributeKind, ContactAttribute

MAX_TEXT = 500
MAX_DIGITS = 30


class BadValue(ValueError):
    """A value that its attribute does not take; `name` is the attribute's."""

    def __init__(self, code: str, message: str, name: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.name = name


Known = Mapping[str, ContactAttribute]


def known(names: Iterable[str]) -> Known:
    """The attributes of these names, by name."""
    found = ContactAttribute.objects.filter(name__in=list(names))
    return {attribute.name: attribute for attribute in found}


def read(
    values: Mapping[str, Any], attributes: Known | None = None
) -> dict[str, str | None]:
    """The values as `Contact.attributes` keeps them; None for an empty one.

    Numbers are kept as plain decimal text and dates as YYYY-MM-DD, so that they are
    exact and read the same in every file. Who reads many gives the `attributes`.
    Raises BadValue.
    """
    ours = known(values) if attributes is None else attributes
    if unknown := next((name for name in values if name not in ours), None):
        raise BadValue(
            "unknown_attribute", f"There is no attribute {unknown}.", unknown
        )
    return {name: _read(ours[name], value) for name, value in values.items()}


def _read(attribute: ContactAttribute, value: Any) -> str | None:
    text = "" if value is None else str(value).replace("\x00", "").strip()
    if not text:
        return None
    kind = AttributeKind(attribute.kind)
    try:
        return _READERS[kind](attribute, text)
    except ValueError as error:
        raise BadValue(
            "bad_value", f"{attribute.label}: {error}", attribute.name
        ) from None


def _text(_: ContactAttribute, text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(f"at most {MAX_TEXT} characters.")
    return text


def _number(_: ContactAttribute, text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("write a number, as 1234.5.") from None
    if not number.is_finite() or len(number.as_tuple().digits) > MAX_DIGITS:
        raise ValueError(f"write a number of at most {MAX_DIGITS} digits.")
    if abs(number.adjusted()) > MAX_DIGITS:
        raise ValueError(f"write a number of at most {MAX_DIGITS} digits.")
    return f"{number:f}"


def _date(_: ContactAttribute, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("write a date as YYYY-MM-DD.") from None


def _choice(attribute: ContactAttribute, text: str) -> str:
    for choice in attribute.choices:
        if choice.casefold() == text.casefold():
            return str(choice)
    raise ValueError(f"choose one of {', '.join(attribute.choices)}.")


_READERS: Mapping[AttributeKind, Callable[[ContactAttribute, str], str]] = {
    AttributeKind.TEXT: _text,
    AttributeKind.NUMBER: _number,
    AttributeKind.DATE: _date,
    AttributeKind.CHOICE: _choice,
}
