"""The operators of conditions: one table that forms, pages and runs are made from.

An operator reads the value and its operands as its kind has them, and compares. What
cannot be read meets no operator, not even a negative one.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from typing import Any

from connectors.readings import (
    Reader,
    measured,
    read_date,
    read_email,
    read_email_address,
    read_email_part,
    read_length,
    read_moment,
    read_number,
    read_text,
    read_time,
)

_EMPTY = ("", "[]", "{}")


class Kind(StrEnum):
    """As what a condition reads its value."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    EMAIL = "email"


KIND_LABELS: Mapping[Kind, str] = {
    Kind.TEXT: "Text",
    Kind.NUMBER: "Number",
    Kind.DATE: "Date",
    Kind.TIME: "Time",
    Kind.DATETIME: "Date and time",
    Kind.EMAIL: "Email",
}


@dataclass(frozen=True, slots=True)
class Operator:
    """How a value is compared. `label` when it holds, `otherwise` when it does not.

    `operands` is how many there are beside the value (a list is one, cut at a
    delimiter), `hint` an example of one.
    """

    name: str
    label: str
    otherwise: str
    test: Callable[..., bool]
    read_value: Reader
    read_operand: Reader
    operands: int = 1
    takes_list: bool = False
    hint: str = ""

    def holds(self, value: str, operands: tuple[str, ...], delimiter: str) -> bool:
        """Whether the value meets the operands; raises Unreadable."""
        read = self.read_value(value)
        return self.test(read, *self.read(operands, delimiter))

    def read(self, operands: tuple[str, ...], delimiter: str) -> tuple[Any, ...]:
        """The operands as they are compared; raises Unreadable."""
        if self.takes_list:
            items = map(self.read_operand, operands[0].split(delimiter))
            return ([item for item in items if item],)
        return tuple(map(self.read_operand, operands))


def _opposite(name: str, of: Operator) -> Operator:
    return replace(
        of,
        name=name,
        label=of.otherwise,
        otherwise=of.label,
        test=lambda *read: not of.test(*read),
    )


def _contains(value: str, part: str) -> bool:
    return bool(part) and part in value


def _starts(value: str, part: str) -> bool:
    return bool(part) and value.startswith(part)


def _ends(value: str, part: str) -> bool:
    return bool(part) and value.endswith(part)


def _either(test: Callable[[str, str], bool]) -> Callable[..., bool]:
    return lambda forms, part: any(test(form, part) for form in forms)


def _between(value: Any, lower: Any, upper: Any) -> bool:
    return bool(lower <= value <= upper)


def _time_between(value: time, lower: time, upper: time) -> bool:
    """From 22:00 to 06:00 is the night."""
    if lower <= upper:
        return lower <= value <= upper
    return value >= lower or value <= upper


def _pair(name: str, opposite: str, *, of: Operator) -> tuple[Operator, Operator]:
    one = replace(of, name=name)
    return one, _opposite(opposite, one)


def _single(
    label: str, otherwise: str, test: Callable[..., bool], read: tuple[Reader, Reader]
) -> Operator:
    return Operator("", label, otherwise, test, *read)


def _is(read: Reader) -> tuple[Operator, ...]:
    one = _single("is", "is not", operator.eq, (read, read))
    return _pair("is", "is_not", of=one)


def _equals(read: Reader) -> tuple[Operator, ...]:
    one = _single("equals", "does not equal", operator.eq, (read, read))
    return _pair("equals", "not_equals", of=one)


def _empty() -> tuple[Operator, ...]:
    is_empty = _single("is empty", "is not empty", _is_empty, (str.strip, str))
    return _pair("is_empty", "is_not_empty", of=replace(is_empty, operands=0))


def _is_empty(text: str) -> bool:
    return text in _EMPTY


def _parts(
    read: tuple[Reader, Reader], wrap: Callable[..., Any]
) -> tuple[Operator, ...]:
    contains = _single("contains", "does not contain", wrap(_contains), read)
    starts = _single("starts with", "does not start with", wrap(_starts), read)
    ends = _single("ends with", "does not end with", wrap(_ends), read)
    return (
        *_pair("contains", "does_not_contain", of=contains),
        replace(starts, name="starts_with"),
        replace(ends, name="ends_with"),
    )


def _lengths(read: Reader) -> tuple[Operator, ...]:
    both = (measured(read), read_length)
    least = _single("has a length of at least", "has a length below", operator.ge, both)
    most = _single("has a length of at most", "has a length above", operator.le, both)
    return replace(least, name="min_length"), replace(most, name="max_length")


def _betweens(read: Reader, test: Callable[..., bool]) -> tuple[Operator, ...]:
    between = _single("is between", "is not between", test, (read, read))
    return _pair("between", "not_between", of=replace(between, operands=2))


def _lists() -> tuple[Operator, ...]:
    def stands_in(value: str, items: list[str]) -> bool:
        return value in items

    one = _single(
        "is in the list", "is not in the list", stands_in, (read_text, read_text)
    )
    return _pair("in_list", "not_in_list", of=replace(one, takes_list=True))


def _order(
    read: Reader, names: tuple[tuple[str, str, str], ...]
) -> tuple[Operator, ...]:
    tests = (operator.gt, operator.lt, operator.ge)
    return tuple(
        Operator(name, label, otherwise, test, read, read)
        for (name, label, otherwise), test in zip(names, tests, strict=False)
    )


def _numbers() -> tuple[Operator, ...]:
    names = (
        ("greater", "is greater than", "is not greater than"),
        ("less", "is less than", "is not less than"),
    )
    return (
        *_equals(read_number),
        *_order(read_number, names),
        *_betweens(read_number, _between),
        *_lengths(read_number),
        *_empty(),
    )


def _times(
    read: Reader, day: Reader, between: Callable[..., bool]
) -> tuple[Operator, ...]:
    names = (
        ("after", "is after", "is not after"),
        ("before", "is before", "is not before"),
        ("not_before", "is not before", "is before"),
    )
    on = _single("is on", "is not on", operator.eq, (day, day))
    return (
        *_is(read),
        replace(on, name="on"),
        *_order(read, names),
        *_betweens(read, between),
        *_empty(),
    )


_HINTS: Mapping[Reader, str] = {
    read_length: "5",
    read_number: "1234.5",
    read_date: "2026-11-24",
    read_time: "09:30",
    read_moment: "2026-11-24T09:30",
    read_email_address: "ann@example.com",
}


def _hinted(one: Operator) -> Operator:
    return replace(one, hint=_HINTS.get(one.read_operand, "") if one.operands else "")


_TEXTS = (
    *_is(read_text),
    *_lists(),
    *_parts((read_text, read_text), lambda test: test),
    *_lengths(read_text),
    *_empty(),
)
_EMAILS = (
    *_is(read_email_address),
    *_parts((read_email, read_email_part), _either),
    *_empty(),
)
_ALL = {
    Kind.TEXT: _TEXTS,
    Kind.NUMBER: _numbers(),
    Kind.DATE: _times(read_date, read_date, _between),
    Kind.TIME: _times(read_time, read_time, _time_between),
    Kind.DATETIME: _times(read_moment, read_date, _between),
    Kind.EMAIL: _EMAILS,
}
OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    kind: tuple(map(_hinted, operators)) for kind, operators in _ALL.items()
}
_BY_NAME = {
    (kind, one.name): one for kind, operators in OPERATORS.items() for one in operators
}


def find(kind: str, name: str) -> Operator | None:
    """The operator of this kind and name."""
    return _BY_NAME.get((Kind(kind), name)) if kind in set(Kind) else None
