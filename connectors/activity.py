"""How busy connectors are: their runs by state, each counted in an index."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from connectors.models import Connector
from optout.prepared import Prepared, among

SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Counts:
    """`runs` of the last 7 days; all that failed, are still to go on, or are held."""

    runs: int = 0
    failed: int = 0
    waiting: int = 0
    held: int = 0
    last_received: datetime | None = None


_COUNTS = """
SELECT c.id,
  (SELECT count(*) FROM connectors_run r
   WHERE r.connector_id = c.id AND r.received_at >= %(since)s),
  (SELECT count(*) FROM connectors_run r
   WHERE r.connector_id = c.id AND r.state = 'failed'),
  (SELECT count(*) FROM connectors_run r
   WHERE r.connector_id = c.id AND r.state IN ('queued', 'waiting'))
  + (SELECT count(*) FROM connectors_run r
     WHERE r.connector_id = c.id AND r.state = 'running'),
  (SELECT count(*) FROM connectors_run r
   WHERE r.connector_id = c.id AND r.state = 'held'),
  (SELECT max(r.received_at) FROM connectors_run r WHERE r.connector_id = c.id)
FROM connectors_connector c WHERE c.id {among_ids}
"""
_counts = Prepared(_COUNTS.format(among_ids=among("ids")))


def counts(connectors: Iterable[Connector]) -> dict[int, Counts]:
    """The counts of each by its id, in one query."""
    ids = [one.pk for one in connectors]
    rows = _counts.fetch_all({"ids": ids, "since": timezone.now() - SPAN})
    return {
        pk: Counts(runs, failed, waiting, held, _moment(last))
        for pk, runs, failed, waiting, held, last in rows
    }


def _moment(value: datetime | str | None) -> datetime | None:
    """A time as the engine returns it: SQLite a text in UTC."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read if read is None or read.tzinfo else read.replace(tzinfo=UTC)
