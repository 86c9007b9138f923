"""A plan in the words that its builder reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from connectors import action_settings, conditions
from connectors.conditions import Match
from connectors.plans import Plan, PlannedAction, Step
from optout.action_table import ACTIONS

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class ToldAction:
    """An action of a card; `is_known` unless its kind is gone."""

    action: PlannedAction
    label: str
    icon: str
    words: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the builder shows of a step."""

    step: Step
    number: int
    title: str
    conditions: list[str]
    joined: str
    wait: str
    actions: list[ToldAction]


def cards(plan: Plan) -> list[Card]:
    """A card for each step; what actions name is read at once."""
    told = iter(_told(list(plan.actions())))
    return [
        Card(
            step=step,
            number=number,
            title=title(step, number),
            conditions=[conditions.in_words(one) for one in step.filter.conditions],
            joined="or" if step.filter.match == Match.ANY else "and",
            wait=wait_in_words(step.delay),
            actions=[next(told) for _ in step.actions],
        )
        for number, step in enumerate(plan.steps, start=1)
    ]


def _told(actions: list[PlannedAction]) -> Iterable[ToldAction]:
    words = action_settings.told(actions)
    for action, text in zip(actions, words, strict=True):
        kind = ACTIONS.get(action.name)
        label, icon = (kind.label, kind.icon) if kind else (action.name, "zap")
        yield ToldAction(action, label, icon, text)


def title(step: Step, number: int) -> str:
    """What a step is called: its name, or its number."""
    return step.name or f"Step {number}"


def wait_in_words(delay: timedelta) -> str:
    """How long a step waits: “2 days 3 hours”; empty where it does not.

    >>> wait_in_words(timedelta(days=1, minutes=5))
    '1 day 5 minutes'
    """
    left, parts = int(delay.total_seconds()), []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts)
