"""How an enrolment ends: written here alone, and what is queued is taken back."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from broadcaster.models import (
    EndReason,
    Enrolment,
    EnrolmentState,
    Sequence,
    all_sequences,
)
from optout import gate, outbox
from optout.models import BatchState, Entry
from optout.prepared import Prepared, among
from teambox.models import Line, LineKind

CHUNK = 1_000

# The message of the step that was put last.
_QUEUED_FOR = """
SELECT e.id, m.id FROM broadcaster_enrolment e
JOIN broadcaster_sequence s ON s.id = e.sequence_id
JOIN optout_outgoingmessage m ON m.key = e.key AND m.batch_id = s.batch_id
    AND m.dedupe = (SELECT max(d.id) FROM broadcaster_enrolmentstep d
                    WHERE d.enrolment_id = e.id)
WHERE e.id {among_ids} AND e.state = 'sending' AND m.state = 'queued'
"""
_queued_for = Prepared(_QUEUED_FOR.format(among_ids=among("ids")))


def live() -> QuerySet[Enrolment]:
    """Who is on the way."""
    return Enrolment.objects.exclude(state=EnrolmentState.ENDED)


def end(ids: Collection[int], reason: EndReason, *, label: str = "") -> int:
    """End these enrolments, whatever is queued for them; how many were live.

    `label` names who ended them, if a person did.
    """
    return (
        live()
        .filter(pk__in=ids)
        .update(
            state=EnrolmentState.ENDED,
            end_reason=reason,
            ended_at=timezone.now(),
            ended_label=label,
            next_at=None,
        )
    )


def withdraw(ids: Collection[int]) -> set[int]:
    """Take back the queued messages of these enrolments; whose was taken back."""
    queued: dict[int, int] = dict(_queued_for.fetch_all({"ids": list(ids)}))
    withdrawn = outbox.withdraw(queued.values())
    return {pk for pk, message_id in queued.items() if message_id in withdrawn}


# Replies


def with_reply(rows: QuerySet[Enrolment], channel_id: int) -> QuerySet[Enrolment]:
    """Those who wrote to us on the channel since they were enrolled."""
    lines = Line.objects.filter(
        conversation__key=OuterRef("key"),
        conversation__channel=channel_id,
        conversation__last_at__gt=OuterRef("created_at"),
        kind=LineKind.INBOUND,
        at__gt=OuterRef("created_at"),
    )
    return rows.filter(Exists(lines))


def replied(sequence: Sequence, rows: QuerySet[Enrolment]) -> set[int]:
    """Who of these gets no more steps for having replied, where a reply stops.

    Whose reply was an opt-out is left to the gate, which shows it as one.
    """
    if not sequence.stop_on_reply:
        return set()
    found = with_reply(rows, sequence.batch.channel_id).values_list("pk", "key")
    keys = dict(found)
    if not keys:
        return set()
    withheld = gate.suppressed(
        channel_id=sequence.batch.channel_id,
        keys=set(keys.values()),
        list_ids=sequence.batch.lists.values_list("id", flat=True),
    )
    return {pk for pk, key in keys.items() if not isinstance(withheld.get(key), Entry)}


def end_replied(sequence: Sequence) -> int:
    """End those who replied while a step was queued for them, which is taken back."""
    sending = Enrolment.objects.filter(sequence=sequence, state=EnrolmentState.SENDING)
    with transaction.atomic():
        found = replied(sequence, sending)
        return end(withdraw(found), EndReason.REPLIED) if found else 0


# A sequence that has ended


def end_left_over() -> int:
    """End up to a chunk of each ended sequence's enrolments; how many ended."""
    left = live().filter(sequence=OuterRef("pk"))
    over = all_sequences().filter(Exists(left), batch__state=BatchState.CANCELLED)
    return sum(map(_end_chunk, over))


def _end_chunk(sequence: Sequence) -> int:
    with transaction.atomic():
        rows = live().filter(sequence=sequence).values_list("pk", flat=True)
        return end(list(rows.order_by("pk")[:CHUNK]), EndReason.ENDED)
