"""The actions of this floor: onto opt-out lists, and off them."""

from collections.abc import Iterable, Mapping
from typing import Any

from optout import action_forms, attribution, entries, lifts
from optout.action_table import Result, Situation, Whom, action
from optout.actors import Evidence
from optout.lifts import Power
from optout.models import (
    ALL_CHANNELS,
    Channel,
    Entry,
    Reason,
    Workspace,
    resolve,
)


def _would_add(situation: Situation, settings: Mapping[str, Any]) -> Result:
    lists = resolve(settings["lists"]).values()
    place = _place(situation, settings, is_persons=_is_persons(settings))
    missing = [
        row
        for row in lists
        for address in situation.addresses
        if not lifts.of_address(address.key, [row.pk], [place])
    ]
    if missing:
        return Result("would be added", action_forms.names(missing))
    return Result("already there", action_forms.names(lists))


def _is_persons(settings: Mapping[str, Any]) -> bool:
    return Reason(settings.get("reason_code", Reason.STAFF)) is Reason.PERSON


@action(
    "add_to_opt_out_list",
    label="Add to opt-out list",
    form=action_forms.AddForm,
    icon="ban",
    runs_while_held=True,
    whom=Whom.ON_CHANNEL_OR_ALL,
    preview=_would_add,
)
def add_to_opt_out_list(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Opt the addresses out of `settings["lists"]`, as one event.

    `added`, `already there`, or `stale` where the person came back since.
    """
    reason = Reason(settings.get("reason_code", Reason.STAFF))
    is_persons = _is_persons(settings)
    request = entries.Request(
        addresses=situation.addresses,
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
    if situation.asked_at is None or not situation.message_id:
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


def _would_remove(situation: Situation, settings: Mapping[str, Any]) -> Result:
    power = _power(situation, settings)
    found = _on_lists(situation, settings)
    removed = [entry for entry in found if power.covers(entry)]
    if removed:
        return Result("would be removed", _lists(removed))
    return Result("kept", _kept(found)) if found else Result("not on the list")


@action(
    "remove_from_opt_out_list",
    label="Remove from opt-out list",
    form=action_forms.RemoveForm,
    icon="undo-2",
    whom=Whom.ON_CHANNEL_OR_ALL,
    preview=_would_remove,
)
def remove_from_opt_out_list(
    situation: Situation, settings: Mapping[str, Any]
) -> Result:
    """Lift the addresses from `settings["lists"]`, for the reason it was built with.

    Legal and complaint entries are `kept`; what the person made ends only where
    `settings["lift_what_person_made"]` says so, and not what was asked for later than
    the message. What replaced a deleted list is not meant: who left it stays out.
    """
    done = lifts.lift(
        [entry.pk for entry in _on_lists(situation, settings)],
        source=situation.source,
        power=_power(situation, settings),
        reason=settings["reason"],
        note=settings.get("note", ""),
        actor=situation.actor,
    )
    kept = _kept(done.kept)
    if done.lifted:
        also = f" (kept: {kept})" if kept else ""
        return Result("removed", _lists(done.lifted) + also)
    return Result("kept", kept) if kept else Result("not on the list")


def _on_lists(situation: Situation, settings: Mapping[str, Any]) -> list[Entry]:
    """The live entries meant: on the channel and on all, or wherever they are."""
    places = {ALL_CHANNELS, situation.channel_id}
    if situation.channel_id == ALL_CHANNELS:
        places = set(Channel.objects.values_list("pk", flat=True))
    return [
        entry
        for address in situation.addresses
        for entry in lifts.of_address(address.key, settings["lists"], places)
    ]


def _power(situation: Situation, settings: Mapping[str, Any]) -> Power:
    return Power(
        guarded=bool(settings.get("lift_what_person_made")),
        complaints=False,
        asked_before=situation.asked_at,
    )


def _kept(rows: Iterable[Entry]) -> str:
    return "; ".join(f"{row.list}, {row.get_reason_code_display()}" for row in rows)


def _lists(rows: Iterable[Entry]) -> str:
    return action_forms.names(row.list for row in rows)
