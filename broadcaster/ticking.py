"""Puts the steps that are due: each once, whoever ticks at the same time."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from broadcaster import enrolment_ends, tracks
from broadcaster.models import (
    EndReason,
    Enrolment,
    EnrolmentState,
    Sequence,
    Step,
    all_sequences,
)
from broadcaster.tracks import Plan, Track
from optout import content, outbox, wake
from optout.compose import LINK_VARIABLE
from optout.models import BatchState
from optout.outbox import Recipient
from optout.prepared import Prepared, among, moment
from optout.stopping import stopping
from teambox import contacts

# SQLite has one writer, whom an opt-out must not wait for; PostgreSQL has many.
CHUNK = 5_000 if connection.vendor == "postgresql" else 500
# More than this wait for the sender anyway, and all of them are followed.
MOST_IN_FLIGHT = 10_000


def tick() -> int:
    """Put every step that is due in a running sequence; how many people were looked at.

    Each step is put once, whoever ticks at the same time or dies in between.
    """
    due = Enrolment.objects.filter(
        sequence=OuterRef("pk"),
        state=EnrolmentState.WAITING,
        next_at__lte=timezone.now(),
    )
    running = all_sequences().filter(
        Exists(due), batch__state=BatchState.RUNNING, batch__channel__is_active=True
    )
    return sum(map(_tick_through, running))


def _tick_through(sequence: Sequence) -> int:
    looked_at = 0
    while not stopping.is_set() and (chunk := _tick_chunk(sequence)):
        looked_at += chunk
    return looked_at


def _tick_chunk(sequence: Sequence) -> int:
    """One transaction from the claim to the messages: all of it or nothing."""
    now = timezone.now()
    with transaction.atomic():
        rows = _claim(sequence, now)
        if rows:
            _put(sequence, _decide(sequence, rows, now))
    return len(rows)


class _Row(NamedTuple):
    """An enrolment in hand, its key and variables as the engine gives them."""

    pk: int
    key: Any
    address: str
    variables: str
    step_id: int | None
    since: datetime
    hold_id: int | None


_Due = tuple[_Row, Step]

_CLAIM = """
SELECT id, key, address, variables, step_id, since, hold_id
FROM broadcaster_enrolment
WHERE sequence_id = %(sequence)s AND state = 'waiting' AND next_at <= %(now)s
ORDER BY next_at LIMIT %(limit)s {lock}
"""
_LOCK = {"postgresql": "FOR UPDATE SKIP LOCKED", "sqlite": ""}[connection.vendor]
_claim_due = Prepared(_CLAIM.format(lock=_LOCK))


def _claim(sequence: Sequence, now: datetime) -> list[_Row]:
    sending = Enrolment.objects.filter(sequence=sequence, state=EnrolmentState.SENDING)
    room = MOST_IN_FLIGHT - sending.count()
    limit = max(0, min(CHUNK, room))
    asked = {"sequence": sequence.pk, "now": now, "limit": limit}
    return [_Row(*row) for row in _claim_due.fetch_all(asked)]


def _decide(sequence: Sequence, rows: list[_Row], now: datetime) -> list[_Due]:
    """Whose step goes out now; the others wait on, or have come to their end.

    The step and its time are as they are now, whatever they were when it was planned.
    """
    track = Track(sequence)
    had = tracks.had([row.pk for row in rows])
    due: list[_Due] = []
    later: list[Plan] = []
    done: list[int] = []
    for row in rows:
        step = track.at(row.step_id, () if row.hold_id else had.get(row.pk, ()))
        if step is None:
            done.append(row.pk)
            continue
        next_at = track.due_at(step, moment(row.since), row.address)
        if next_at <= now:
            due.append((row, step))
        else:
            later.append(Plan(row.pk, step.pk, next_at))
    enrolment_ends.end(done, EndReason.COMPLETED)
    tracks.write(later)
    return _without_replied(sequence, due)


def _without_replied(sequence: Sequence, due: list[_Due]) -> list[_Due]:
    replied = enrolment_ends.replied(sequence, [row.pk for row, _ in due])
    if not replied:
        return due
    enrolment_ends.end(replied, EndReason.REPLIED)
    return [(row, step) for row, step in due if row.pk not in replied]


# Putting


def _put(sequence: Sequence, due: list[_Due]) -> None:
    """The rows of the steps, a message for each under its id, and who is sent to."""
    if not due:
        return
    ids = _put_steps(due)
    values = _values(due)
    people = [
        Recipient(
            key,
            row.address,
            values.get(key, {}),
            dedupe=ids[row.pk],
            content_id=step.content_id,
        )
        for row, step in due
        for key in [_uuid(row.key)]
    ]
    outbox.put_many(sequence.batch, due[0][1].content, people)
    _mark_sending(due)
    wake.hint(wake.SEND_OUTBOX)


def _uuid(key: Any) -> UUID:
    return key if isinstance(key, UUID) else UUID(key)


_EACH = {
    "postgresql": """
        SELECT * FROM unnest(%(enrolments)s::bigint[], %(steps)s::bigint[],
                             %(numbers)s::smallint[]) AS each (enrolment, step, number)
    """,
    "sqlite": """
        SELECT e.value AS enrolment, s.value AS step, n.value AS number
        FROM json_each(%(enrolments)s) e
        JOIN json_each(%(steps)s) s ON s.key = e.key
        JOIN json_each(%(numbers)s) n ON n.key = e.key
    """,
}[connection.vendor]
_PUT_STEPS = """
INSERT INTO broadcaster_enrolmentstep (enrolment_id, step_id, number, created_at)
SELECT enrolment, step, number, %(now)s FROM ({each}) AS put
RETURNING enrolment_id, id
"""
_put_each_step = Prepared(_PUT_STEPS.format(each=_EACH))


def _put_steps(due: list[_Due]) -> dict[int, int]:
    """Note each step as put; the ids of the rows, by enrolment.

    A step that was held back and dismissed is put under its next number.
    """
    held = [row.pk for row, _ in due if row.hold_id]
    again: Mapping[int, Mapping[int, int]] = tracks.had(held)
    rows = {
        "enrolments": [row.pk for row, _ in due],
        "steps": [step.pk for _, step in due],
        "numbers": [
            again[row.pk][step.pk] if row.pk in again else 0 for row, step in due
        ],
        "now": timezone.now(),
    }
    return dict(_put_each_step.fetch_all(rows))


def _values(due: list[_Due]) -> dict[UUID, dict[str, str]]:
    """What the variables stand for: the enrolment's own, then the contact's."""
    used = {step.pk: _variables(step) for step in {step for _, step in due}}
    if not any(used.values()):
        return {}
    known = contacts.of_addresses(_uuid(row.key) for row, _ in due)
    return {
        key: content.used_values(
            used[step.pk], contacts.values(known.get(key)) | json.loads(row.variables)
        )
        for row, step in due
        for key in [_uuid(row.key)]
    }


def _variables(step: Step) -> list[str]:
    said = step.content
    names = content.variables(said.subject, said.text, said.html)
    return [name for name in names if name != LINK_VARIABLE]


_MARK_SENDING = """
UPDATE broadcaster_enrolment
SET state = 'sending', step_id = %(step)s, next_at = NULL, hold_id = NULL
WHERE id {among_ids}
"""
_mark = Prepared(_MARK_SENDING.format(among_ids=among("ids")))


def _mark_sending(due: Iterable[_Due]) -> None:
    by_step = sorted(due, key=_step_id)
    for step_id, group in groupby(by_step, key=_step_id):
        _mark.run({"step": step_id, "ids": [row.pk for row, _ in group]})


def _step_id(due: _Due) -> int:
    return due[1].pk
