"""The statements of a claim: lock the channel, mark what is due, pace, take turns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from optout import due, hours
from optout.models import Content, OutgoingBatch, Purpose, SendingHours
from optout.prepared import DATABASE_TIME, Prepared, Row, among

# A claimed message is nobody else's for this long. The sender starts no call so late
# that it could end after the lease.
LEASE = timedelta(seconds=60)
# Where nothing may leave of what was looked at first, so many more are looked at.
MOST_LOOKED_AT = 500


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
# Under the channel's lock, and so after the claim before this one.
_BATCH_NOW = """
SELECT b.rate, b.hours_id FROM optout_outgoingbatch b
WHERE b.id = %(batch)s AND {may_go_on}
"""
_CHOOSE = """
SELECT m.id, m.content_id, m.address FROM optout_outgoingmessage m
WHERE m.batch_id = %(batch)s AND {is_due} {last}
ORDER BY m.next_at, m.id LIMIT %(limit)s {lock}
"""
_MARK = """
UPDATE optout_outgoingmessage
SET state = 'sending', attempt = attempt + 1, claimed_at = %(claimed_at)s,
    lease_until = %(lease_until)s
WHERE id {are_chosen} AND state = 'queued'
RETURNING id, attempt, key, address, variables, content_id
"""
_POSTPONE = """
UPDATE optout_outgoingmessage SET next_at = %(until)s
WHERE id {are_chosen} AND state = 'queued'
"""
_IS_SQLITE = connection.vendor == "sqlite"

At = dict[str, Any]


def _locking(statement: str, lock: str, last: str = "") -> Prepared:
    """SQLite has no row locks and needs none: its transaction is the only writer."""
    return Prepared(
        statement.format(
            is_due=due.IS_DUE,
            is_free=due.IS_FREE,
            now=DATABASE_TIME,
            lock="" if _IS_SQLITE else f"{lock} SKIP LOCKED",
            last=last,
        )
    )


_lock_channel = _locking(_LOCK_CHANNEL, "FOR NO KEY UPDATE")
_batch_now = Prepared(_BATCH_NOW.format(may_go_on=due.MAY_GO_ON))
_choose = _locking(_CHOOSE, "FOR UPDATE OF m")
_choose_last = _locking(_CHOOSE, "FOR UPDATE OF m", _NOTHING_ON_ITS_WAY)
_mark = Prepared(_MARK.format(are_chosen=among("chosen")))
_postpone = Prepared(_POSTPONE.format(are_chosen=among("chosen")))
_pace = Prepared("""
UPDATE optout_channel SET paced_until = %(until)s WHERE channel_id = %(channel)s
""")
_take_turn = Prepared("""
UPDATE optout_outgoingbatch SET claimed_at = %(now)s, paced_until = %(until)s
WHERE id = %(batch)s
""")


def mark(batch: OutgoingBatch, limit: int) -> list[Claimed]:
    """Mark up to `limit` due messages `sending`, and pace channel and batch.

    At most a second's worth of both rates, none where another sender was quicker, in
    order of id. What is outside its hours waits for them and takes nothing of the
    pace. Call it in a transaction. The lease runs by the database's clock.
    """
    now = timezone.now()
    at = due.clock(now) | {"batch": batch.pk, "channel": batch.channel_id}
    free, running = _lock_channel.fetch_all(at), _batch_now.fetch_all(at)
    if not free or not running:
        return []
    [(channel_rate, clock)], [(batch_rate, hours_id)] = free, running
    claimed_at = _time(clock)
    at |= {"claimed_at": claimed_at, "lease_until": claimed_at + LEASE}
    at["limit"] = min(limit, channel_rate, batch_rate or limit)
    look = _Look(
        _choose_last if batch.purpose == Purpose.LIST_MESSAGE else _choose, at, hours_id
    )
    rows = _mark.fetch_all(at | {"chosen": look.open_ids()})
    if rows:
        channel_until = now + timedelta(seconds=len(rows) / channel_rate)
        batch_until = batch_rate and now + timedelta(seconds=len(rows) / batch_rate)
        _pace.run(at | {"until": channel_until})
        _take_turn.run(at | {"until": batch_until})
    return _read(rows, batch.channel_id, look.contents, claimed_at + LEASE)


class _Look:
    """Looks for due messages whose hours are open; the others wait until theirs are.

    Hours are those of the batch, and beside them those of a content.
    """

    def __init__(self, choose: Prepared, at: At, hours_id: int | None) -> None:
        self.choose, self.at = choose, at
        self.now: datetime = at["now"]
        self.own = SendingHours.objects.get(pk=hours_id) if hours_id else None
        self.contents: dict[int, Content] = {}
        self.opens: dict[object, datetime] = {}

    def open_ids(self) -> list[int]:
        """Ids of those that may leave now, at most `limit`; the rest was postponed."""
        if self.own and hours.closed_for_all(self.own, self.now):
            return []
        rows = self.choose.fetch_all(self.at)
        ids = self._postpone_closed(rows)
        if rows and not ids:
            more = {"limit": MOST_LOOKED_AT}
            ids = self._postpone_closed(self.choose.fetch_all(self.at | more))
        return ids[: self.at["limit"]]

    def _postpone_closed(self, rows: list[Row]) -> list[int]:
        contents = {content_id for _, content_id, _ in rows} - self.contents.keys()
        self.contents |= Content.objects.select_related("hours").in_bulk(contents)
        ids_by_time: dict[datetime, list[int]] = {}
        for pk, content_id, address in rows:
            opens = self._opens_at(self.contents[content_id], address)
            ids_by_time.setdefault(opens, []).append(pk)
        ids = ids_by_time.pop(self.now, [])
        for until, closed in ids_by_time.items():
            _postpone.run({"until": until, "chosen": closed})
        return ids

    def _opens_at(self, content: Content, address: str) -> datetime:
        several = [row for row in (self.own, content.hours) if row]
        if not several:
            return self.now
        is_by_recipient = any(row.by_recipient for row in several)
        where = content.pk, hours.zones_of(address) if is_by_recipient else ()
        if where not in self.opens:
            self.opens[where] = hours.all_open_at(several, address, self.now)
        return self.opens[where]


def _read(
    rows: list[Row], channel_id: int, contents: Mapping[int, Content], lease: datetime
) -> list[Claimed]:
    """The messages in order of id; many share one content."""
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
