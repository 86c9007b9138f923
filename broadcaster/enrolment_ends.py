"""How an enrolment ends: written here alone, and what is queued is taken back."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

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

_WITH_REPLY = """
SELECT e.id, e.key FROM broadcaster_enrolment e
WHERE {chosen} AND EXISTS (
    SELECT 1 FROM teambox_conversation c JOIN teambox_line l ON l.conversation_id = c.id
    WHERE c.key = e.key AND c.channel_id = %(channel)s AND c.last_at > e.created_at
      AND l.kind = 'inbound' AND l.at > e.created_at)
"""
_some_with_reply = Prepared(_WITH_REPLY.format(chosen=f"e.id {among('ids')}"))
_sent_to_with_reply = Prepared(
    _WITH_REPLY.format(chosen="e.sequence_id = %(sequence)s AND e.state = 'sending'")
)


def replied(sequence: Sequence, ids: Collection[int]) -> set[int]:
    """Who of these gets no more steps for having written to us since the enrolment.

    Nobody where a reply stops nothing. Whose reply was an opt-out is left to the gate,
    which shows it as one.
    """
    asked = {"channel": sequence.batch.channel_id, "ids": list(ids)}
    return _stopped(sequence, _some_with_reply, asked)


def _stopped(sequence: Sequence, asks: Prepared, asked: dict[str, Any]) -> set[int]:
    if not sequence.stop_on_reply:
        return set()
    found = {pk: UUID(str(key)) for pk, key in asks.fetch_all(asked)}
    if not found:
        return set()
    withheld = gate.suppressed(
        channel_id=sequence.batch.channel_id,
        keys=set(found.values()),
        list_ids=sequence.batch.lists.values_list("id", flat=True),
    )
    listed = {key for key, row in withheld.items() if isinstance(row, Entry)}
    return {pk for pk, key in found.items() if key not in listed}


def end_replied(sequence: Sequence) -> int:
    """End those who replied while a step was queued for them, which is taken back."""
    asked = {"channel": sequence.batch.channel_id, "sequence": sequence.pk}
    with transaction.atomic():
        found = _stopped(sequence, _sent_to_with_reply, asked)
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
