"""Moves people on once their message has left, failed or was withheld."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from broadcaster import enrolment_ends, tracks
from broadcaster.models import (
    EndReason,
    Enrolment,
    EnrolmentState,
    Sequence,
    all_sequences,
)
from broadcaster.tracks import Track
from optout.models import BatchState, ErrorCode, HoldState, MessageState
from optout.prepared import Prepared, moment

CHUNK = 1_000
_ON_THE_WAY = (EnrolmentState.SENDING, EnrolmentState.HELD)
_ARRIVED = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.READ})


def follow() -> int:
    """Move on whose message has left, failed or was withheld; how many moved.

    One that failed, or of which nobody knows whether it left, is not sent again: the
    next step counts from now. Who replies while a step is queued does not get it.
    """
    moving = Enrolment.objects.filter(sequence=OuterRef("pk"), state__in=_ON_THE_WAY)
    open_ones = all_sequences().filter(
        Exists(moving), batch__state__in=(BatchState.RUNNING, BatchState.PAUSED)
    )
    return sum(map(_follow, open_ones))


def _follow(sequence: Sequence) -> int:
    moved = enrolment_ends.end_replied(sequence) + _settle_held(sequence)
    while chunk := _follow_chunk(sequence):
        moved += chunk
    return moved


@dataclass(frozen=True, slots=True)
class _Put:
    """Somebody's step that is not on its way any more, and what became of it."""

    enrolment_id: int
    step_id: int
    address: str
    state: str
    error_code: str
    hold_id: int | None
    sent_at: datetime | None

    @property
    def has_arrived(self) -> bool:
        return self.state in _ARRIVED


_SETTLED = """
SELECT e.id, e.step_id, e.address, m.state, m.error_code, m.hold_id, m.sent_at
FROM broadcaster_enrolment e
JOIN optout_outgoingmessage m ON m.key = e.key AND m.batch_id = %(batch)s
    AND m.dedupe = (SELECT max(d.id) FROM broadcaster_enrolmentstep d
                    WHERE d.enrolment_id = e.id)
WHERE e.sequence_id = %(sequence)s AND e.state = 'sending'
  AND m.state NOT IN ('queued', 'sending')
ORDER BY e.id LIMIT %(limit)s {lock}
"""
_LOCK = {"postgresql": "FOR UPDATE OF e SKIP LOCKED", "sqlite": ""}[connection.vendor]
_settled = Prepared(_SETTLED.format(lock=_LOCK))


def _follow_chunk(sequence: Sequence) -> int:
    asked = {"batch": sequence.batch_id, "sequence": sequence.pk, "limit": CHUNK}
    with transaction.atomic():
        rows = [_Put(*row) for row in _settled.fetch_all(asked)]
        on: list[_Put] = []
        ended: dict[EndReason, list[int]] = defaultdict(list)
        for put in rows:
            if put.state == MessageState.CANCELLED:
                ended[EndReason.ENDED].append(put.enrolment_id)
            elif put.state != MessageState.SUPPRESSED:
                on.append(put)
            elif put.error_code == ErrorCode.UNDER_REVIEW:
                _hold(put)
            else:
                ended[EndReason.OPTED_OUT].append(put.enrolment_id)
        for reason, ids in ended.items():
            enrolment_ends.end(ids, reason)
        _advance(sequence, on)
    return len(rows)


def _hold(put: _Put) -> None:
    Enrolment.objects.filter(pk=put.enrolment_id).update(
        state=EnrolmentState.HELD, hold=put.hold_id, next_at=None
    )


_MOVE_ON = Prepared("""
UPDATE broadcaster_enrolment
SET state = 'waiting', step_id = %(step)s, since = %(since)s, next_at = %(next_at)s
WHERE id = %(id)s
""")


def _advance(sequence: Sequence, rows: Collection[_Put]) -> None:
    """To the next step, or to the end of the sequence."""
    if not rows:
        return
    now, track = timezone.now(), Track(sequence)
    had = tracks.had([put.enrolment_id for put in rows])
    moves: list[dict[str, Any]] = []
    done: list[int] = []
    for put in rows:
        step = track.after(put.step_id, had.get(put.enrolment_id, ()))
        if step is None:
            done.append(put.enrolment_id)
            continue
        left_at = moment(put.sent_at) if put.has_arrived and put.sent_at else now
        moves.append(
            {
                "id": put.enrolment_id,
                "step": step.pk,
                "since": left_at,
                "next_at": track.due_at(step, left_at, put.address),
            }
        )
    _MOVE_ON.run_many(moves)
    enrolment_ends.end(done, EndReason.COMPLETED)


def _settle_held(sequence: Sequence) -> int:
    """Who was under review: dismissed goes on with the same step, opted out ends."""
    decided = Enrolment.objects.filter(
        sequence=sequence, state=EnrolmentState.HELD
    ).exclude(hold__state=HoldState.WAITING)
    listed = decided.filter(hold__state=HoldState.OPTED_OUT)
    ids = list(listed.values_list("pk", flat=True)[:CHUNK])
    ended = enrolment_ends.end(ids, EndReason.OPTED_OUT)
    dismissed = decided.filter(hold__state=HoldState.DISMISSED)
    put_again = dismissed.update(state=EnrolmentState.WAITING, next_at=timezone.now())
    return ended + put_again
