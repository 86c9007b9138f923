"""Plans: what a connector does about an input, read from a version's JSON and written.

A plan is up to 50 steps; each has a filter, a wait and actions, in this order. Steps
and actions have ids that stay when they are edited or moved, and never come again.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.conditions import Filter

MAX_STEPS = 50
MAX_ACTIONS = 20  # of a step
STEP_NAME_CHARS = 60
MAX_DELAY = timedelta(days=365)


def new_id() -> str:
    """An id of a step or an action."""
    return secrets.token_hex(4)


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One thing to do. `whom` and `settings` may hold tokens in their texts.

    `whom` is `{"number", "email", "channel"}`, as far as the kind of action asks for
    them; `name` is that of the action table.
    """

    id: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    whom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A filter, a wait and actions. Where the filter is false, the step is skipped."""

    id: str
    name: str = ""
    filter: Filter = field(default_factory=Filter)
    delay: timedelta = timedelta(0)
    actions: tuple[PlannedAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a version."""

    steps: tuple[Step, ...] = ()

    def actions(self) -> Iterator[PlannedAction]:
        """All actions in order."""
        for step in self.steps:
            yield from step.actions

    def step(self, pk: str) -> Step | None:
        """The step of this id."""
        return next((one for one in self.steps if one.id == pk), None)

    def place_of(self, action: PlannedAction) -> int:
        """The number of an action among all, from 0."""
        return [one.id for one in self.actions()].index(action.id)


def read(raw: Sequence[Mapping[str, Any]]) -> Plan:
    """The plan of a version's JSON."""
    return Plan(tuple(_step(one) for one in raw))


def _step(raw: Mapping[str, Any]) -> Step:
    return Step(
        id=raw["id"],
        name=raw["name"],
        filter=Filter.from_json(raw["filter"]),
        delay=timedelta(seconds=raw["delay_seconds"]),
        actions=tuple(PlannedAction(**one) for one in raw["actions"]),
    )


def write(plan: Plan) -> list[dict[str, Any]]:
    """The JSON of a plan, as `read` takes it."""
    return [
        {
            "id": step.id,
            "name": step.name,
            "filter": step.filter.as_json(),
            "delay_seconds": int(step.delay.total_seconds()),
            "actions": [
                {
                    "id": one.id,
                    "name": one.name,
                    "settings": dict(one.settings),
                    "whom": dict(one.whom),
                }
                for one in step.actions
            ],
        }
        for step in plan.steps
    ]
