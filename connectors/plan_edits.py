"""Changes of a plan, each from one plan to another; nothing is written here.

What is not there any more (a step, an action) changes nothing: the rules of a whole
plan are asked when it is saved (`building.save_plan`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol, TypeVar

from connectors.conditions import Filter
from connectors.plans import Plan, PlannedAction, Step, new_id


class _Named(Protocol):
    @property
    def id(self) -> str: ...


One = TypeVar("One", bound=_Named)


def add_step(plan: Plan, name: str = "") -> Plan:
    """One more step at the end, empty."""
    return Plan((*plan.steps, Step(new_id(), name)))


def rename_step(plan: Plan, step_id: str, name: str) -> Plan:
    """Call a step something else; an empty name shows its number alone."""
    return _changed(plan, step_id, lambda step: replace(step, name=name))


def set_filter(plan: Plan, step_id: str, filter: Filter) -> Plan:
    """Take the step only where this holds."""
    return _changed(plan, step_id, lambda step: replace(step, filter=filter))


def set_delay(plan: Plan, step_id: str, delay: timedelta) -> Plan:
    """Wait this long before the step's actions."""
    return _changed(plan, step_id, lambda step: replace(step, delay=delay))


def move_step(plan: Plan, step_id: str, to: int) -> Plan:
    """Put a step at this place, counted from 0; beyond an end means that end."""
    return Plan(_moved(plan.steps, step_id, to))


def drop_step(plan: Plan, step_id: str) -> Plan:
    """Leave a step out, with its actions."""
    return Plan(_without(plan.steps, step_id))


def put_action(plan: Plan, step_id: str, action: PlannedAction) -> Plan:
    """Replace the action of this id, or add it as the step's last."""

    def put(step: Step) -> Step:
        if action.id not in [one.id for one in step.actions]:
            return replace(step, actions=(*step.actions, action))
        rows = tuple(action if one.id == action.id else one for one in step.actions)
        return replace(step, actions=rows)

    return _changed(plan, step_id, put)


def move_action(plan: Plan, step_id: str, action_id: str, to: int) -> Plan:
    """Put an action at this place of its step."""

    def move(step: Step) -> Step:
        return replace(step, actions=_moved(step.actions, action_id, to))

    return _changed(plan, step_id, move)


def drop_action(plan: Plan, step_id: str, action_id: str) -> Plan:
    """Leave an action out."""

    def drop(step: Step) -> Step:
        return replace(step, actions=_without(step.actions, action_id))

    return _changed(plan, step_id, drop)


def _changed(plan: Plan, step_id: str, change: Callable[[Step], Step]) -> Plan:
    return Plan(
        tuple(change(step) if step.id == step_id else step for step in plan.steps)
    )


def _without(rows: Sequence[One], pk: str) -> tuple[One, ...]:
    return tuple(row for row in rows if row.id != pk)


def _moved(rows: Sequence[One], pk: str, to: int) -> tuple[One, ...]:
    found = [row for row in rows if row.id == pk]
    others = list(_without(rows, pk))
    place = max(0, to)
    return (*others[:place], *found, *others[place:])
