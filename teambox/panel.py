"""What the contact panel does to a person's opt-outs: add, stop everything, undo."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from optout import entries, lifts
from optout.actors import Actor, Evidence
from optout.addresses import Address
from optout.entries import Outcome
from optout.lifts import Power
from optout.models import (
    ALL_CHANNELS,
    Entry,
    LiftReason,
    Reason,
    Source,
    default_list,
    live_entries,
)
from teambox import conversations

UNDONE_WITHIN = timedelta(minutes=15)
_UNDONE = "Undone in the panel"


def add(
    addresses: Sequence[Address],
    list_ids: Collection[int],
    *,
    channel_id: int = ALL_CHANNELS,
    reason: Reason = Reason.STAFF,
    note: str = "",
    actor: Actor,
) -> Outcome:
    """Opt the addresses out of these lists; what is there already is success."""
    request = entries.Request(
        addresses=tuple(addresses),
        list_ids=tuple(list_ids),
        channel_id=channel_id,
        evidence=Evidence(note=note),
    )
    outcome = entries.opt_out(request, source=Source.PANEL, reason=reason, actor=actor)
    tell(outcome.created, "added them to", actor=actor)
    return outcome


def stop_everything(
    addresses: Sequence[Address],
    *,
    reason: Reason = Reason.STAFF,
    note: str = "",
    actor: Actor,
) -> Outcome:
    """All of a person's addresses out of the default list on all channels."""
    lists = [default_list().pk]
    return add(addresses, lists, reason=reason, note=note, actor=actor)


def undo(entry_ids: Collection[int], *, power: Power, actor: Actor) -> list[Entry]:
    """End what this actor has just added by the panel; the entries that ended.

    Others' entries, older ones and those past the actor's power are left alone.
    """
    mine = live_entries().filter(
        pk__in=entry_ids,
        source=Source.PANEL,
        actor_id=actor.user_id,
        created_at__gte=timezone.now() - UNDONE_WITHIN,
    )
    lifted = lifts.lift(
        mine.values_list("pk", flat=True),
        source=Source.PANEL,
        power=power,
        reason=LiftReason.OTHER,
        note=_UNDONE,
        actor=actor,
    )
    tell(lifted.lifted, "removed them from", actor=actor)
    return lifted.lifted


def tell(changed: Iterable[Entry], what: str, *, actor: Actor) -> None:
    """Say in the conversations of these addresses what was done, a line each list."""
    keys_by_list: dict[str, set[UUID]] = defaultdict(set)
    for entry in changed:
        keys_by_list[entry.list.name].add(entry.key)
    for name, keys in keys_by_list.items():
        conversations.tell_all(keys, f"{actor.label} {what} {name}", actor=actor)
