"""The dry run: what would happen to an input. It changes nothing and calls nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from connectors import doing, plan_words, plans, tokens
from connectors.conditions import Filter
from connectors.doing import Context
from connectors.models import Connector
from connectors.plans import Plan, PlannedAction, Step
from optout.action_table import ACTIONS

NO_ANSWERS = "A dry run makes no requests: their answers are empty here."


@dataclass(frozen=True, slots=True)
class TriedAction:
    """An action and what it would come to."""

    name: str
    label: str
    icon: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class TriedStep:
    """A step: what its filter says and why, how long it would wait, its actions.

    A step that is skipped has no actions.
    """

    name: str
    verdict: bool
    why: str
    wait: str
    actions: Sequence[TriedAction]


@dataclass(frozen=True, slots=True)
class Trial:
    """What each step would do."""

    steps: Sequence[TriedStep]


def dry_run(connector: Connector, input: Mapping[str, Any]) -> Trial:
    """What the connector's steps of now would do with this input.

    No request is made: what asks for an answer of one finds nothing, and says so.
    """
    version = connector.version
    plan = plans.read(version.steps) if version else Plan()
    context = _context(connector, input)
    return Trial(
        [_tried(step, number, context) for number, step in enumerate(plan.steps, 1)]
    )


def _context(connector: Connector, input: Mapping[str, Any]) -> Context:
    now = timezone.now()
    data = {
        **input,
        "responses": {},
        "run": {"id": 0, "received_at": now.isoformat()},
        "connector": {"name": connector.name},
    }
    return Context(
        connector=connector,
        run_id=0,
        received_at=now,
        data=data,
        once=0,
        trail=(),
    )


def _tried(step: Step, number: int, context: Context) -> TriedStep:
    verdict = step.filter.verdict(context.data)
    asks_answers = any(map(_has_answer, _texts(step.filter)))
    why = f"{verdict.why} {NO_ANSWERS}" if asks_answers else verdict.why
    return TriedStep(
        name=plan_words.title(step, number),
        verdict=verdict.is_true,
        why=why,
        wait=plan_words.wait_in_words(step.delay) if verdict.is_true else "",
        actions=[_action(one, context) for one in step.actions if verdict.is_true],
    )


def _texts(asked: Filter) -> Iterator[str]:
    for condition in asked.conditions:
        yield from (condition.value, *condition.operands)


def _has_answer(text: str) -> bool:
    return any(path[0] == "responses" for path in tokens.paths(text))


def _action(planned: PlannedAction, context: Context) -> TriedAction:
    done = doing.previewed(planned, context)
    kind = ACTIONS.get(planned.name)
    return TriedAction(
        name=planned.name,
        label=kind.label if kind else planned.name,
        icon=kind.icon if kind else "circle-alert",
        outcome=done.outcome,
        detail=done.detail,
    )
