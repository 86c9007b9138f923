"""Puts the steps that are due: each once, whoever ticks at the same time."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from broadcaster import enrolment_ends, tracks
from broadcaster.models import (
    EndReason,
    Enrolment,
    EnrolmentState,
    EnrolmentStep,
    Sequence,
    Step,
    all_sequences,
)
from broadcaster.tracks import Track
from optout import content, outbox, wake
from optout.compose import LINK_VARIABLE
from optout.models import BatchState
from optout.outbox import Recipient
from optout.prepared import Prepared, among
from optout.stopping import stopping
from teambox import contacts

CHUNK = 1_000
# More than this wait for the sender anyway, and all of them are followed.
MOST_IN_FLIGHT = 10_000

Due = tuple[Enrolment, Step]


def tick() -> int:
    """Put every step that is due in a running sequence; how many people were looked at.

    Each step is put once, whoever ticks at the same time or dies in between.
    """
    waiting = _due(timezone.now()).filter(sequence=OuterRef("pk"))
    running = all_sequences().filter(
        Exists(waiting), batch__state=BatchState.RUNNING, batch__channel__is_active=True
    )
    return sum(map(_tick_through, running))


def _tick_through(sequence: Sequence) -> int:
    looked_at = 0
    while not stopping.is_set() and (chunk := _tick_chunk(sequence)):
        looked_at += chunk
    return looked_at


def _due(now: datetime) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(state=EnrolmentState.WAITING, next_at__lte=now)


def _tick_chunk(sequence: Sequence) -> int:
    """One transaction from the claim to the messages: all of it or nothing."""
    now = timezone.now()
    with transaction.atomic():
        rows = _claim(sequence, now)
        if rows:
            _put(sequence, _decide(sequence, rows, now))
    return len(rows)


def _claim(sequence: Sequence, now: datetime) -> list[Enrolment]:
    sending = Enrolment.objects.filter(sequence=sequence, state=EnrolmentState.SENDING)
    room = MOST_IN_FLIGHT - sending.count()
    due = _due(now).filter(sequence=sequence).order_by("next_at")
    locked = due.select_for_update(skip_locked=True, of=("self",))
    return list(locked[: max(0, min(CHUNK, room))])


def _decide(sequence: Sequence, rows: list[Enrolment], now: datetime) -> list[Due]:
    """Whose step goes out now; the others wait on, or have come to their end.

    The step and its time are as they are now, whatever they were when it was planned.
    """
    track = Track(sequence)
    had = tracks.had([row.pk for row in rows])
    due: list[Due] = []
    later: list[Enrolment] = []
    done: list[int] = []
    for row in rows:
        step = track.at(row.step_id, () if row.hold_id else had[row.pk])
        if step is None:
            done.append(row.pk)
            continue
        row.next_at = track.due_at(step, row.since, row.address)
        if row.next_at <= now:
            due.append((row, step))
        else:
            row.step = step
            later.append(row)
    enrolment_ends.end(done, EndReason.COMPLETED)
    _wait_on(later)
    return _without_replied(sequence, due)


_WAIT = Prepared("""
UPDATE broadcaster_enrolment SET step_id = %(step)s, next_at = %(next_at)s
WHERE id = %(id)s
""")


def _wait_on(rows: Iterable[Enrolment]) -> None:
    _WAIT.run_many(
        [{"id": r.pk, "step": r.step_id, "next_at": r.next_at} for r in rows]
    )


def _without_replied(sequence: Sequence, due: list[Due]) -> list[Due]:
    rows = Enrolment.objects.filter(pk__in=[row.pk for row, _ in due])
    replied = enrolment_ends.replied(sequence, rows) if due else set()
    if replied:
        enrolment_ends.end(replied, EndReason.REPLIED)
    return [(row, step) for row, step in due if row.pk not in replied]


# Putting


def _put(sequence: Sequence, due: list[Due]) -> None:
    """The rows of the steps, a message for each under its id, and who is sent to."""
    if not due:
        return
    values = _values(due)
    steps = EnrolmentStep.objects.bulk_create(_step_rows(due))
    people = [
        Recipient(
            row.key,
            row.address,
            values.get(row.key, {}),
            dedupe=put.pk,
            content_id=step.content_id,
        )
        for (row, step), put in zip(due, steps, strict=True)
    ]
    outbox.put_many(sequence.batch, due[0][1].content, people)
    _mark_sending(due)
    wake.hint(wake.SEND_OUTBOX)


def _step_rows(due: list[Due]) -> list[EnrolmentStep]:
    """A step that was held back and dismissed is put under its next number."""
    again = tracks.had([row.pk for row, _ in due if row.hold_id])
    return [
        EnrolmentStep(
            enrolment=row, step=step, number=again.get(row.pk, {}).get(step.pk, 0)
        )
        for row, step in due
    ]


def _values(due: list[Due]) -> dict[UUID, dict[str, str]]:
    """What the variables stand for: the enrolment's own, then the contact's."""
    used = {step.pk: _variables(step) for _, step in due}
    if not any(used.values()):
        return {}
    known = contacts.of_addresses(row.key for row, _ in due)
    return {
        row.key: content.used_values(
            used[step.pk], contacts.values(known.get(row.key)) | row.variables
        )
        for row, step in due
    }


def _variables(step: Step) -> list[str]:
    said = step.content
    names = content.variables(said.subject, said.text, said.html)
    return [name for name in names if name != LINK_VARIABLE]


_MARK = """
UPDATE broadcaster_enrolment
SET state = 'sending', step_id = %(step)s, next_at = NULL, hold_id = NULL
WHERE id {among_ids}
"""
_mark = Prepared(_MARK.format(among_ids=among("ids")))


def _mark_sending(due: list[Due]) -> None:
    by_step = sorted(due, key=_step_id)
    for step_id, group in groupby(by_step, key=_step_id):
        _mark.run({"step": step_id, "ids": [row.pk for row, _ in group]})


def _step_id(due: Due) -> int:
    return due[1].pk
