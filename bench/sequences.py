"""A tick of a sequence, against the bare statements, and among few or many who wait."""

from collections.abc import Iterator

from django.db import connection, transaction

from bench import scene
from bench.table import Row, Target
from bench.timing import Variant, interleave
from broadcaster import sequences, steps, ticking
from broadcaster.broadcasts import Words
from broadcaster.models import Sequence
from broadcaster.step_timing import Timing
from optout.actors import NOBODY
from optout.models import Channel

WAITING, DUE = 1_000_000, 10_000
FEW = 10  # a tenth of those who wait
_TABLES = (
    "broadcaster_enrolment",
    "broadcaster_enrolmentstep",
    "optout_outgoingmessage",
)

_ENROL = """
INSERT INTO broadcaster_enrolment (sequence_id, key, address, variables, state,
    end_reason, step_id, since, next_at, source, actor_label, created_at, ended_label)
SELECT %(sequence)s, md5(%(sequence)s || ' bench ' || n)::uuid, '+349' || n, '{}',
    'waiting', '', %(step)s, now(), now() + interval '1 day', 'hand', '', now(),
    ''
FROM generate_series(1, %(people)s) AS n
"""
# The same people at each turn, evenly among the others.
_MAKE_DUE = """
UPDATE broadcaster_enrolment SET next_at = now() - interval '1 hour'
WHERE sequence_id = %(sequence)s AND id %% (%(people)s / %(due)s) = 0
"""
_FORGET = (
    "DELETE FROM optout_outgoingmessage WHERE batch_id = %(batch)s",
    "DELETE FROM broadcaster_enrolmentstep WHERE step_id = %(step)s",
    """
    UPDATE broadcaster_enrolment
    SET state = 'waiting', next_at = now() + interval '1 day'
    WHERE sequence_id = %(sequence)s AND state = 'sending'
    """,
)
_CLAIM = """
UPDATE broadcaster_enrolment SET state = 'sending', next_at = NULL
WHERE id IN (
    SELECT id FROM broadcaster_enrolment
    WHERE sequence_id = %(sequence)s AND state = 'waiting' AND next_at <= now()
    ORDER BY next_at LIMIT %(due)s FOR UPDATE SKIP LOCKED)
RETURNING id
"""
_PUT_STEPS = """
INSERT INTO broadcaster_enrolmentstep (enrolment_id, step_id, number, created_at)
SELECT unnest(%(ids)s::bigint[]), %(step)s, 0, now()
"""
_PUT_MESSAGES = """
INSERT INTO optout_outgoingmessage
    (batch_id, content_id, channel_id, key, address, variables, dedupe, state, error,
     error_code, attempt, next_at, provider_id, created_at)
SELECT %(batch)s, %(content)s, %(channel)s, e.key, e.address, '{}', d.id, 'queued', '',
       '', 0, now(), '', now()
FROM broadcaster_enrolmentstep d JOIN broadcaster_enrolment e ON e.id = d.enrolment_id
WHERE d.step_id = %(step)s
"""


def lines(scale: float) -> Iterator[Row]:
    """The tick against its bare statements, then among many against among few."""
    due = int(DUE * scale)
    waiting = int(WAITING * scale)
    on = scene.channel(970, "sandbox")
    many, few = _Scene(on, waiting, due), _Scene(on, waiting // FEW, due)
    took = interleave(
        {
            "ours": Variant(many.tick, many.prepare, many.forget),
            "bare": Variant(many.bare, many.prepare, many.forget),
            "few": Variant(few.tick, few.prepare, few.forget),
        }
    )
    yield Row(
        f"tick: {due:,} due among {waiting:,} who wait",
        took["ours"],
        took["bare"],
        "UPDATE … RETURNING, plain INSERT of steps and of messages",
        Target(2),
    )
    yield Row(
        f"the same among {waiting:,} as among {waiting // FEW:,}",
        took["ours"],
        took["few"],
        f"{due:,} due among {waiting // FEW:,}",
        Target(1.5),
    )


class _Scene:
    """A running sequence in which many wait, of whom some are due at each turn."""

    def __init__(self, on: Channel, waiting: int, due: int) -> None:
        self.row: Sequence = sequences.create(name="Welcome", channel=on, actor=NOBODY)
        step = steps.add(self.row, Words(text="Hello"), Timing())
        sequences.start(self.row, actor=NOBODY)
        self._place = {
            "sequence": self.row.pk,
            "batch": self.row.batch_id,
            "channel": on.pk,
            "step": step.pk,
            "content": step.content_id,
            "people": waiting,
            "due": due,
        }
        with connection.cursor() as cursor:
            cursor.execute(_ENROL, self._place)

    def prepare(self) -> None:
        """The same people are due, and the tables as autovacuum leaves them."""
        with connection.cursor() as cursor:
            cursor.execute(_MAKE_DUE, self._place)
            for table in _TABLES:
                cursor.execute(f"VACUUM ANALYZE {table}")

    def forget(self) -> None:
        """Nothing was put, and everybody waits."""
        with connection.cursor() as cursor:
            for statement in _FORGET:
                cursor.execute(statement, self._place)

    def tick(self) -> None:
        """Put the steps of all who are due."""
        if ticking.tick() != self._place["due"]:
            raise RuntimeError("The tick looked at others than those who are due.")

    def bare(self) -> None:
        """What a tick writes, by three statements."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLAIM, self._place)
            ids = [pk for (pk,) in cursor.fetchall()]
            cursor.execute(_PUT_STEPS, self._place | {"ids": ids})
            cursor.execute(_PUT_MESSAGES, self._place)
