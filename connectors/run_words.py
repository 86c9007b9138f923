"""Runs in the words that people read: what came in, what each step did."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from connectors import plan_words, plans, results
from connectors.models import Run, RunState
from connectors.results import ActionResult, StepResult
from optout.action_table import ACTIONS
from optout.models import OPTOUT_NUMBER, MessageState, OutgoingMessage

START_CHARS = 120
# How an outcome is coloured; what stands not here is plain.
_TONES = {
    results.FAILED: "danger",
    OPTOUT_NUMBER: "warn",
    "kept": "warn",
    "no address": "warn",
    results.BEGUN: "accent",
    "queued": "accent",
    "held": "accent",
    "added": "ok",
    "removed": "ok",
    "answered": "ok",
    "started": "ok",
    "created": "ok",
    "updated": "ok",
    "enrolled": "ok",
    "assigned": "ok",
}


@dataclass(frozen=True, slots=True)
class ToldAction:
    """What an action did; `message` is what became of what it sent."""

    label: str
    icon: str
    outcome: str
    tone: str
    detail: str
    milliseconds: int
    answer: str = ""
    run: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class ToldStep:
    """A step of the run's version; without a verdict the run has not come to it."""

    number: int
    title: str
    verdict: bool | None
    why: str
    waited_until: datetime | None
    actions: Sequence[ToldAction] = field(default_factory=list)


def input_start(run: Run) -> str:
    """The beginning of the input, for a row; nothing of one that was refused."""
    if run.state == RunState.REFUSED:
        return ""
    text = json.dumps(run.data.get("body"), ensure_ascii=False)
    return text if len(text) <= START_CHARS else f"{text[: START_CHARS - 1]}…"


def summary(run: Run) -> str:
    """What its actions came to, in one line; why nothing was done, where it was not."""
    done = [
        f"{_label(one)}: {one.outcome}"
        for step in results.read(run.results)
        for one in step.actions
    ]
    if not done and run.state == RunState.DONE:
        return "no step applied"
    return " · ".join(done) or run.error


def steps(run: Run) -> list[ToldStep]:
    """All steps of the run's version with what came of them."""
    found = {one.step: one for one in results.read(run.results)}
    plan = plans.read(run.version.steps if run.version else [])
    states = _message_states(found.values())
    return [
        _told(number, plan_words.title(step, number), found.get(step.id), states)
        for number, step in enumerate(plan.steps, start=1)
    ]


def _told(
    number: int, title: str, result: StepResult | None, states: dict[int, str]
) -> ToldStep:
    if result is None:
        return ToldStep(number, title, None, "", None)
    until = parse_datetime(result.waited_until) if result.waited_until else None
    actions = [_action(one, states) for one in result.actions]
    return ToldStep(number, title, result.verdict, result.why, until, actions)


def _action(one: ActionResult, states: dict[int, str]) -> ToldAction:
    kind = ACTIONS.get(one.action)
    output = one.output or {}
    return ToldAction(
        label=_label(one),
        icon=kind.icon if kind else "circle-alert",
        outcome=one.outcome,
        tone=_TONES.get(one.outcome, ""),
        detail=one.detail,
        milliseconds=one.milliseconds,
        answer=_written(output["body"]) if "status" in output else "",
        run=output.get("run"),
        message=states.get(output.get("message", 0), ""),
    )


def _label(one: ActionResult) -> str:
    kind = ACTIONS.get(one.action)
    return kind.label if kind else one.action


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)


def _message_states(found: Iterable[StepResult]) -> dict[int, str]:
    """What became of the messages that the actions sent, read at once."""
    ids = [
        one.output["message"]
        for step in found
        for one in step.actions
        if one.output and "message" in one.output
    ]
    rows = OutgoingMessage.objects.filter(pk__in=ids).values_list("pk", "state")
    return {pk: _state_in_words(state) for pk, state in rows}


def _state_in_words(state: str) -> str:
    if state == MessageState.SUPPRESSED:
        return OPTOUT_NUMBER
    return str(MessageState(state).label)
