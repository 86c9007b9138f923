"""Conditions: whether a step's actions are done for what came in, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from connectors import operators, tokens
from connectors.operators import Kind, Operator
from connectors.readings import Unreadable
from optout.refusals import Refused

MAX_CONDITIONS = 50
MAX_CHARS = 20_000
MAX_DELIMITER_CHARS = 10

_SHOWN_CHARS = 60


class Match(StrEnum):
    """How many of a filter's conditions have to hold."""

    ALL = "all"
    ANY = "any"


class ConditionError(Refused):
    """A condition that cannot be kept; `index` is its place in its filter, from 0."""

    index: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it holds, and the deciding comparison in words."""

    is_true: bool
    why: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A value, an operator of its kind and what it is compared with.

    The value and the operands may hold tokens. `upper` is the second bound of
    between, `delimiter` cuts the operand of the list operators.
    """

    value: str
    kind: Kind
    operator: str
    operand: str = ""
    upper: str = ""
    delimiter: str = ","

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The condition that `as_json` wrote."""
        names = [one.name for one in fields(cls)]
        given = {name: raw[name] for name in names if name in raw}
        return cls(**given | {"kind": Kind(raw["kind"])})

    def as_json(self) -> dict[str, str]:
        """The condition as plain JSON."""
        return asdict(self) | {"kind": str(self.kind)}

    @property
    def comparison(self) -> Operator:
        """The operator itself; raises ConditionError for one that there is not."""
        return _operator(self.kind, self.operator)

    @property
    def operands(self) -> tuple[str, ...]:
        """The operands that the operator takes."""
        return (self.operand, self.upper)[: self.comparison.operands]


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions of which all or any have to hold; without any it is true."""

    match: Match = Match.ALL
    conditions: tuple[Condition, ...] = field(default_factory=tuple)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The filter that `as_json` wrote."""
        conditions = tuple(map(Condition.from_json, raw["conditions"]))
        return cls(Match(raw["match"]), conditions)

    def as_json(self) -> dict[str, Any]:
        """The filter as plain JSON."""
        conditions = [condition.as_json() for condition in self.conditions]
        return {"match": str(self.match), "conditions": conditions}

    @classmethod
    def check(cls, raw: Any) -> Self:
        """The filter that people or programs wrote; raises ConditionError."""
        if not isinstance(raw, Mapping):
            raise ConditionError("bad_filter", "A filter is an object.", "filter")
        match = raw.get("match", Match.ALL)
        if match not in list(Match):
            raise ConditionError("bad_match", "Choose all or any.", "match")
        return cls(Match(match), _checked_all(raw.get("conditions", [])))

    def verdict(self, data: tokens.Data) -> Verdict:
        """Whether the filter lets these data through, and what decided."""
        decisive = self.match is Match.ANY
        verdict = Verdict(True, "There are no conditions.")
        for condition in self.conditions:
            verdict = holds(condition, data)
            if verdict.is_true is decisive:
                return verdict
        if len(self.conditions) < 2:
            return verdict
        return Verdict(not decisive, self._undecided())

    def _undecided(self) -> str:
        count = len(self.conditions)
        if self.match is Match.ANY:
            return f"None of the {count} conditions holds."
        return f"All {count} conditions hold."


def _checked_all(raw: Any) -> tuple[Condition, ...]:
    if not isinstance(raw, list | tuple) or len(raw) > MAX_CONDITIONS:
        raise ConditionError(
            "too_many_conditions",
            f"A filter is a list of at most {MAX_CONDITIONS} conditions.",
            "conditions",
        )
    return tuple(_checked_at(index, one) for index, one in enumerate(raw))


def _checked_at(index: int, raw: Any) -> Condition:
    try:
        return check(raw)
    except ConditionError as error:
        error.index = index
        raise


def check(raw: Any) -> Condition:
    """The condition that people or programs wrote; raises ConditionError.

    Tokens have to be readable, operands given and, where they hold no token, of the
    kind: the error names the field. What the operator does not take is left out.
    """
    texts = _texts(raw)
    comparison = _operator(texts["kind"], texts["operator"])
    texts["delimiter"] = texts["delimiter"] if comparison.takes_list else ","
    texts |= dict.fromkeys(("operand", "upper")[comparison.operands :], "")
    condition = Condition.from_json(texts)
    if not condition.value.strip():
        raise ConditionError("required", "Choose what is compared.", "value")
    _check_tokens(condition)
    _check_operands(condition)
    return condition


def _texts(raw: Any) -> dict[str, str]:
    if not isinstance(raw, Mapping):
        raise ConditionError("bad_condition", "A condition is an object.", "value")
    defaults = {one.name: "" for one in fields(Condition)}
    texts = {name: raw.get(name, default) for name, default in defaults.items()}
    texts["delimiter"] = texts["delimiter"] or ","
    for name, text in texts.items():
        if not isinstance(text, str):
            raise ConditionError("bad_text", "Write a text here.", name)
        if len(text) > (MAX_DELIMITER_CHARS if name == "delimiter" else MAX_CHARS):
            raise ConditionError("too_long", "This text is too long.", name)
    return texts


def _operator(kind: str, name: str) -> Operator:
    if kind not in list(Kind):
        raise ConditionError("unknown_kind", "Choose what it is read as.", "kind")
    found = operators.find(kind, name)
    if found is None:
        raise ConditionError("unknown_operator", "Choose an operator.", "operator")
    return found


def _check_tokens(condition: Condition) -> None:
    try:
        for name in ("value", "operand", "upper"):
            tokens.check(getattr(condition, name), field=name)
    except tokens.TokenError as error:
        raise ConditionError(error.code, error.message, error.field) from None


def _check_operands(condition: Condition) -> None:
    read = []
    for name, text in zip(("operand", "upper"), condition.operands, strict=False):
        if not text.strip():
            raise ConditionError("required", "Write what it is compared with.", name)
        if not tokens.paths(text):
            read.append(_read_operand(condition, name, text))
    if len(read) < 2 or condition.kind is Kind.TIME:  # nights go over midnight
        return
    if read[0] > read[1]:
        raise ConditionError(
            "bounds_reversed", "The second bound is below the first.", "upper"
        )


def _read_operand(condition: Condition, name: str, text: str) -> Any:
    try:
        (read,) = condition.comparison.read((text,), condition.delimiter)
    except Unreadable as error:
        raise ConditionError("bad_operand", f"{_quoted(text)} {error}.", name) from None
    if condition.comparison.takes_list and not read:
        raise ConditionError("required", "Write at least one item.", name)
    return read


def holds(condition: Condition, data: tokens.Data) -> Verdict:
    """Whether the condition holds for the data, and why in words.

    Texts are compared trimmed, with capitals and small letters alike; emails as
    addresses are. What is missing is an empty text. A value or an operand that
    cannot be read as its kind makes every operator false, negative ones too.
    """
    comparison = condition.comparison
    try:
        value = tokens.resolve_or_empty(condition.value, data)
        operands = tuple(
            tokens.resolve_or_empty(one, data) for one in condition.operands
        )
    except tokens.TokenError as error:
        return Verdict(False, error.message)
    return _compared(condition, comparison, value, operands)


def _compared(
    condition: Condition, comparison: Operator, value: str, operands: tuple[str, ...]
) -> Verdict:
    try:
        is_true = comparison.holds(value, operands, condition.delimiter)
    except Unreadable:
        return Verdict(False, _unread(condition, value, operands))
    subject = _quoted(value) if value.strip() else tokens.in_words(condition.value)
    if not value.strip() and not is_true:
        return Verdict(False, f"{_cut(subject)} is empty")
    label = comparison.label if is_true else comparison.otherwise
    return Verdict(is_true, _sentence(subject, label, map(_quoted, operands)))


def _unread(condition: Condition, value: str, operands: tuple[str, ...]) -> str:
    comparison = condition.comparison
    if not value.strip():
        return f"{_cut(tokens.in_words(condition.value))} is empty"
    readers = (comparison.read_value, *[comparison.read_operand] * len(operands))
    for text, read in zip((value, *operands), readers, strict=True):
        try:
            read(text)
        except Unreadable as error:
            return f"{_quoted(text)} {error}"
    return ""


def in_words(condition: Condition) -> str:
    """The condition as people read it: `body › status is “paid”`."""
    comparison = condition.comparison
    operands = (_quoted(tokens.in_words(text)) for text in condition.operands)
    return _sentence(tokens.in_words(condition.value), comparison.label, operands)


def _sentence(subject: str, label: str, operands: Iterable[str]) -> str:
    return " ".join([subject, label, " and ".join(operands)]).strip()


def _quoted(text: str) -> str:
    return f"“{_cut(text.strip())}”"


def _cut(text: str) -> str:
    is_long = len(text) > _SHOWN_CHARS
    return text[: _SHOWN_CHARS - 1] + "…" if is_long else text
