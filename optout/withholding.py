"""The gate over a whole audience: one statement withholds, another counts."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Sum

from optout import gate
from optout.models import MessageState, OptOutList, OutgoingBatch, OutgoingMessage

# Probing the index in key order costs by recipients and is flat in entries; the
# planner's hash costs by entries. Measured: the planner wins under three to one.
PROBE_FROM_RATIO = 3

_PROBES_ONLY = """
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL max_parallel_workers_per_gather = 0
"""

# Who is queued, in the order in which the index of the entries is met. OFFSET 0 keeps
# PostgreSQL from pulling the subquery up and losing that order.
_IN_KEY_ORDER = """
    (SELECT id, key FROM optout_outgoingmessage
     WHERE batch_id = %(batch)s AND state = 'queued' ORDER BY key {no_pull_up})
"""

_WITHHOLD_LISTED = """
UPDATE optout_outgoingmessage
SET state = 'suppressed', error = 'Optout Number', error_code = 'opted_out',
    entry_id = hit.entry_id
FROM (
    SELECT r.id AS message_id, min(e.id) AS entry_id
    FROM {in_key_order} r
    JOIN optout_entry e ON e.key = r.key
    WHERE e.channel_id IN (0, %(channel)s) AND e.ended_at IS NULL
      AND e.list_id IN ({lists})
    GROUP BY r.id
) AS hit
WHERE optout_outgoingmessage.id = hit.message_id
  AND optout_outgoingmessage.state = 'queued'
"""

_WITHHOLD_HELD = """
UPDATE optout_outgoingmessage
SET state = 'suppressed', error = 'Optout Number', error_code = 'under_review',
    hold_id = h.id
FROM optout_hold h
WHERE optout_outgoingmessage.batch_id = %(batch)s
  AND optout_outgoingmessage.state = 'queued'
  AND h.key = optout_outgoingmessage.key AND h.channel_id = %(channel)s
  AND h.state = 'waiting'
"""


def withhold(batch: OutgoingBatch) -> None:
    """Mark every queued message of the batch that the gate withholds; set-based.

    Only withheld rows are written. A repeat finds what was listed since.
    """
    gate.require_our_key()
    lists = gate.selected_lists(batch.lists.values_list("id", flat=True))
    params = {"batch": batch.pk, "channel": batch.channel_id}
    with transaction.atomic(), _probing(batch, lists) as cursor:
        cursor.execute(_statement(_WITHHOLD_LISTED, lists), params)
        cursor.execute(_WITHHOLD_HELD, params)


def _statement(template: str, lists: Collection[int]) -> str:
    no_pull_up = "OFFSET 0" if connection.vendor == "postgresql" else ""
    in_key_order = _IN_KEY_ORDER.format(no_pull_up=no_pull_up)
    return template.format(lists=_ids(lists), in_key_order=in_key_order)


def _ids(lists: Collection[int]) -> str:
    return ", ".join(str(int(pk)) for pk in sorted(lists)) or "NULL"


@contextmanager
def _probing(batch: OutgoingBatch, lists: Collection[int]) -> Iterator[CursorWrapper]:
    """A cursor that looks up keys in their order, where the planner would not."""
    if not _probes_are_quicker(batch, lists):
        with connection.cursor() as cursor:
            yield cursor
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PROBES_ONLY)
        yield cursor


def _probes_are_quicker(batch: OutgoingBatch, lists: Collection[int]) -> bool:
    """Both ways answer the same, so counts of a minute ago are good enough."""
    if connection.vendor != "postgresql":
        return False
    recipients = OutgoingMessage.objects.filter(batch=batch).count()
    sizes = OptOutList.objects.filter(pk__in=lists).aggregate(sum=Sum("entry_count"))
    return (sizes["sum"] or 0) > recipients * PROBE_FROM_RATIO


@dataclass(frozen=True, slots=True)
class Preview:
    """What the gate would say of a batch's queued messages; nothing is written.

    queued = to_send + by_list + under_review: who stands on several selected lists
    counts for the one whose entry would withhold, as in the report. `not_selected`
    are those on other lists who would get the message.
    """

    queued: int
    by_list: dict[int, int]
    not_selected: dict[int, int]
    under_review: int

    @property
    def withheld(self) -> int:
        return sum(self.by_list.values()) + self.under_review

    @property
    def to_send(self) -> int:
        return self.queued - self.withheld


_COUNT_LISTED = """
WITH hit AS (
    SELECT r.id, e.list_id, e.id AS entry_id
    FROM {in_key_order} r
    JOIN optout_entry e ON e.key = r.key
    WHERE e.channel_id IN (0, %(channel)s) AND e.ended_at IS NULL
), withheld AS (
    SELECT id, min(entry_id) AS entry_id FROM hit WHERE list_id IN ({lists}) GROUP BY id
)
SELECT 1, h.list_id, count(*)
FROM withheld w JOIN hit h ON h.id = w.id AND h.entry_id = w.entry_id
GROUP BY h.list_id
UNION ALL
SELECT 0, list_id, count(DISTINCT id)
FROM hit WHERE id NOT IN (SELECT id FROM withheld) GROUP BY list_id
"""

_COUNT_HELD_ALONE = """
SELECT count(*)
FROM optout_hold h JOIN optout_outgoingmessage m ON m.key = h.key
WHERE m.batch_id = %(batch)s AND m.state = 'queued'
  AND h.channel_id = %(channel)s AND h.state = 'waiting'
  AND NOT EXISTS (SELECT 1 FROM optout_entry e
                  WHERE e.key = h.key AND e.channel_id IN (0, %(channel)s)
                    AND e.ended_at IS NULL AND e.list_id IN ({lists}))
"""


def preview(batch: OutgoingBatch) -> Preview:
    """Exact counts before a launch, over every live list, selected or not."""
    gate.require_our_key()
    lists = gate.selected_lists(batch.lists.values_list("id", flat=True))
    params = {"batch": batch.pk, "channel": batch.channel_id}
    every_list = OptOutList.objects.values_list("id", flat=True)
    with _probing(batch, every_list) as cursor:
        cursor.execute(_statement(_COUNT_LISTED, lists), params)
        listed = cursor.fetchall()
        cursor.execute(_statement(_COUNT_HELD_ALONE, lists), params)
        (held,) = cursor.fetchone()
    queued = OutgoingMessage.objects.filter(batch=batch, state=MessageState.QUEUED)
    return Preview(
        queued=queued.count(),
        by_list={pk: count for selected, pk, count in listed if selected},
        not_selected={pk: count for selected, pk, count in listed if not selected},
        under_review=held,
    )
