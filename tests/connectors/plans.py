"""Connectors with steps, as tests build them."""

from typing import Any

from connectors import building
from connectors.conditions import Condition, Filter
from connectors.models import Connector
from connectors.operators import Kind
from connectors.plans import Plan, PlannedAction, Step, new_id
from optout.actors import Actor
from optout.models import default_list

ANN = Actor(label="ann")
PHONE = "{{body.phone}}"
LEFT = Filter(conditions=(Condition("{{body.status}}", Kind.TEXT, "is", "left"),))


def add_action(number: str = PHONE) -> PlannedAction:
    """Adds a number to the default list, on all channels."""
    settings: dict[str, Any] = {"lists": [default_list().pk], "reason_code": "person"}
    whom = {"number": number, "email": "", "channel": None}
    return PlannedAction(new_id(), "add_to_opt_out_list", settings, whom)


def a_step(name: str = "", *actions: PlannedAction, **more: Any) -> Step:
    """A step of these actions."""
    return Step(new_id(), name, actions=actions, **more)


def make_connector(name: str = "Shop", *steps: Step) -> Connector:
    """A connector that is off, with these steps."""
    made = building.create(name=name, actor=ANN)
    building.save_plan(made, Plan(steps), actor=ANN)
    return made


def fresh(connector: Connector) -> Connector:
    """The connector as it stands in the database."""
    return Connector.objects.select_related("version").get(pk=connector.pk)
