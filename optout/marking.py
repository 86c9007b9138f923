"""The statements of a claim: lock the channel, mark what is due, pace, take turns."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from optout import due
from optout.models import Content, OutgoingBatch, Purpose
from optout.prepared import DATABASE_TIME, Prepared, Row

# A claimed message is nobody else's for this long. The sender starts no call so late
# that it could end after the lease.
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in hand: what goes to whom, and the attempt its result is for."""

    pk: int
    attempt: int
    lease_until: datetime
    channel_id: int
    key: UUID
    address: str
    variables: dict[str, str]
    content: Content


_LOCK_CHANNEL = """
SELECT c.rate, {now} FROM optout_channel c
WHERE c.channel_id = %(channel)s AND {is_free} {lock}
"""
# A list message goes out after what is still leaving for the address: it comes last.
_NOTHING_ON_ITS_WAY = """
AND NOT EXISTS (SELECT 1 FROM optout_outgoingmessage o
                WHERE o.key = m.key AND o.state = 'sending'
                  AND o.lease_until > %(claimed_at)s)
"""
# The choice is made once, then its ids are looked up. As a join it could be made again
# and again, or the whole table be read: how many come out, the planner cannot know.
_MARK = """
WITH chosen AS MATERIALIZED (
    SELECT m.id FROM optout_outgoingmessage m
    WHERE m.batch_id = %(batch)s AND {is_due} {last}
      AND EXISTS (SELECT 1 FROM optout_outgoingbatch b
                  WHERE b.id = %(batch)s AND b.state = 'running')
    ORDER BY m.next_at, m.id LIMIT %(limit)s {lock})
UPDATE optout_outgoingmessage
SET state = 'sending', attempt = attempt + 1, claimed_at = %(claimed_at)s,
    lease_until = %(lease_until)s
WHERE id {are_chosen} AND state = 'queued'
RETURNING id, attempt, key, address, variables, content_id
"""
_IS_SQLITE = connection.vendor == "sqlite"
_ARE_CHOSEN = (
    "IN (SELECT id FROM chosen)"
    if _IS_SQLITE
    else "= ANY (ARRAY(SELECT id FROM chosen))"
)


def _locking(statement: str, lock: str, last: str = "") -> Prepared:
    """SQLite has no row locks and needs none: its transaction is the only writer."""
    return Prepared(
        statement.format(
            is_due=due.IS_DUE,
            is_free=due.IS_FREE,
            now=DATABASE_TIME,
            lock="" if _IS_SQLITE else f"{lock} SKIP LOCKED",
            last=last,
            are_chosen=_ARE_CHOSEN,
        )
    )


_lock_channel = _locking(_LOCK_CHANNEL, "FOR NO KEY UPDATE")
_mark = _locking(_MARK, "FOR UPDATE OF m")
_mark_last = _locking(_MARK, "FOR UPDATE OF m", _NOTHING_ON_ITS_WAY)
_pace = Prepared("""
UPDATE optout_channel SET paced_until = %(until)s WHERE channel_id = %(channel)s
""")
_take_turn = Prepared("""
UPDATE optout_outgoingbatch SET claimed_at = %(now)s WHERE id = %(batch)s
""")


def mark(batch: OutgoingBatch, limit: int) -> list[Claimed]:
    """Mark up to `limit` due messages `sending` and pace the channel, in order of id.

    At most a second's worth of the channel's rate, none where another sender was
    quicker. Call it in a transaction. The lease runs by the database's clock.
    """
    now = timezone.now()
    at = due.clock(now) | {"batch": batch.pk, "channel": batch.channel_id}
    free = _lock_channel.fetch_all(at)
    if not free:
        return []
    [(rate, clock)] = free
    claimed_at = _time(clock)
    lease = {"claimed_at": claimed_at, "lease_until": claimed_at + LEASE}
    statement = _mark_last if batch.purpose == Purpose.LIST_MESSAGE else _mark
    rows = statement.fetch_all(at | lease | {"limit": min(limit, rate)})
    if rows:
        _pace.run(at | {"until": now + timedelta(seconds=len(rows) / rate)})
        _take_turn.run(at)
    return _read(rows, batch.channel_id, claimed_at + LEASE)


def _read(rows: list[Row], channel_id: int, lease: datetime) -> list[Claimed]:
    """Many share one content, which is read once."""
    contents = Content.objects.in_bulk({row[-1] for row in rows})
    return [
        Claimed(
            pk,
            attempt,
            lease,
            channel_id,
            key if isinstance(key, UUID) else UUID(key),
            address,
            json.loads(variables),
            contents[content_id],
        )
        for pk, attempt, key, address, variables, content_id in sorted(rows)
    ]


def _time(clock: Any) -> datetime:
    if isinstance(clock, datetime):
        return clock
    return datetime.fromisoformat(clock).replace(tzinfo=UTC)
