"""The action table: what smart replies and connectors may do, from every floor.

An app's `actions` module registers its own with `@action("name")`; the modules are
found as the admin's are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from optout import entries, lifts
from optout.actors import Actor, Evidence
from optout.addresses import Address
from optout.lifts import Power
from optout.models import ALL_CHANNELS, Reason, Source


@dataclass(frozen=True, slots=True)
class Situation:
    """Whom an action is about: an address on a channel, and which automation acts."""

    address: Address
    channel_id: int = ALL_CHANNELS
    source: Source = Source.SMART_REPLY
    actor: Actor = Actor(label="automation")
    text: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What an action did, in words people read: `added`, `kept`, `Optout Number`, …"""

    outcome: str
    detail: str = ""


Run = Callable[[Situation, Mapping[str, Any]], Result]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an automation can do; `settings` are chosen when it is built."""

    name: str
    label: str
    run: Run


ACTIONS: dict[str, Action] = {}


def action(name: str, *, label: str) -> Callable[[Run], Run]:
    """Put a function into the action table under `name`; a second one is an error."""

    def register(run: Run) -> Run:
        if name in ACTIONS:
            raise ValueError(f"There is an action {name} already.")
        ACTIONS[name] = Action(name, label, run)
        return run

    return register


@action("add_to_opt_out_list", label="Add to opt-out list")
def add_to_opt_out_list(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Opt the address out of `settings["lists"]`; `added` or `already there`."""
    request = entries.Request(
        addresses=(situation.address,),
        list_ids=tuple(settings["lists"]),
        channel_id=settings.get("channel_id", situation.channel_id),
        evidence=Evidence(text=situation.text),
    )
    outcome = entries.opt_out(
        request,
        source=situation.source,
        reason=Reason(settings.get("reason_code", Reason.STAFF)),
        actor=situation.actor,
    )
    return Result("added" if outcome.created else "already there")


@action("remove_from_opt_out_list", label="Remove from opt-out list")
def remove_from_opt_out_list(
    situation: Situation, settings: Mapping[str, Any]
) -> Result:
    """Lift the address from `settings["lists"]`, for the reason it was built with.

    Legal and complaint entries are `kept`; what the person made ends only where
    `settings["lift_what_person_made"]` says so.
    """
    channels = {ALL_CHANNELS, settings.get("channel_id", situation.channel_id)}
    found = lifts.of_address(situation.address.key, settings["lists"], channels)
    mine = bool(settings.get("lift_what_person_made"))
    done = lifts.lift(
        [entry.pk for entry in found if entry.reason_code != Reason.COMPLAINT],
        source=situation.source,
        power=Power(guarded=mine),
        reason=settings["reason"],
        actor=situation.actor,
    )
    if done.lifted:
        return Result("removed")
    return Result("kept" if found else "not on the list")
