"""Deleting an opt-out list without making anybody contactable by accident."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from optout import ledger, locks, selection
from optout.actors import NOBODY, Actor
from optout.ledger import Fact
from optout.lists import ListError
from optout.models import (
    Entry,
    KeywordRole,
    LedgerKind,
    ListState,
    OptOutList,
    Source,
    default_list,
    live_entries,
)

CHUNK = 500
# What a deletion moves while the page waits; a worker moves the rest of a long list.
CHUNKS_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """What deleting a list would touch: its entries, and people on no other list."""

    entries: int
    on_no_other_list: int
    batches: int


def preview(opt_out_list: OptOutList) -> Preview:
    """Count what a deletion would touch; nothing is changed."""
    live = live_entries().filter(list=opt_out_list)
    elsewhere = live_entries().exclude(list=opt_out_list).values("key")
    return Preview(
        entries=live.count(),
        on_no_other_list=live.exclude(key__in=elsewhere)
        .values("key")
        .distinct()
        .count(),
        batches=opt_out_list.batches.filter(
            state__in=("draft", "running", "paused")
        ).count(),
    )


def delete(
    opt_out_list: OptOutList,
    *,
    move_to: OptOutList | None,
    reason: str = "",
    actor: Actor = NOBODY,
) -> None:
    """Archive a list: its entries move to another list, or end with a reason.

    Keyword, aliases, selections and links pass to `move_to`, or to the default list.
    Webhooks and messages do not go out. A repeat changes nothing. Raises ListError
    `default_list` and `bad_target`.
    """
    if opt_out_list.is_default:
        raise ListError("default_list", "The default list cannot be deleted.")
    target = move_to or default_list()
    _check_target(opt_out_list, target)
    if not _begin(
        opt_out_list,
        target,
        keeps_entries=move_to is not None,
        reason=reason,
        actor=actor,
    ):
        return
    finish(opt_out_list, chunks=CHUNKS_AT_ONCE)


def _check_target(opt_out_list: OptOutList, target: OptOutList) -> None:
    if target.state != ListState.ACTIVE or target == opt_out_list:
        raise ListError("bad_target", "Choose another list to move to.", "move_to")


def _begin(
    opt_out_list: OptOutList,
    target: OptOutList,
    *,
    keeps_entries: bool,
    reason: str,
    actor: Actor,
) -> bool:
    """From here on new opt-outs go to the target, and sends ask both lists."""
    facts = {"moved_to": target.pk if keeps_entries else None, "reason": reason}
    # Both, or two lists deleted into each other at once would replace each other for
    # ever. Without the key, so that opt-outs of these lists need not wait.
    both = OptOutList.objects.select_for_update(no_key=True).order_by("pk")
    with transaction.atomic():
        found = both.in_bulk([opt_out_list.pk, target.pk])
        row = found[opt_out_list.pk]
        if row.state != ListState.ACTIVE:
            return False
        _check_target(row, found[target.pk])
        row.state = ListState.ARCHIVING
        row.replaced_by = target
        row.ends_entries = not keeps_entries
        row.save(update_fields=["state", "replaced_by", "ends_entries"])
        selection.replace_everywhere(row, target)
        row.keywords.filter(role=KeywordRole.START).exclude(list=target).delete()
        row.keywords.update(list=target, role=KeywordRole.ALIAS)
        fact = Fact(LedgerKind.LIST_DELETED, list_id=row.pk, facts=facts)
        ledger.write([fact], actor=actor)
    opt_out_list.refresh_from_db()
    return True


def finish(opt_out_list: OptOutList, *, chunks: int | None = None) -> None:
    """Move or end what is still live, chunk by chunk, then archive the list.

    With `chunks` it stops after so many; `move_leftovers` does the rest.
    """
    while _clear_chunk(opt_out_list):
        chunks = None if chunks is None else chunks - 1
        if chunks == 0:
            return
    OptOutList.objects.filter(pk=opt_out_list.pk, state=ListState.ARCHIVING).update(
        state=ListState.ARCHIVED, archived_at=timezone.now()
    )
    opt_out_list.refresh_from_db()


def move_leftovers() -> None:
    """Finish deletions that were interrupted, and late entries of deleted lists."""
    gone = OptOutList.objects.exclude(state=ListState.ACTIVE)
    with_entries = Q(pk__in=live_entries().values("list"))
    for row in gone.filter(with_entries | Q(state=ListState.ARCHIVING)):
        finish(row)


def _clear_chunk(opt_out_list: OptOutList) -> int:
    with transaction.atomic(durable=True):
        chunk = list(live_entries().filter(list=opt_out_list)[:CHUNK])
        locks.lock_keys(entry.key for entry in chunk)
        ids = [entry.pk for entry in chunk]
        chunk = list(live_entries().filter(pk__in=ids))
        if not opt_out_list.ends_entries:
            _copy(chunk, opt_out_list)
        now = timezone.now()
        Entry.objects.filter(pk__in=[entry.pk for entry in chunk]).update(
            ended_at=now, updated_at=now, ended_source=Source.MOVE
        )
        kind = LedgerKind.LIFTED if opt_out_list.ends_entries else LedgerKind.MOVED
        ledger.write([Fact(kind, entry=entry, source=Source.MOVE) for entry in chunk])
    return len(ids)


def _copy(chunk: Sequence[Entry], opt_out_list: OptOutList) -> None:
    """The same facts in the target list; where both lists have one, the older stays."""
    target = opt_out_list.replaced_by
    there = live_entries().filter(list=target, key__in=[entry.key for entry in chunk])
    known = {(entry.key, entry.channel_id): entry for entry in there}
    now = timezone.now()
    copies: list[Entry] = []
    newer: list[int] = []
    for entry in chunk:
        other = known.get((entry.key, entry.channel_id))
        if other is not None and other.created_at <= entry.created_at:
            continue
        if other is not None:
            newer.append(other.pk)
        copies.append(_copy_of(entry, target, now))
    Entry.objects.filter(pk__in=newer).update(
        ended_at=now, updated_at=now, ended_source=Source.MOVE
    )
    Entry.objects.bulk_create(copies)


def _copy_of(entry: Entry, target: OptOutList | None, now: Any) -> Entry:
    values = {
        column.attname: getattr(entry, column.attname)
        for column in Entry._meta.concrete_fields
        if not column.primary_key
    }
    return Entry(
        **values | {"list_id": target.pk if target else None, "updated_at": now}
    )
