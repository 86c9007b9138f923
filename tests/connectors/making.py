"""Connectors, steps and actions that the tests build and watch."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django import forms

from connectors import building, plans, receiving, results, running
from connectors.conditions import Condition, Filter
from connectors.models import Connector, Run
from connectors.operators import Kind
from connectors.plans import Plan, PlannedAction, Step
from connectors.results import StepResult
from optout import action_table
from optout.action_forms import ActionForm
from optout.action_table import Action, Result, Whom
from optout.actors import NOBODY

_numbers = count(1)
Do = Callable[[Mapping[str, Any]], Any]


class NoteForm(ActionForm):
    """One text, which may hold tokens."""

    note = forms.CharField(required=False)


class Watch:
    """An action of the table that keeps what it was asked for; see `make_watch`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: list[str] = []
        self.to_raise: list[Exception] = []

    def planned(self, note: str = "") -> PlannedAction:
        return PlannedAction(plans.new_id(), self.name, {"note": note})

    def run(self, _situation: object, settings: Mapping[str, Any]) -> Result:
        self.notes.append(settings["note"])
        if self.to_raise:
            raise self.to_raise.pop(0)
        return Result("done")


def make_watch(patch: pytest.MonkeyPatch, name: str = "watched", **more: Any) -> Watch:
    """Put a watched action into the table for the time of a test."""
    watch = Watch(name)
    made = Action(
        name=name,
        label=name.title(),
        run=lambda *given: watch.run(*given),
        form=NoteForm,
        whom=Whom.NOBODY,
        **more,
    )
    patch.setitem(action_table.ACTIONS, name, made)
    return watch


def where(value: str, operator: str, operand: str = "") -> Filter:
    """A filter of one text condition."""
    return Filter(conditions=(Condition(value, Kind.TEXT, operator, operand),))


NEVER = where("no", "is", "yes")


def step(
    *planned: PlannedAction,
    delay: timedelta = timedelta(0),
    filter: Filter | None = None,
    name: str = "",
) -> Step:
    return Step(plans.new_id(), name, filter or Filter(), delay, planned)


def make_connector(*steps: Step, is_active: bool = True) -> Connector:
    """A connector of these steps, switched on."""
    made = building.create(name=f"Shop {next(_numbers)}", actor=NOBODY)
    write_steps(made, *steps)
    Connector.objects.filter(pk=made.pk).update(is_active=is_active)
    made.refresh_from_db()
    return made


def write_steps(connector: Connector, *steps: Step) -> None:
    """Another version of its steps, as they are."""
    connector.version = connector.versions.create(
        number=connector.versions.count() + 1, steps=plans.write(Plan(steps))
    )
    connector.save()


def post(connector: Connector, body: Any = None, **more: Any) -> Run:
    """An input as the door stores it."""
    given = {"body": {} if body is None else body, "custom_variables": {}}
    return receiving.receive(connector, input=given, **more).run


def work() -> None:
    """Go on with all that is due."""
    while running.run_due():
        pass


def after(run: Run) -> Run:
    """The run as it is after a round of work."""
    work()
    run.refresh_from_db()
    return run


def told(run: Run) -> Sequence[StepResult]:
    return results.read(run.results)


def outcomes(run: Run) -> list[list[str]]:
    """What the actions of each step came to."""
    return [[one.outcome for one in row.actions] for row in told(run)]
