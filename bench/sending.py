"""What the outbox costs a message, with a transport that does nothing.

The whole of `sender.send_due` on one thread, against the same statements bare: by
psycopg, each prepared once, nothing around them. Both claim 200 at a time in one
transaction, then ask the gate and write the result for each message, each committed.

The queue's cost is what it takes to bring a message to its sender: choosing the batch
and claiming 200, by the message, and the hint that wakes a worker, which is one Celery
task and leaves at most once a second. It is compared with one Celery task per message
that does nothing, published to Redis and drained by a worker of Celery's quickest pool.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from bench import celery_tasks, scene
from bench.table import MICROSECONDS, Note, Row, Target
from bench.timing import Variant, interleave
from optout import due, handover, sender
from optout.addresses import AddressKind
from optout.channels.base import Accepted, Outgoing, Transport, register
from optout.models import (
    BatchState,
    Channel,
    Content,
    OutgoingBatch,
    OutgoingMessage,
)

MESSAGES = 2_000
LEAST_MESSAGES = 1_000
TASKS = 1_000
CLAIM = sender.MOST_PER_CLAIM


@register
class NoTransport(Transport):
    """Accepts at once and does nothing."""

    kind = "bench"
    label = "Bench"
    address_kinds = (AddressKind.PHONE,)
    first_channel_id = 800

    def send(self, message: Outgoing) -> Accepted:
        return Accepted("taken")


def lines(scale: float) -> Iterator[Row | Note]:
    """Cost and statements of a message, then the queue's part of it."""
    size = max(int(MESSAGES * scale), LEAST_MESSAGES)
    outbox = Outbox(size, scene.channel(800, NoTransport.kind))
    others = OutgoingBatch.objects.exclude(pk=outbox.batch.pk)
    others.update(state=BatchState.PAUSED)
    ours = Variant(sender.send_due, prepare=outbox.refill, tidy=outbox.check)
    bare = Variant(outbox.send_bare, prepare=outbox.refill, tidy=outbox.check)
    seconds = interleave({"ours": ours, "bare": bare})
    cost = seconds["ours"] / outbox.size
    yield Row(
        "a message through the outbox, transport that does nothing",
        cost,
        seconds["bare"] / outbox.size,
        "the same statements bare",
        Target(2),
        MICROSECONDS,
    )
    yield Note("messages a second, one process, one thread", f"{1 / cost:,.0f}")
    yield Note("statements a message", f"{outbox.statements() / outbox.size:.2f}")
    yield _queue(outbox, cost, max(int(TASKS * scale), 200))


def _queue(outbox: "Outbox", cost: float, tasks: int) -> Row:
    with celery_tasks.worker() as queue:
        seconds = interleave(
            {
                "claim": Variant(outbox.claim, prepare=outbox.refill),
                "publish": Variant(lambda: queue.publish(tasks), prepare=queue.empty),
                "drain": Variant(queue.drain, prepare=lambda: queue.publish(tasks)),
            }
        )
    task = (seconds["publish"] + seconds["drain"]) / tasks
    return Row(
        "the queue's part of it: the claim, and a hint a second",
        seconds["claim"] / outbox.size + task * cost,
        task,
        "one Celery task per message",
        Target(100, is_least=True),
        MICROSECONDS,
    )


class Outbox:
    """One batch of messages, filled anew for each turn."""

    def __init__(self, size: int, channel: Channel) -> None:
        self.size = size
        self.batch: OutgoingBatch = scene.batch(channel)
        # No claim has to wait for the pace of the one before.
        Channel.objects.filter(pk=self.batch.channel_id).update(rate=1_000_000)
        self.due = due.Batches()
        self.content = Content.objects.create(text="Hello {{name}}, see you.")

    def refill(self) -> None:
        """Every message queued; what earlier turns left of them is vacuumed away."""
        OutgoingMessage.objects.filter(batch=self.batch).delete()
        Channel.objects.filter(pk=self.batch.channel_id).update(paced_until=None)
        params = {
            "batch": self.batch.pk,
            "content": self.content.pk,
            "channel": self.batch.channel_id,
            "size": self.size,
        }
        with connection.cursor() as cursor:
            cursor.execute(_FILL, params)
            cursor.execute("VACUUM ANALYZE optout_outgoingmessage")

    def check(self) -> None:
        """A turn counts only if every message was sent."""
        sent = OutgoingMessage.objects.filter(batch=self.batch, state="sent").count()
        if sent != self.size:
            raise RuntimeError(f"{sent} of {self.size} were sent")

    def claim(self) -> None:
        """Claim them all, 200 at a time."""
        for _ in range(self.size // CLAIM):
            if self.due.next() != [self.batch]:
                raise RuntimeError("another batch is due")
            if len(handover.claim(self.batch, CLAIM).messages) != CLAIM:
                raise RuntimeError("the claim came out short")

    def statements(self) -> int:
        """How many `send_due` executes for all the messages."""
        self.refill()
        with _counted() as statements:
            sender.send_due()
        return len(statements)

    def send_bare(self) -> None:
        """Claim, ask the gate and write the result, for all messages."""
        raw = connection.connection
        with psycopg.Cursor(raw) as cursor:
            while claimed := self._claim_bare(cursor):
                for pk, key, attempt in claimed:
                    params = {"batch": self.batch.pk, "channel": 800, "key": key}
                    cursor.execute(_GATE, params, prepare=True)
                    cursor.fetchone()
                    result = {"id": pk, "attempt": attempt}
                    cursor.execute(_RESULT, result, prepare=True)

    def _claim_bare(self, cursor: psycopg.Cursor[Any]) -> Sequence[tuple[Any, ...]]:
        params = {"batch": self.batch.pk, "channel": self.batch.channel_id}
        with cursor.connection.transaction():
            cursor.execute(_LOCK_CHANNEL, params, prepare=True)
            cursor.execute(_CLAIM, params | {"limit": CLAIM}, prepare=True)
            claimed = cursor.fetchall()
            cursor.execute(_PACE, params, prepare=True)
            cursor.execute(_TURN, params, prepare=True)
        return claimed


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


_FILL = """
INSERT INTO optout_outgoingmessage (batch_id, content_id, channel_id, key, address,
    variables, dedupe, state, error, error_code, attempt, next_at, provider_id,
    created_at)
SELECT %(batch)s, %(content)s, %(channel)s, md5('person ' || n)::uuid, '+349' || n,
    '{"name": "Asha"}', 0, 'queued', '', '', 0, now(), '', now()
FROM generate_series(1, %(size)s) AS n
"""
_LOCK_CHANNEL = """
SELECT channel_id FROM optout_channel
WHERE channel_id = %(channel)s AND is_active FOR NO KEY UPDATE SKIP LOCKED
"""
_CLAIM = """
UPDATE optout_outgoingmessage SET state = 'sending', attempt = attempt + 1,
    lease_until = statement_timestamp() + interval '60 s'
WHERE id IN (
    SELECT id FROM optout_outgoingmessage
    WHERE batch_id = %(batch)s AND state = 'queued' AND next_at <= now()
    ORDER BY next_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id, key, attempt
"""
_PACE = "UPDATE optout_channel SET paced_until = now() WHERE channel_id = %(channel)s"
_TURN = "UPDATE optout_outgoingbatch SET claimed_at = now() WHERE id = %(batch)s"
_GATE = """
SELECT
    (SELECT state FROM optout_outgoingbatch WHERE id = %(batch)s),
    EXISTS (SELECT 1 FROM optout_outgoingbatch_lists
            WHERE outgoingbatch_id = %(batch)s),
    (SELECT min(e.id) FROM optout_entry e
     WHERE e.key = %(key)s AND e.channel_id IN (0, %(channel)s) AND e.ended_at IS NULL
       AND e.list_id IN (SELECT optoutlist_id FROM optout_outgoingbatch_lists
                         WHERE outgoingbatch_id = %(batch)s)),
    (SELECT id FROM optout_hold
     WHERE key = %(key)s AND channel_id = %(channel)s AND state = 'waiting')
"""
_RESULT = """
UPDATE optout_outgoingmessage SET state = 'sent', provider_id = 'taken',
    sent_at = statement_timestamp(), lease_until = NULL, error = '', error_code = ''
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'sending'
"""
