"""Enrolling many contacts: jobs in chunks, and tags that enrol who gets them."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from broadcaster import contact_audiences, enrolments, sequences
from broadcaster.enrolments import Enrolled, Result
from broadcaster.models import EnrolmentJob, EnrolmentSource, Sequence, all_sequences
from optout import wake
from optout.actors import Actor
from optout.addresses import AddressKind
from optout.models import BatchState
from optout.outbox import Recipient
from teambox.models import Contact

CHUNK = 500
ENROL_PEOPLE = "broadcaster.tasks.enrol_people"
_OPEN = (BatchState.RUNNING, BatchState.PAUSED)


# Jobs


def start(
    sequence: Sequence, audience: Mapping[str, Any], *, actor: Actor
) -> EnrolmentJob:
    """Enrol the contacts of an audience, as `contact_audiences` reads it, by a worker.

    Each contact by the first address of the channel's kind. Who becomes a contact
    later is left out. Raises AudienceError for a bad audience, SequenceError `ended`.
    """
    sequences.still_open(sequence)
    newest = Contact.objects.aggregate(id=Max("id"))["id"]
    job = EnrolmentJob.objects.create(
        sequence=sequence,
        audience=contact_audiences.read(audience),
        upper_id=newest or 0,
        started_label=actor.label,
    )
    wake.hint(ENROL_PEOPLE)
    return job


def work_due() -> bool:
    """Enrol one chunk of the oldest job that is open; False when there is none.

    A chunk is one transaction, with how far it came: a worker that dies leaves
    nothing half done, and none enrols the same chunk beside it.
    """
    with transaction.atomic():
        waiting = EnrolmentJob.objects.filter(finished_at=None).order_by("id")
        job = waiting.select_for_update(skip_locked=True).first()
        if job is None:
            return False
        sequence = all_sequences().get(pk=job.sequence_id)
        if sequence.is_ended:
            job.finished_at = timezone.now()
        else:
            _work_on(job, sequence)
        job.save()
    return True


def _work_on(job: EnrolmentJob, sequence: Sequence) -> None:
    everybody = contact_audiences.contacts_of(job.audience)
    left = everybody.filter(pk__gt=job.last_id, pk__lte=job.upper_id).order_by("pk")
    ids = list(left.values_list("pk", flat=True)[:CHUNK])
    if not ids:
        job.finished_at = timezone.now()
        return
    actor = Actor(label=job.started_label)
    told = _enrol(sequence, ids, source=EnrolmentSource.CONTACTS, actor=actor)
    results = Counter(one.result for one in told)
    enrolled = results[Result.ENROLLED] + results[Result.RESTARTED]
    job.last_id = ids[-1]
    job.enrolled += enrolled
    job.already += len(told) - enrolled
    job.without_address += len(ids) - len(told)


def _enrol(
    sequence: Sequence, ids: Collection[int], *, source: EnrolmentSource, actor: Actor
) -> list[Enrolled]:
    """Enrol contacts; those without an address of the channel's kind are left out."""
    kind = AddressKind(sequence.channel.address_kind)
    some = Contact.objects.filter(pk__in=ids)
    found = contact_audiences.reachable(some, kind).values_list("key", "address")
    people = [Recipient(key, address) for key, address in found]
    return enrolments.enrol_many(sequence, people, source=source, actor=actor)


# Tags


def enrol_tagged() -> int:
    """Enrol who got the tag of a sequence since the last look; how many were looked at.

    Drafts and ended sequences enrol nobody.
    """
    tagged = all_sequences().filter(enrol_tag__isnull=False, batch__state__in=_OPEN)
    return sum(map(_enrol_tagged, tagged))


def _enrol_tagged(sequence: Sequence) -> int:
    looked_at = 0
    if not _taggings(sequence).exists():
        return looked_at
    upper = _decided_taggings()
    while chunk := _enrol_tagged_chunk(sequence, upper):
        looked_at += chunk
    return looked_at


def _taggings(sequence: Sequence) -> QuerySet[Any]:
    given = Contact.tags.through.objects.filter(tag=sequence.enrol_tag_id)
    return given.filter(pk__gt=sequence.enrol_tag_after)


def _decided_taggings() -> int:
    """The id up to which all rows of the tags' table are committed or never will be.

    An id is drawn before its row is committed, so a later one may be seen earlier.
    The lock waits for whoever writes now and is let go of at once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            table = connection.ops.quote_name(Contact.tags.through._meta.db_table)
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        return sequences.newest_tagging()


def _enrol_tagged_chunk(sequence: Sequence, upper: int) -> int:
    with transaction.atomic():
        row = sequences.locked(sequence)
        if row.enrol_tag_id != sequence.enrol_tag_id or row.is_ended:
            return 0
        new = _taggings(row).filter(pk__lte=upper).order_by("pk")
        found = list(new.values_list("pk", "contact_id")[:CHUNK])
        if not found:
            return 0
        row.enrol_tag_after = found[-1][0]
        row.save(update_fields=["enrol_tag_after"])
        actor = Actor(label=f"tag “{row.enrol_tag}”")
        people = {contact_id for _, contact_id in found}
        _enrol(row, people, source=EnrolmentSource.TAG, actor=actor)
    return len(found)
