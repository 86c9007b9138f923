"""Undoing an import: exactly the entries it made end, but for those asked for again."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from optout import lifts
from optout.actors import Actor
from optout.lifts import Power
from optout.models import (
    Entry,
    ImportedKey,
    ImportJob,
    ImportState,
    LedgerEvent,
    LedgerKind,
    Source,
)

CHUNK = 500
ENTRIES = "entries"
_STANDS = (ImportState.RUNNING, ImportState.DONE, ImportState.FAILED)


def next_chunk(job: ImportJob) -> list[ImportedKey]:
    """The next addresses of which this import has made an entry."""
    made = job.keys.filter(entry_id__isnull=False, pk__gt=job.position)
    return list(made.order_by("pk")[:CHUNK])


def end(job: ImportJob, chunk: Sequence[ImportedKey]) -> dict[str, int]:
    """End the entries of a chunk; how many ended, and how many stay or ended before.

    A repeat ends nothing more and counts the same.
    """
    made = {row.entry_id: row.key for row in chunk if row.entry_id is not None}
    kept = _asked_again(made) | _adopted(job, made)
    now = timezone.now()
    lifts.lift(
        made.keys() - kept,
        source=Source.IMPORT,
        power=Power(),
        note=f"Import of {job.file_name} undone"[:300],
        actor=Actor(job.undone_by_id, job.undone_label),
        post_webhooks=job.posts_webhooks,
        # After what the import itself still has to post.
        webhooks_after=max(now, job.webhooks_until or now),
    )
    removed = Entry.objects.filter(pk__in=made, ended_source=Source.IMPORT).count()
    return {"removed": removed, "kept": len(made) - removed}


def _asked_again(made: dict[int, UUID]) -> set[int]:
    """Entries that somebody asked for once more: the person, or who wrote it down."""
    facts = LedgerEvent.objects.filter(
        kind=LedgerKind.REPEATED, key__in=set(made.values()), entry_id__in=made
    )
    return {pk for pk in facts.values_list("entry_id", flat=True) if pk is not None}


def _adopted(job: ImportJob, made: dict[int, UUID]) -> set[int]:
    """Entries that another import names too: now they are its own to end."""
    others = ImportJob.objects.filter(
        list=job.list_id, channel=job.channel_id, state__in=_STANDS
    ).exclude(pk=job.pk)
    of_key = {key: pk for pk, key in made.items()}
    rows = ImportedKey.objects.filter(
        job__in=list(others.values_list("pk", flat=True)), part=ENTRIES, key__in=of_key
    )
    one_of_each = {row.key: row for row in rows}
    for key, row in one_of_each.items():
        row.entry_id = of_key[key]
    ImportedKey.objects.bulk_update(one_of_each.values(), ["entry_id"])
    return {of_key[key] for key in one_of_each}
