"""The gate over a whole audience: one statement withholds, another counts."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction

from optout import gate
from optout.models import (
    OutgoingBatch,
    OutgoingMessage,
    live_entries,
)

# Probing the index in key order costs by recipients and is flat in entries; the
# planner's hash costs by entries. Measured: the planner wins under three to one.
PROBE_FROM_RATIO = 3

_PROBES_ONLY = """
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL max_parallel_workers_per_gather = 0
"""

_WITHHOLD_LISTED = """
UPDATE optout_outgoingmessage
SET state = 'suppressed', error = 'Optout Number', error_code = 'opted_out',
    entry_id = hit.entry_id
FROM (
    SELECT r.id AS message_id, min(e.id) AS entry_id
    FROM (SELECT id, key FROM optout_outgoingmessage
          WHERE batch_id = %(batch)s AND state = 'queued'
          ORDER BY key {no_pull_up}) r
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
    with transaction.atomic(), connection.cursor() as cursor:
        if _probes_are_quicker(batch, lists):
            cursor.execute(_PROBES_ONLY)
        cursor.execute(_listed_statement(lists), params)
        cursor.execute(_WITHHOLD_HELD, params)


def _listed_statement(lists: Collection[int]) -> str:
    # OFFSET 0 keeps PostgreSQL from pulling the ordered subquery up.
    no_pull_up = "OFFSET 0" if connection.vendor == "postgresql" else ""
    return _WITHHOLD_LISTED.format(lists=_ids(lists), no_pull_up=no_pull_up)


def _ids(lists: Collection[int]) -> str:
    return ", ".join(str(int(pk)) for pk in sorted(lists)) or "NULL"


def _probes_are_quicker(batch: OutgoingBatch, lists: Collection[int]) -> bool:
    if connection.vendor != "postgresql":
        return False
    recipients = OutgoingMessage.objects.filter(batch=batch).count()
    ceiling = recipients * PROBE_FROM_RATIO
    selected = live_entries().filter(list_id__in=lists)[: ceiling + 1]
    return selected.count() > ceiling


@dataclass(frozen=True, slots=True)
class Preview:
    """What the gate would say of a batch's queued messages; nothing is written."""

    queued: int
    withheld: int
    opted_out_by_list: dict[int, int]
    under_review: int

    @property
    def to_send(self) -> int:
        return self.queued - self.withheld


_COUNT_LISTED = """
SELECT e.list_id, count(DISTINCT m.id)
FROM optout_outgoingmessage m
JOIN optout_entry e ON e.key = m.key AND e.ended_at IS NULL
 AND e.channel_id IN (0, %(channel)s)
WHERE m.batch_id = %(batch)s AND m.state = 'queued'
GROUP BY e.list_id
"""

_COUNT_WITHHELD = """
SELECT count(*),
       count(CASE WHEN listed THEN 1 END),
       count(CASE WHEN held AND NOT listed THEN 1 END)
FROM (
    SELECT EXISTS (SELECT 1 FROM optout_entry e
                   WHERE e.key = m.key AND e.channel_id IN (0, %(channel)s)
                     AND e.ended_at IS NULL AND e.list_id IN ({lists})) AS listed,
           EXISTS (SELECT 1 FROM optout_hold h
                   WHERE h.key = m.key AND h.channel_id = %(channel)s
                     AND h.state = 'waiting') AS held
    FROM optout_outgoingmessage m
    WHERE m.batch_id = %(batch)s AND m.state = 'queued'
) AS answers
"""


def preview(batch: OutgoingBatch) -> Preview:
    """Exact counts before a launch, over every live list, selected or not."""
    gate.require_our_key()
    lists = gate.selected_lists(batch.lists.values_list("id", flat=True))
    params = {"batch": batch.pk, "channel": batch.channel_id}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_LISTED, params)
        by_list = dict(cursor.fetchall())
        cursor.execute(_COUNT_WITHHELD.format(lists=_ids(lists)), params)
        queued, listed, held = cursor.fetchone()
    return Preview(queued, listed + held, by_list, held)
