"""What holds for entries, lists, the hashing key and the ledger."""

from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from optout import addresses
from optout.invariants.registry import invariant, long_ago, repeated, wrongly_keyed
from optout.models import (
    BulkRemoval,
    Entry,
    Hold,
    ImportedKey,
    ImportJob,
    ImportState,
    LedgerEvent,
    LedgerKind,
    ListState,
    OptOutList,
    RemovalState,
    Source,
    Workspace,
    live_entries,
)


@invariant(Workspace)
def the_hashing_key_is_ours() -> QuerySet[Workspace]:
    """The hashing key in use is the one that this database was made with."""
    return Workspace.objects.exclude(hash_key_fingerprint=addresses.fingerprint())


@invariant(OptOutList)
def the_default_list_stays() -> QuerySet[OptOutList]:
    """A deleted list is not the default list, and another one stands in for it."""
    gone = ~Q(state=ListState.ACTIVE)
    return OptOutList.objects.filter(gone, Q(is_default=True) | Q(replaced_by=None))


@invariant(Entry)
def live_entries_are_one_of_a_kind() -> QuerySet[Entry]:
    """At most one live entry for each address, channel and list."""
    return repeated(live_entries(), "key", "channel", "list")


@invariant(Entry)
def entries_keep_their_key() -> Iterable[int]:
    """The key that blocks is the key of the address beside it."""
    return wrongly_keyed(Entry.objects.all(), kind="address_kind")


@invariant(Hold)
def holds_keep_their_key() -> Iterable[int]:
    """The key under review is the key of the address beside it."""
    return wrongly_keyed(Hold.objects.all(), kind="address_kind")


@invariant(Entry)
def ended_entries_say_how() -> QuerySet[Entry]:
    """An entry that ended says by which door, a live one says nothing of an end."""
    is_live, says_nothing = Q(ended_at=None), Q(ended_source="", back_at=None)
    return Entry.objects.filter(is_live & ~says_nothing | ~is_live & Q(ended_source=""))


@invariant(Entry)
def deleted_lists_hold_nobody() -> QuerySet[Entry]:
    """No entry lives on in a list that was deleted long ago: its people were moved."""
    return live_entries().filter(
        list__state=ListState.ARCHIVED,
        **long_ago("list__archived_at"),
        **long_ago("updated_at"),
    )


@invariant(BulkRemoval)
def removals_have_looked_at_all() -> QuerySet[BulkRemoval]:
    """A bulk removal that is done has ended or kept each entry it was asked for."""
    return BulkRemoval.objects.filter(
        state=RemovalState.DONE, total__gt=F("done") + F("kept")
    )


# The ledger


def _facts(*kinds: LedgerKind) -> QuerySet[LedgerEvent]:
    return LedgerEvent.objects.filter(
        kind__in=kinds, key=OuterRef("key"), entry_id=OuterRef("pk")
    )


@invariant(Entry)
def live_entries_stand_in_the_ledger() -> QuerySet[Entry]:
    """Each live entry has its opt-out in the ledger, or the move that brought it.

    An import has one event for many entries: its own rows tell which.
    """
    moved = LedgerEvent.objects.filter(kind=LedgerKind.MOVED, key=OuterRef("key"))
    imported = ImportedKey.objects.filter(entry_id=OuterRef("pk"), key=OuterRef("key"))
    return live_entries().filter(
        ~Exists(_facts(LedgerKind.OPTED_OUT)), ~Exists(moved), ~Exists(imported)
    )


@invariant(ImportJob)
def finished_imports_have_taken_each_address() -> Iterable[int]:
    """An import that is done has taken each address that it counted, once."""
    for job in ImportJob.objects.filter(state=ImportState.DONE):
        names = ("added", "already", "duplicate")
        planned = job.tally("planned", "entries")
        done = job.tally("done", "entries")
        if sum(planned.get(n, 0) for n in names) != sum(done.get(n, 0) for n in names):
            yield job.pk


@invariant(Entry)
def ends_stand_in_the_ledger() -> QuerySet[Entry]:
    """Each entry that somebody ended has that in the ledger.

    A START that found nothing to end leaves an entry that ended as it began.
    """
    return Entry.objects.filter(
        ~Exists(_facts(LedgerKind.LIFTED)),
        ~Q(ended_source=Source.MOVE),
        ~Q(ended_at=F("created_at")),
        ended_at__isnull=False,
    )


@invariant(LedgerEvent)
def opt_outs_keep_their_entry() -> QuerySet[LedgerEvent]:
    """No entry is ever deleted: each opt-out of the ledger still has its own."""
    there = Entry.objects.filter(pk=OuterRef("entry_id"), key=OuterRef("key"))
    return LedgerEvent.objects.filter(~Exists(there), kind=LedgerKind.OPTED_OUT)
