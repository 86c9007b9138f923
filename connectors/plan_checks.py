"""The rules of a whole plan, asked before it becomes a connector's next version."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from connectors import action_settings, plans, tokens
from connectors.conditions import Filter
from connectors.models import Connector
from connectors.plans import (
    MAX_ACTIONS,
    MAX_DELAY,
    MAX_STEPS,
    STEP_NAME_CHARS,
    Plan,
    PlannedAction,
    Step,
)
from optout.refusals import Refused

GO_TO = "go_to_connector"
REQUEST = "http_request"


class BuildError(Refused):
    """A change of a connector that is refused."""


def check(
    connector: Connector, plan: Plan, *, before: Plan, builder: User | None
) -> None:
    """Raise BuildError for the first rule that the plan breaks, naming its place.

    The settings of actions that stand in `before` as they are now are not asked
    again: a list that is gone since must not keep others from being moved.
    """
    _check_sizes(plan)
    known = {action.id: action for action in before.actions()}
    for path, action in _placed(plan):
        if known.get(action.id) != action:
            _check_settings(path, action, builder)
    for number, step in enumerate(plan.steps):
        _check_filter(f"steps[{number}].filter", step)
    _check_secrets(connector, plan)
    _check_answers(plan)
    _check_loops(connector, plan)


def _placed(plan: Plan) -> Iterator[tuple[str, PlannedAction]]:
    for number, step in enumerate(plan.steps):
        for place, action in enumerate(step.actions):
            yield f"steps[{number}].actions[{place}]", action


def _check_sizes(plan: Plan) -> None:
    if len(plan.steps) > MAX_STEPS:
        message = f"A connector has at most {MAX_STEPS} steps."
        raise BuildError("too_many_steps", message, "steps")
    for number, step in enumerate(plan.steps):
        _check_step(f"steps[{number}]", step)
    ids = [step.id for step in plan.steps] + [one.id for one in plan.actions()]
    if twice := next((pk for pk, times in Counter(ids).items() if times > 1), None):
        raise BuildError("id_twice", f"The id {twice} stands there twice.", "steps")


def _check_step(path: str, step: Step) -> None:
    if len(step.name) > STEP_NAME_CHARS:
        message = f"The name of a step has at most {STEP_NAME_CHARS} characters."
        raise BuildError("name_too_long", message, f"{path}.name")
    if not timedelta(0) <= step.delay <= MAX_DELAY:
        message = f"A step waits at most {MAX_DELAY.days} days."
        raise BuildError("bad_delay", message, f"{path}.delay_seconds")
    if len(step.actions) > MAX_ACTIONS:
        message = f"A step has at most {MAX_ACTIONS} actions."
        raise BuildError("too_many_actions", message, f"{path}.actions")


def _check_settings(path: str, action: PlannedAction, builder: User | None) -> None:
    try:
        action_settings.checked(
            action.name, action.whom, action.settings, builder=builder
        )
    except Refused as refused:
        raise _at(path, refused) from None


def _check_filter(path: str, step: Step) -> None:
    try:
        Filter.check(step.filter.as_json())
    except Refused as refused:
        raise _at(path, refused) from None


def _at(path: str, refused: Refused) -> BuildError:
    field = f"{path}.{refused.field}" if refused.field else path
    return BuildError(refused.code, refused.message, field)


def _check_secrets(connector: Connector, plan: Plan) -> None:
    known = set(connector.secrets.values_list("name", flat=True))
    for path, action in _placed(plan):
        if missing := sorted(secrets_of(action) - known):
            message = (
                f"There is no secret “{missing[0]}”. Add it in the settings first."
            )
            raise BuildError("unknown_secret", message, path)


def secrets_of(action: PlannedAction) -> set[str]:
    """The names of the secrets that an action uses."""
    paths = (path for text in texts_of(action) for path in tokens.paths(text))
    return {str(path[1]) for path in paths if path[0] == "secrets" and len(path) > 1}


def texts_of(action: PlannedAction) -> Iterator[str]:
    """Every text of an action that may hold tokens."""
    yield from _texts(action.whom)
    yield from _texts(action.settings)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _check_answers(plan: Plan) -> None:
    seen: set[str] = set()
    for path, action in _placed(plan):
        name = action.settings.get("answer") if action.name == REQUEST else None
        if name in seen:
            message = f"Two requests call their answer “{name}”. Name one differently."
            raise BuildError("answer_twice", message, f"{path}.settings.answer")
        if name:
            seen.add(name)


# Loops


def _check_loops(connector: Connector, plan: Plan) -> None:
    for path, action in _placed(plan):
        target = target_of(action)
        if target is None:
            continue
        if way := _way_back(connector.pk, target):
            names = Connector.objects.in_bulk(way)
            shown = " → ".join(str(names.get(pk, "?")) for pk in way)
            message = f"This would go round in a loop: {connector} → {shown}."
            raise BuildError("loop", message, f"{path}.settings.connector")


def target_of(action: PlannedAction) -> int | None:
    """The connector that an action goes to."""
    return action.settings.get("connector") if action.name == GO_TO else None


def _way_back(goal: int, start: int) -> list[int]:
    """The connectors from `start` to `goal`, or none if it does not lead there."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == goal:
            return way
        for target in targets_of(way[-1]):
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def targets_of(pk: int) -> list[int]:
    """The connectors that the present steps of a connector go to."""
    found = Connector.objects.filter(pk=pk).select_related("version").first()
    if found is None or found.version is None:
        return []
    actions = plans.read(found.version.steps).actions()
    return [target for one in actions if (target := target_of(one)) is not None]
