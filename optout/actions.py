"""The action table: what smart replies and connectors may do, from every floor.

An app's `actions` module registers its own with `@action("name")`; the modules are
found as the admin's are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from optout import action_forms, attribution, entries, lifts
from optout.action_forms import ActionForm
from optout.actors import Actor, Evidence
from optout.addresses import Address
from optout.lifts import Power
from optout.models import ALL_CHANNELS, Entry, Reason, Source, Workspace
from optout.refusals import Refused


@dataclass(frozen=True, slots=True)
class Situation:
    """Whom an action is about: an address on a channel, and which automation acts.

    `asked_at` and `message_id` are those of the person's message that set it off.
    `once` is a number that this action has in this situation alone: what may be done
    only once (a message) is known by it.
    """

    address: Address
    channel_id: int = ALL_CHANNELS
    source: Source = Source.SMART_REPLY
    actor: Actor = Actor(label="automation")
    text: str = ""
    asked_at: datetime | None = None
    message_id: str = ""
    once: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What an action did, in words people read: `added`, `kept`, `Optout Number`, …"""

    outcome: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.detail}" if self.detail else self.outcome


Run = Callable[[Situation, Mapping[str, Any]], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing an automation can do; its settings are chosen when it is built.

    `runs_while_held`: also while an agent holds the conversation. `is_answer`: it
    writes to the person, and is silent where answers are. `is_repeatable`: doing it
    again has no second effect, so that it may be done again after a crash.
    """

    name: str
    label: str
    run: Run
    form: type[ActionForm]
    icon: str = "zap"
    runs_while_held: bool = False
    is_answer: bool = False
    is_repeatable: bool = True


class SettingsError(Refused):
    """Settings that an action does not take."""


ACTIONS: dict[str, Action] = {}


def action(
    name: str, *, label: str, form: type[ActionForm], **more: Any
) -> Callable[[Run], Run]:
    """Put a function into the action table under `name`; a second one is an error."""

    def register(run: Run) -> Run:
        if name in ACTIONS:
            raise ValueError(f"There is an action {name} already.")
        ACTIONS[name] = Action(name=name, label=label, run=run, form=form, **more)
        return run

    return register


def checked(name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they are kept; what is not given is as the form proposes it.

    Raises SettingsError `unknown_action` and, with the setting as its field,
    `unknown_setting` and `bad_setting`.
    """
    if name not in ACTIONS:
        known = ", ".join(sorted(ACTIONS))
        raise SettingsError("unknown_action", f"Choose one of {known}.", "action")
    form = ACTIONS[name].form
    proposed = form()
    if unknown := next((key for key in raw if key not in proposed.fields), None):
        message = f"{ACTIONS[name].label} has no setting of this name."
        raise SettingsError("unknown_setting", message, unknown)
    given = form({key: proposed[key].initial for key in proposed.fields} | dict(raw))
    for field, errors in given.errors.items():
        raise SettingsError("bad_setting", str(errors[0]), field)
    return given.settings()


@action(
    "add_to_opt_out_list",
    label="Add to opt-out list",
    form=action_forms.AddForm,
    icon="ban",
    runs_while_held=True,
)
def add_to_opt_out_list(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Opt the address out of `settings["lists"]`.

    `added`, `already there`, or `stale` where the person came back since.
    """
    reason = Reason(settings.get("reason_code", Reason.STAFF))
    is_persons = reason == Reason.PERSON
    request = entries.Request(
        addresses=(situation.address,),
        list_ids=tuple(settings["lists"]),
        channel_id=_place(situation, settings, is_persons=is_persons),
        asked_at=situation.asked_at if is_persons else None,
        evidence=Evidence(
            text=situation.text,
            provider_message_id=situation.message_id,
            outgoing_id=_answered(situation),
        ),
    )
    outcome = entries.opt_out(
        request, source=situation.source, reason=reason, actor=situation.actor
    )
    if outcome.created:
        return Result("added", _lists(outcome.created))
    if outcome.entries:
        return Result("already there", _lists(outcome.entries))
    return Result("stale", "the person came back since")


def _answered(situation: Situation) -> int | None:
    """The marketing message that the person's own message answers, if it does."""
    if situation.asked_at is None:
        return None
    return attribution.answered_message(
        key=situation.address.key,
        channel_id=situation.channel_id,
        at=situation.asked_at,
    )


def _place(
    situation: Situation, settings: Mapping[str, Any], *, is_persons: bool
) -> int:
    """The channel it counts on; the workspace may widen what a person says."""
    widened = is_persons and Workspace.load().person_opts_out_everywhere
    if widened or settings.get("everywhere"):
        return ALL_CHANNELS
    return situation.channel_id


@action(
    "remove_from_opt_out_list",
    label="Remove from opt-out list",
    form=action_forms.RemoveForm,
    icon="undo-2",
)
def remove_from_opt_out_list(
    situation: Situation, settings: Mapping[str, Any]
) -> Result:
    """Lift the address from `settings["lists"]`, for the reason it was built with.

    Legal and complaint entries are `kept`; what the person made ends only where
    `settings["lift_what_person_made"]` says so, and not what was asked for later than
    the message. What replaced a deleted list is not meant: who left it stays out.
    """
    places = {ALL_CHANNELS, situation.channel_id}
    found = lifts.of_address(situation.address.key, settings["lists"], places)
    done = lifts.lift(
        [entry.pk for entry in found],
        source=situation.source,
        power=Power(
            guarded=bool(settings.get("lift_what_person_made")),
            complaints=False,
            asked_before=situation.asked_at,
        ),
        reason=settings["reason"],
        note=settings.get("note", ""),
        actor=situation.actor,
    )
    kept = "; ".join(
        f"{row.list}, {row.get_reason_code_display()}" for row in done.kept
    )
    if done.lifted:
        also = f" (kept: {kept})" if kept else ""
        return Result("removed", _lists(done.lifted) + also)
    return Result("kept", kept) if kept else Result("not on the list")


def _lists(rows: Iterable[Entry]) -> str:
    return action_forms.names(row.list for row in rows)
