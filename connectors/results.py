"""What came of a run: each step's verdict and each action's outcome, kept as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from optout.storable import storable

BEGUN = "begun"
FAILED = "failed"
DETAIL_CHARS = 500
STOPPED = "The worker stopped while it ran: whether it took effect is unknown."


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What an action did; `begun` as long as only its beginning is known.

    `output` is the answer of an HTTP request, `{"name", "status", "headers", "body"}`,
    or `{"run": id}` of a run it started.
    """

    id: str
    action: str
    outcome: str
    detail: str = ""
    milliseconds: int = 0
    output: Mapping[str, Any] | None = None

    @property
    def has_failed(self) -> bool:
        return self.outcome == FAILED

    @property
    def stands(self) -> bool:
        """Whether it is not to be done again."""
        return self.outcome not in (BEGUN, FAILED)


@dataclass(slots=True)
class StepResult:
    """What became of a step that was begun.

    `verdict` is None where a retry asks the filter anew. `waited_until` is when its
    wait ends, None without one. `actions` are in the order of the plan.
    """

    step: str
    name: str
    verdict: bool | None = None
    why: str = ""
    waited_until: datetime | None = None
    actions: list[ActionResult] = field(default_factory=list)

    def result_of(self, action: str) -> ActionResult | None:
        """What is known of the action with this id."""
        return next((one for one in self.actions if one.id == action), None)

    @property
    def has_failed(self) -> bool:
        return any(one.has_failed for one in self.actions)


def read(raw: Iterable[Mapping[str, Any]]) -> list[StepResult]:
    """The results of a run's JSON."""
    return [
        StepResult(
            step=one["step"],
            name=one["name"],
            verdict=one["verdict"],
            why=one["why"],
            waited_until=_moment(one["waited_until"]),
            actions=[ActionResult(**action) for action in one["actions"]],
        )
        for one in raw
    ]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def write(rows: Iterable[StepResult]) -> list[dict[str, Any]]:
    """The JSON of results, as `read` takes it."""
    return [
        {
            "step": row.step,
            "name": row.name,
            "verdict": row.verdict,
            "why": storable(row.why),
            "waited_until": row.waited_until and row.waited_until.isoformat(),
            "actions": [_written(one) for one in row.actions],
        }
        for row in rows
    ]


def _written(result: ActionResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "action": result.action,
        "outcome": result.outcome,
        "detail": storable(result.detail[:DETAIL_CHARS]),
        "milliseconds": result.milliseconds,
        "output": storable(result.output),
    }


def actions(rows: Iterable[StepResult]) -> Iterator[ActionResult]:
    """The results of all actions, in order."""
    for row in rows:
        yield from row.actions


def responses(rows: Iterable[StepResult]) -> dict[str, Any]:
    """The answers of HTTP requests by name, as tokens read them."""
    return {
        one.output["name"]: {
            part: one.output.get(part) for part in ("status", "headers", "body")
        }
        for one in actions(rows)
        if one.output and "name" in one.output
    }


def settled(rows: Sequence[StepResult]) -> list[StepResult]:
    """The same, where nobody goes on: what had begun has failed."""
    return [
        replace(row, actions=[_settled(one) for one in row.actions]) for row in rows
    ]


def _settled(result: ActionResult) -> ActionResult:
    if result.outcome != BEGUN:
        return result
    return replace(result, outcome=FAILED, detail=STOPPED)


def to_be_retried(rows: Sequence[StepResult]) -> list[StepResult]:
    """What stands; filters behind the first failure are asked anew.

    A wait that is over is not waited again.
    """
    failed_at = next((n for n, row in enumerate(rows) if row.has_failed), len(rows))
    return [
        replace(
            row,
            verdict=row.verdict if number <= failed_at else None,
            actions=[one for one in row.actions if not one.has_failed],
        )
        for number, row in enumerate(rows)
    ]


def first_failure(rows: Iterable[StepResult]) -> str:
    """What failed first, in words; empty where nothing did."""
    for row in rows:
        for one in row.actions:
            if one.has_failed:
                return f"{row.name}: {one.detail}"
    return ""
