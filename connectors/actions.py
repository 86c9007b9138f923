"""The actions of this floor: a request, another connector, a contact's facts."""

from collections.abc import Mapping
from typing import Any

from connectors import contact_mapping, http_requests, receiving
from connectors.action_forms import ContactForm, GoToForm, HttpRequestForm
from connectors.doing import RunSituation
from connectors.models import Connector, Origin, Run
from optout.action_table import Place, Result, Situation, Whom, action
from optout.addresses import AddressKind
from optout.refusals import Refused

MAX_TRAIL = 5


class GoToError(Refused):
    """A connector that cannot be gone to."""


@action(
    "save_contact",
    label="Create or update contact",
    form=ContactForm,
    icon="user-plus",
    places=frozenset({Place.CONNECTOR}),
)
def save_contact(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """File the addresses with a contact and write its facts; empty ones change nothing.

    `created`, `updated` or `unchanged`.
    """
    return contact_mapping.save(situation.addresses, settings)


def _would_ask(situation: RunSituation, settings: Mapping[str, Any]) -> Result:
    request = http_requests.prepared(settings, situation.context)
    return Result("would be asked", f"{request.method} {request.shown_url}")


@action(
    "http_request",
    label="HTTP request",
    form=HttpRequestForm,
    icon="globe",
    is_repeatable=False,
    whom=Whom.NOBODY,
    places=frozenset({Place.CONNECTOR}),
    preview=_would_ask,
)
def http_request(situation: RunSituation, settings: Mapping[str, Any]) -> Result:
    """Send a request, and keep its answer for later steps: `answered`, or failed."""
    request = http_requests.prepared(settings, situation.context)
    return http_requests.send(request)


def _would_go(situation: Situation, settings: Mapping[str, Any]) -> Result:
    return Result("would be started", str(_target(situation, settings)))


@action(
    "go_to_connector",
    label="Go to another connector",
    form=GoToForm,
    icon="plug",
    whom=Whom.NOBODY,
    preview=_would_go,
)
def go_to_connector(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Start a run of another connector with what came in, once: `started`, or `held`.

    Refused where it would go round in a loop, or through more than MAX_TRAIL.
    """
    target = _target(situation, settings)
    if isinstance(situation, RunSituation):
        context = situation.context
        stored = receiving.receive(
            target,
            input={k: context.data[k] for k in ("body", "custom_variables")},
            once=f"run:{situation.once}",
            origin=Origin.CONNECTOR,
            parent=Run.objects.filter(pk=context.run_id).first(),
            trail=[*context.trail, context.connector.pk],
        )
    else:
        stored = receiving.receive(
            target,
            input={"body": _message(situation), "custom_variables": {}},
            once=f"reply:{situation.once}",
            origin=Origin.SMART_REPLY,
        )
    is_held = not target.is_active
    return Result("held" if is_held else "started", target.name, {"run": stored.run.pk})


def _target(situation: Situation, settings: Mapping[str, Any]) -> Connector:
    target = Connector.objects.filter(pk=settings["connector"]).first()
    if target is None:
        raise GoToError("gone", "This connector is gone.")
    if isinstance(situation, RunSituation):
        _check_trail(situation, target)
    return target


def _check_trail(situation: RunSituation, target: Connector) -> None:
    trail = [*situation.context.trail, situation.context.connector.pk]
    if target.pk in trail:
        names = Connector.objects.in_bulk(trail)
        shown = " → ".join(str(names.get(pk, "?")) for pk in [*trail, target.pk])
        raise GoToError("loop", f"This goes round in a loop: {shown}.")
    if len(trail) > MAX_TRAIL:
        message = f"A run goes through {MAX_TRAIL} connectors at most."
        raise GoToError("too_long_a_way", message)


_NAMES = {AddressKind.PHONE: "number", AddressKind.EMAIL: "email"}


def _message(situation: Situation) -> dict[str, Any]:
    """What a connector gets of a message: its text, its channel and its sender."""
    address = situation.address
    return {
        "text": situation.text,
        "channel_id": situation.channel_id,
        _NAMES.get(address.kind, "address"): address.address,
    }
