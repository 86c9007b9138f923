"""The shapes in which others leave out who opted out, on the same data."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from django.db import connection

from bench import data
from bench.data import Data, execute
from bench.gate import undo
from bench.table import Row, Target
from bench.timing import Variant, interleave
from optout import withholding
from optout.models import ALL_CHANNELS, OutgoingBatch, OutgoingMessage, live_entries

ASKED = 2_000  # of Django's exists(), each alike
FETCHED = 1_000  # rows of a batch: listmonk's default
SET_BATCHES, SET_BATCH = 3, 500  # measured of Odoo's shape, and its recipients

# Twice as many subscribers as are written to; status stands in the membership.
_SUBSCRIBERS = """
CREATE TABLE bench_subscriber AS
SELECT 2 * n - side AS id, key, address, 'enabled'::text AS status
FROM bench_person CROSS JOIN generate_series(0, 1) side ORDER BY 1;
ALTER TABLE bench_subscriber ADD PRIMARY KEY (id);
CREATE TABLE bench_membership AS
SELECT id AS subscriber_id, 1 + id % 2 AS list_id,
       CASE WHEN id % 20 < 2 THEN 'unsubscribed' ELSE 'confirmed' END AS status
FROM bench_subscriber ORDER BY 1;
ALTER TABLE bench_membership ADD PRIMARY KEY (subscriber_id, list_id);
CREATE INDEX ON bench_membership (list_id)
"""
_NEXT_SUBSCRIBERS = """
SELECT s.id, s.address
FROM (SELECT DISTINCT s.id FROM bench_membership m
      JOIN bench_subscriber s ON s.id = m.subscriber_id
      WHERE m.list_id = 1 AND m.status <> 'unsubscribed'
        AND s.status <> 'blocklisted' AND s.id > %s
      ORDER BY s.id LIMIT %s) next
JOIN bench_subscriber s ON s.id = next.id ORDER BY s.id
"""
_NEXT_QUEUED = """
SELECT id, address FROM optout_outgoingmessage
WHERE batch_id = {} AND state = 'queued' AND id > %s ORDER BY id LIMIT %s
"""


def lines(scale: float) -> Iterator[Row]:
    """One question per recipient, batches by keyset, the whole list per batch."""
    made = data.load(scale)
    yield from _against_queries(made)
    yield from _against_sets(made)


def _against_queries(made: Data) -> Iterator[Row]:
    batch = made.batch_to(made.people)
    execute(_SUBSCRIBERS)
    execute("VACUUM ANALYZE bench_subscriber")
    execute("VACUUM ANALYZE bench_membership")
    tidy = partial(undo, batch)
    took = interleave(
        {
            "ours": Variant(partial(withholding.withhold, batch), tidy=tidy),
            "exists": Variant(partial(_ask_each, made, batch)),
            "ours, fetched": Variant(partial(_withhold_and_fetch, batch), tidy=tidy),
            "keyset": Variant(partial(_fetch, _NEXT_SUBSCRIBERS)),
        }
    )
    data.forget_messages()
    asked = min(ASKED, made.people)
    yield Row(
        f"withholding {made.people:,} × {made.entries:,}",
        took["ours"],
        took["exists"] * made.people / asked,
        f"Django's exists() for each ({asked:,} asked, scaled up)",
        Target(100, is_least=True),
    )
    yield Row(
        "the same, survivors fetched",
        took["ours, fetched"],
        took["keyset"],
        f"keyset batches of {FETCHED:,} over subscribers (listmonk's shape)",
        Target(2.5, is_least=True),
    )


def _ask_each(made: Data, batch: OutgoingBatch) -> None:
    ids = [row.pk for row in made.lists]
    recipients = OutgoingMessage.objects.filter(batch=batch).order_by("id")
    for key in recipients.values_list("key", flat=True)[:ASKED]:
        live_entries().filter(
            key=key, channel_id__in=(ALL_CHANNELS, batch.channel_id), list_id__in=ids
        ).exists()


def _withhold_and_fetch(batch: OutgoingBatch) -> None:
    withholding.withhold(batch)
    _fetch(_NEXT_QUEUED.format(batch.pk))


def _fetch(statement: str) -> None:
    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, [last, FETCHED])
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]


def _against_sets(made: Data) -> Iterator[Row]:
    """A tenth of the people against the smallest list, a tenth of the entries."""
    people, smallest = made.people // 10, made.lists[-1]
    batch = made.batch_to(people, smallest)
    took = interleave(
        {
            "ours": Variant(
                partial(withholding.withhold, batch), tidy=partial(undo, batch)
            ),
            "sets": Variant(partial(_read_the_list_per_batch, batch)),
        }
    )
    data.forget_messages()
    batches = people / SET_BATCH
    yield Row(
        f"withholding {people:,} × {made.entries // 10:,}",
        took["ours"],
        took["sets"] * batches / SET_BATCHES,
        f"the whole list read per batch of {SET_BATCH} (Odoo's shape;"
        f" {SET_BATCHES} of {batches:,.0f} measured, scaled up)",
        Target(100, is_least=True),
    )


def _read_the_list_per_batch(batch: OutgoingBatch) -> None:
    smallest = batch.lists.get()
    recipients = OutgoingMessage.objects.filter(batch=batch).order_by("id")
    keys = iter(recipients.values_list("key", flat=True)[: SET_BATCHES * SET_BATCH])
    while some := list(islice(keys, SET_BATCH)):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT key FROM optout_entry WHERE list_id = %s AND ended_at IS NULL",
                [smallest.pk],
            )
            blocked = {key for (key,) in cursor.fetchall()}
        [key for key in some if key not in blocked]
