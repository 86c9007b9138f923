"""The conditions of a step as a form of rows."""

from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any

from django.http import QueryDict

from connectors import operators
from connectors.conditions import (
    MAX_CONDITIONS,
    Condition,
    ConditionError,
    Filter,
    Match,
)
from connectors.conditions import check as check_condition
from connectors.operators import KIND_LABELS, OPERATORS, Kind

_FIELDS = ("value", "operator", "operand", "upper", "delimiter")
_EMPTY = {"value": "", "operator": "text:is", "operand": "", "upper": ""}
MATCHES = {Match.ALL: "All of these hold", Match.ANY: "Any of these holds"}


@dataclass
class Row:
    """A condition as it was typed; `errors` by field."""

    number: int
    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)


class FilterForm:
    """Rows of conditions; a row without value and operand counts as none."""

    def __init__(self, data: QueryDict | None, *, filter: Filter) -> None:
        """Show what was sent, else the filter as it is, else an empty row."""
        self.is_bound = data is not None
        self.general = ""
        if data is None:
            self.match = str(filter.match)
            self.rows = [_row(one) for one in filter.conditions]
        else:
            self.match = data.get("match", "")
            self.rows = _sent(data)
        if not self.rows:
            self.rows = [dict(_EMPTY, delimiter=",")]
        self.errors: dict[int, dict[str, str]] = {}

    def add_row(self) -> None:
        """One more, empty."""
        if len(self.rows) < MAX_CONDITIONS:
            self.rows.append(dict(_EMPTY, delimiter=","))

    def drop_row(self, number: int) -> None:
        """Leave one out; the last one is emptied."""
        self.rows = [row for at, row in enumerate(self.rows) if at != number]
        if not self.rows:
            self.add_row()

    def read(self) -> Filter | None:
        """The filter, or None with the errors at their rows."""
        if self.match not in list(Match):
            self.general = "Choose whether all or any of them hold."
        if len(self.rows) > MAX_CONDITIONS:
            self.general = f"A step has at most {MAX_CONDITIONS} conditions."
        checked = [self._checked(at, row) for at, row in enumerate(self.rows)]
        if self.errors or self.general:
            return None
        return Filter(Match(self.match), tuple(one for one in checked if one))

    def _checked(self, number: int, row: dict[str, str]) -> Condition | None:
        if not (row["value"].strip() or row["operand"].strip()):
            return None
        kind, _, name = row["operator"].partition(":")
        raw = {**row, "kind": kind, "operator": name}
        found = operators.find(kind, name)
        if not (found and found.takes_list):
            raw["delimiter"] = ","
        try:
            return check_condition(raw)
        except ConditionError as error:
            at = error.field if error.field in _FIELDS else "operator"
            self.errors[number] = {at: error.message}
            return None

    def shown(self) -> list[Row]:
        """The rows for the page, counted from 1."""
        rows = enumerate(self.rows)
        return [Row(at + 1, row, self.errors.get(at, {})) for at, row in rows]

    @property
    def choices(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """The operators by kind, for one grouped select."""
        return [(KIND_LABELS[kind], _options(kind)) for kind in Kind]

    @property
    def matches(self) -> list[tuple[str, str]]:
        """All or any."""
        return [(str(match), label) for match, label in MATCHES.items()]

    @property
    def is_full(self) -> bool:
        """Whether no more row fits."""
        return len(self.rows) >= MAX_CONDITIONS


def _options(kind: Kind) -> list[dict[str, Any]]:
    return [
        {
            "value": f"{kind}:{one.name}",
            "label": one.label,
            "operands": one.operands,
            "is_list": one.takes_list,
        }
        for one in OPERATORS[kind]
    ]


def _row(condition: Condition) -> dict[str, str]:
    operator = f"{condition.kind}:{condition.operator}"
    return {**condition.as_json(), "operator": operator}


def _sent(data: QueryDict) -> list[dict[str, str]]:
    """The rows as they were sent; a field that is missing in one is empty there."""
    columns = [data.getlist(name) for name in _FIELDS]
    rows = islice(zip_longest(*columns, fillvalue=""), MAX_CONDITIONS + 1)
    return [dict(zip(_FIELDS, row, strict=True)) for row in rows]
