"""What an opt-out costs, one at a time and 500 at a time, against a bare transaction.

The bare one takes the same locks and writes the same rows into the same tables: entry,
ledger event and its detail. One at a time it executes all that `entries.opt_out` does,
its three reads too, by Django's plain cursor. 500 at a time it executes one multi-row
INSERT into each table, put together by psycopg, and knows beforehand what we have to
find out: that the list stands, nobody is on it and nothing is on its way. The list has
no webhook URL.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from bench.table import MICROSECONDS, Note, Row, Target
from bench.timing import Variant, interleave
from optout import addresses, entries
from optout.addresses import Address
from optout.models import Entry, Reason, Source, default_list

SINGLE = 100
MANY = entries.CHUNK_KEYS
CHUNKS = 4


def lines(scale: float) -> Iterator[Row | Note]:
    """One at a time, then 500."""
    desk = _Desk()
    one = interleave(
        {
            "ours": Variant(desk.one_by_one, prepare=lambda: desk.expect(SINGLE)),
            "bare": Variant(desk.one_by_one_bare, prepare=lambda: desk.expect(SINGLE)),
        }
    )
    people = MANY * max(1, round(CHUNKS * min(scale, 1)))
    many = interleave(
        {
            "ours": Variant(desk.many, prepare=lambda: desk.expect(people)),
            "bare": Variant(desk.many_bare, prepare=lambda: desk.expect(people)),
        }
    )
    yield _row("an opt-out, one at a time", one, SINGLE, Target(3))
    yield _row(f"an opt-out, {MANY} at a time", many, people, Target(1.5))


def _row(what: str, seconds: dict[str, float], people: int, target: Target) -> Row:
    ours, bare = seconds["ours"] / people, seconds["bare"] / people
    return Row(what, ours, bare, "a bare transaction", target, MICROSECONDS)


class _Desk:
    """People who were never seen before, and the two ways to opt them out."""

    def __init__(self) -> None:
        self.numbers = itertools.count(600_000_000 + Entry.objects.count())
        self.list_id = default_list().pk
        self.people: list[Address] = []

    def expect(self, people: int) -> None:
        """The next people; reading their numbers is not what is measured."""
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE optout_entry")
        numbers = itertools.islice(self.numbers, people)
        self.people = [addresses.parse(f"+34{number}") for number in numbers]

    def one_by_one(self) -> None:
        for person in self.people:
            entries.opt_out(self._request(person), source=_SOURCE, reason=_REASON)

    def many(self) -> None:
        requests = [self._request(person) for person in self.people]
        entries.opt_out_many(requests, source=_SOURCE, reason=_REASON)

    def _request(self, person: Address) -> entries.Request:
        return entries.Request((person,), (self.list_id,))

    def one_by_one_bare(self) -> None:
        for person in self.people:
            with transaction.atomic(), connection.cursor() as cursor:
                self._lock(cursor, [person])
                cursor.execute(_LIST, [self.list_id])
                cursor.fetchall()
                cursor.execute(_HERE_BEFORE, [person.key])
                cursor.fetchall()
                self._write(cursor, [person])
            with connection.cursor() as cursor:
                cursor.execute(_ON_THEIR_WAY, [person.key])
                cursor.fetchall()

    def many_bare(self) -> None:
        raw = connection.connection
        for start in range(0, len(self.people), MANY):
            people = self.people[start : start + MANY]
            with raw.transaction(), psycopg.Cursor(raw) as cursor:
                self._lock(cursor, people)
                self._write(cursor, people)

    def _lock(self, cursor: Any, people: Sequence[Address]) -> None:
        cursor.execute(_LOCK, [sorted(_number(person) for person in people)])
        cursor.fetchall()

    def _write(self, cursor: Any, people: Sequence[Address]) -> None:
        now = timezone.now()
        made = _insert(cursor, _ENTRY, [self._entry(person, now) for person in people])
        told = [
            self._event(person, pk, now)
            for person, pk in zip(people, made, strict=True)
        ]
        events = _insert(cursor, _EVENT, told)
        details = [
            (pk, person.address, person.raw, "", "", "", "")
            for person, pk in zip(people, events, strict=True)
        ]
        _insert(cursor, _DETAIL, details)

    def _entry(self, person: Address, now: object) -> tuple[Any, ...]:
        who = (person.key, person.kind.value, person.address, person.raw)
        why = (_SOURCE.value, _REASON.value)
        return (self.list_id, 0, *who, *why, *[""] * 4, now, now, *[""] * 4)

    def _event(self, person: Address, pk: int, now: object) -> tuple[Any, ...]:
        why = (_SOURCE.value, _REASON.value)
        where = (person.key, self.list_id, 0, pk)
        return (now, "opted_out", *where, *why, "", json.dumps({}))


_SOURCE, _REASON = Source.PAGE, Reason.STAFF
_LOCK = "SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) AS k"
_LIST = "SELECT * FROM optout_optoutlist WHERE id = %s"
_HERE_BEFORE = (
    "SELECT id FROM optout_entry"
    " WHERE key = %s AND (back_at IS NOT NULL OR ended_at IS NULL)"
)
_ON_THEIR_WAY = (
    "SELECT id FROM optout_outgoingmessage WHERE key = %s AND state = 'sending'"
    " AND lease_until > statement_timestamp()"
)
_ENTRY = (
    "INSERT INTO optout_entry (list_id, channel_id, key, address_kind, address, raw,"
    " source, reason_code, tier, wording, note, actor_label, created_at, updated_at,"
    " ended_source, ended_reason, ended_note, ended_label) VALUES {} RETURNING id"
)
_EVENT = (
    "INSERT INTO optout_ledgerevent (at, kind, key, list_id, channel_id, entry_id,"
    " source, reason_code, actor, facts) VALUES {} RETURNING id"
)
_DETAIL = (
    "INSERT INTO optout_ledgerdetail (event_id, address, raw, text,"
    " provider_message_id, user_agent, note) VALUES {} RETURNING event_id"
)


def _number(person: Address) -> int:
    return int.from_bytes(person.key.bytes[:8], "big", signed=True)


def _insert(cursor: Any, statement: str, rows: Sequence[Sequence[Any]]) -> list[int]:
    """The ids of the rows, written by one statement of one or many rows."""
    row = f"({', '.join(['%s'] * len(rows[0]))})"
    values = list(itertools.chain.from_iterable(rows))
    text = statement.format(", ".join([row] * len(rows)))
    cursor.execute(text, values)
    return [pk for (pk,) in cursor.fetchall()]
