"""The gate over a whole audience, against raw statements that do the same write."""

from collections.abc import Callable, Iterator
from functools import partial

from django.db import connection, transaction

from bench import data
from bench.data import Data, execute
from bench.table import Row, Target
from bench.timing import Variant, interleave
from optout import withholding
from optout.models import ALL_CHANNELS, OutgoingBatch, OutgoingMessage

# A tenth of the entries in a table of their own: everybody who is listed stands in it,
# so that as many rows are written. It has both indexes that begin with the key, as
# probes by the unique one alone cost nearly twice as much.
_TENTH = """
CREATE TABLE bench_tenth AS SELECT id, key, channel_id, list_id, ended_at
FROM optout_entry WHERE address LIKE '+346%' OR id % 100 < 10
"""
_TENTH_INDEX = """
CREATE UNIQUE INDEX ON bench_tenth (key, channel_id, list_id) WHERE ended_at IS NULL;
CREATE INDEX ON bench_tenth (key, id DESC)
"""
_UNDO = """
UPDATE optout_outgoingmessage
SET state = 'queued', error = '', error_code = '', entry_id = NULL
WHERE batch_id = {batch} AND state = 'suppressed'
"""
_MARK = """
UPDATE optout_outgoingmessage m
SET state = 'suppressed', error = 'Optout Number', error_code = 'opted_out',
    entry_id = {entry}
"""
_LIVE = """
e.channel_id IN ({all}, {channel}) AND e.list_id IN ({lists}) AND e.ended_at IS NULL
"""
_PROBES_ONLY = """
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL max_parallel_workers_per_gather = 0
"""
_QUEUED = "batch_id = {batch} AND state = 'queued'"

PLANNER = (
    _MARK.format(entry="e.id")
    + f"FROM optout_entry e WHERE m.{_QUEUED.replace('state', 'm.state')}"
    + f" AND e.key = m.key AND {_LIVE}"
)
PROBES = (
    _MARK.format(entry="hit.entry_id")
    + "FROM (SELECT r.id, e.id AS entry_id FROM (SELECT id, key"
    + f" FROM optout_outgoingmessage WHERE {_QUEUED} ORDER BY key OFFSET 0) r"
    + f" JOIN {{entries}} e ON e.key = r.key WHERE {_LIVE}) hit WHERE m.id = hit.id"
)
# What an ORM writes: filter(Exists(…)).update(entry=Subquery(…)).
_OF_MESSAGE = f"FROM optout_entry e WHERE e.key = m.key AND {_LIVE}"
EXISTS = (
    _MARK.format(entry=f"(SELECT min(e.id) {_OF_MESSAGE})")
    + f"WHERE {_QUEUED} AND EXISTS (SELECT 1 {_OF_MESSAGE})"
)
_COUNT = f"""
SELECT e.list_id, count(*) FROM {{recipients}} r JOIN optout_entry e ON e.key = r.key
WHERE {_LIVE} GROUP BY e.list_id
"""
_RECIPIENTS = f"(SELECT id, key FROM optout_outgoingmessage WHERE {_QUEUED}{{order}})"
COUNT_BY_PLAN = _COUNT.replace("{recipients}", _RECIPIENTS.replace("{order}", ""))
COUNT_BY_PROBES = _COUNT.replace(
    "{recipients}", _RECIPIENTS.replace("{order}", " ORDER BY key OFFSET 0")
)


def lines(scale: float) -> Iterator[Row]:
    """The launch's write, its growth with the entries, and the review's counts."""
    made = data.load(scale)
    batch = made.batch_to(made.people)
    _copy_a_tenth()
    yield from _writing(made, batch)
    yield from _counting(made, batch)
    data.forget_messages()


def _writing(made: Data, batch: OutgoingBatch) -> Iterator[Row]:
    statement = partial(_statement, made, batch)
    ways: dict[str, Callable[[], None]] = {
        "ours": partial(withholding.withhold, batch),
        "planner": statement(PLANNER),
        "probes": statement(PROBES, entries="optout_entry"),
        "exists": statement(EXISTS),
        "tenth": statement(PROBES, entries="bench_tenth"),
    }
    tidy = partial(undo, batch)
    took = interleave({name: Variant(run, tidy=tidy) for name, run in ways.items()})
    sizes = f"{made.people:,} × {made.entries:,}"
    raw = min("planner", "probes", key=took.__getitem__)
    yield Row(
        f"withholding {sizes}",
        took["ours"],
        took[raw],
        f"better raw statement ({raw})",
        Target(1.3),
    )
    yield Row(
        "the same", took["ours"], took["exists"], "EXISTS as planned", Target(0.75)
    )
    yield Row(
        "the same",
        took["ours"],
        took["tenth"],
        f"raw probes, {made.entries // 10:,} entries",
        Target(1.3),
    )


def _counting(made: Data, batch: OutgoingBatch) -> Iterator[Row]:
    statement = partial(_statement, made, batch)
    ways: dict[str, Callable[[], object]] = {
        "ours": partial(withholding.preview, batch),
        "planner": statement(COUNT_BY_PLAN),
        "probes": statement(COUNT_BY_PROBES),
    }
    took = interleave({name: Variant(run) for name, run in ways.items()})
    raw = min("planner", "probes", key=took.__getitem__)
    yield Row(
        "counting before the launch",
        took["ours"],
        took[raw],
        f"better raw statement ({raw})",
        Target(1.3),
    )


def _statement(
    made: Data, batch: OutgoingBatch, template: str, **more: str
) -> Callable[[], None]:
    """A raw statement as a way to run it; those in key order may only probe."""
    sql = template.format(
        all=ALL_CHANNELS,
        batch=batch.pk,
        channel=made.channel.pk,
        lists=", ".join(str(row.pk) for row in made.lists),
        **more,
    )

    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            if "OFFSET 0" in sql:
                cursor.execute(_PROBES_ONLY)
            cursor.execute(sql)

    return run


def probing_filter(made: Data, batch: OutgoingBatch) -> Callable[[], None]:
    """The raw statement that others add to what they compare with."""
    return _statement(made, batch, PROBES, entries="optout_entry")


def _copy_a_tenth() -> None:
    execute(_TENTH)
    execute(_TENTH_INDEX)
    execute("VACUUM ANALYZE bench_tenth")


def undo(batch: OutgoingBatch) -> None:
    """Queued again, with neither dead rows nor a checkpoint left to the next."""
    execute(_UNDO.format(batch=batch.pk))
    data.vacuum(OutgoingMessage)
    execute("CHECKPOINT")
