"""Templates to start from: connectors with steps and an example, switched off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from broadcaster.models import all_sequences
from connectors import building, samples
from connectors.conditions import Condition, Filter
from connectors.models import Connector
from connectors.operators import Kind
from connectors.plans import Plan, PlannedAction, Step, new_id
from optout.actors import Actor
from optout.addresses import AddressKind
from optout.models import (
    BatchState,
    LiftReason,
    Reason,
    active_channels,
    default_list,
)

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A template: what it is for, its steps as they fit here, an input to try it."""

    key: str
    label: str
    description: str
    steps: Callable[[], Sequence[Step]]
    example: Values


def _sync() -> list[Step]:
    person = {"number": "{{body.number|}}", "email": "{{body.email|}}", "channel": None}
    lists = {"lists": [default_list().pk]}
    add = {**lists, "reason_code": Reason.PERSON, "everywhere": None}
    remove = {
        **lists,
        "reason": LiftReason.OTHER,
        "note": "Subscribed again in the other system",
        "lift_what_person_made": False,
    }
    return [
        _step(
            "Unsubscribed there",
            _is("{{body.status|}}", "unsubscribed"),
            PlannedAction(new_id(), "add_to_opt_out_list", add, person),
        ),
        _step(
            "Subscribed again there",
            _is("{{body.status|}}", "subscribed"),
            PlannedAction(new_id(), "remove_from_opt_out_list", remove, person),
        ),
    ]


def _order() -> list[Step]:
    asked = _is("{{body.order.status|}}", "shipped")
    channel = active_channels().filter(address_kind=AddressKind.PHONE).first()
    if channel is None:
        return [_step("Shipped: add “Send message” once there is a channel", asked)]
    settings = {
        "channel": None,
        "text": "Hi {{body.customer.name|there}}, your order {{body.order.number}} "
        "is on its way.",
        "lists": [default_list().pk],
    }
    whom = {"number": "{{body.customer.phone}}", "email": "", "channel": channel.pk}
    send = PlannedAction(new_id(), "send_message", settings, whom)
    return [_step("Shipped", asked, send)]


def _lead() -> list[Step]:
    whom = {"number": "{{body.phone|}}", "email": "{{body.email|}}"}
    running = all_sequences().exclude(batch__state=BatchState.CANCELLED).first()
    actions = [
        PlannedAction(new_id(), "save_contact", {"name": "{{body.name|}}"}, whom),
        PlannedAction(new_id(), "add_tag", {"tag": "lead"}, whom),
    ]
    if running is None:
        later = _step("Add “Enrol in a sequence” once there is one", Filter())
        return [_step("Keep the lead", Filter(), *actions), later]
    actions.append(PlannedAction(new_id(), "enrol", {"sequence": running.pk}, whom))
    return [_step("Keep the lead and write to it", Filter(), *actions)]


def _step(name: str, asked: Filter, *actions: PlannedAction) -> Step:
    return Step(new_id(), name, asked, actions=actions)


def _is(value: str, text: str) -> Filter:
    return Filter(conditions=(Condition(value, Kind.TEXT, "is", text),))


BLUEPRINTS = (
    Blueprint(
        "sync",
        "Sync opt-outs from another system",
        "Who unsubscribes there is opted out here, on all channels.",
        _sync,
        {
            "status": "unsubscribed",
            "number": "+34600111222",
            "email": "ada@example.com",
        },
    ),
    Blueprint(
        "order",
        "Send order update",
        "When an order ships, its customer gets a message, unless opted out.",
        _order,
        {
            "order": {"number": "A-1042", "status": "shipped"},
            "customer": {"name": "Ada", "phone": "+34600111222"},
        },
    ),
    Blueprint(
        "lead",
        "Enrol new lead",
        "Who fills in a form becomes a contact and enters a sequence.",
        _lead,
        {"name": "Ada", "phone": "+34600111222", "email": "ada@example.com"},
    ),
)


def insert(key: str, *, name: str, description: str = "", actor: Actor) -> Connector:
    """Make a connector from a template, switched off, with its example as a sample.

    Raises BuildError as `building.create` does.
    """
    chosen = next(one for one in BLUEPRINTS if one.key == key)
    with transaction.atomic():
        made = building.create(
            name=name, description=description or chosen.description, actor=actor
        )
        building.save_plan(made, Plan(tuple(chosen.steps())), actor=actor)
        samples.keep_example(made, dict(chosen.example))
    return made
