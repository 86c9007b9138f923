"""Claims: a run is in one worker's hands at a time, for a lease that it renews.

What a worker writes counts only under its claim: `attempts` and `lease_until` have to
be what it wrote last. Leases end by the database's clock: a process's may be wrong.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from connectors import results
from connectors.models import Connector, Run, RunState
from connectors.results import StepResult
from optout.prepared import Prepared, database_time_after

# Longer than any action takes: an HTTP request has 15 s.
LEASE = timedelta(seconds=60)


class LostClaim(Exception):  # noqa: N818 - it is news, no error
    """Another worker has the run, or it is gone: nothing more is to be done."""


@dataclass(slots=True)
class Claim:
    """A run in hand; `fence` is when its lease ends, on the monotonic clock."""

    run: Run
    lease: datetime
    fence: float

    def keep(self, rows: Sequence[StepResult]) -> None:
        """Write what was done so far, and renew the lease; raises LostClaim."""
        fence = _fence()
        kept = _keeping(LEASE).fetch_all(
            {
                "id": self.run.pk,
                "attempts": self.run.attempts,
                "lease": self.lease,
                "results": _json(rows),
            }
        )
        if not kept:
            raise LostClaim
        self.lease, self.fence = _moment(kept[0][0]), fence

    def check(self) -> None:
        """Raise LostClaim if the lease may have ended meanwhile: this worker froze."""
        if time.monotonic() > self.fence:
            raise LostClaim

    def leave(self, state: RunState, **columns: Any) -> None:
        """Let the run go in this state; raises LostClaim."""
        ours = Run.objects.filter(
            pk=self.run.pk,
            state=RunState.RUNNING,
            attempts=self.run.attempts,
            lease_until=self.lease,
        )
        if not ours.update(state=state, lease_until=None, **columns):
            raise LostClaim


_KEEP = """
UPDATE connectors_run SET results = %(results)s, lease_until = {lease}
WHERE id = %(id)s AND state = 'running'
  AND attempts = %(attempts)s AND lease_until = %(lease)s
RETURNING lease_until
"""
# Due, and nobody has another of its runs: they go one after another, in order. The
# inner question is asked of the index for each connector, however many runs wait.
_DUE = """
SELECT c.id FROM connectors_connector c
WHERE (SELECT r.id FROM connectors_run r
       WHERE r.connector_id = c.id AND r.state IN ('queued', 'waiting')
         AND r.next_at <= %(now)s
       ORDER BY r.next_at LIMIT 1) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM connectors_run o
                  WHERE o.state = 'running' AND o.connector_id = c.id)
ORDER BY c.id
"""
_TAKE = """
UPDATE connectors_run
SET state = 'running', attempts = attempts + 1, lease_until = {lease},
    started_at = COALESCE(started_at, %(now)s)
WHERE id = (SELECT r.id FROM connectors_run r
            WHERE r.connector_id = %(connector)s AND r.state IN ('queued', 'waiting')
              AND r.next_at <= %(now)s
            ORDER BY r.next_at, r.id LIMIT 1)
  AND state IN ('queued', 'waiting')
  AND NOT EXISTS (SELECT 1 FROM connectors_run o
                  WHERE o.state = 'running' AND o.connector_id = %(connector)s)
RETURNING id, lease_until
"""
_due = Prepared(_DUE)
_statements: dict[tuple[str, timedelta], Prepared] = {}


def _leasing(sql: str, lease: timedelta) -> Prepared:
    if (sql, lease) not in _statements:
        text = sql.format(lease=database_time_after(lease))
        _statements[sql, lease] = Prepared(text)
    return _statements[sql, lease]


def _keeping(lease: timedelta) -> Prepared:
    return _leasing(_KEEP, lease)


def due_connectors() -> list[int]:
    """The connectors with a run that is due, of which nobody has one in hand."""
    return [pk for (pk,) in _due.fetch_all({"now": timezone.now()})]


def claim(connector_id: int) -> Claim | None:
    """Take the connector's next run in hand; None without one, or if another has one.

    Two workers cannot have runs of one connector at the same time: what came in first
    is done first, as long as it does not wait.
    """
    fence = _fence()
    asked = {"connector": connector_id, "now": timezone.now()}
    with transaction.atomic(durable=True):
        if not _is_ours_alone(connector_id):
            return None
        taken = _leasing(_TAKE, LEASE).fetch_all(asked)
    if not taken:
        return None
    [(pk, lease)] = taken
    run = Run.objects.select_related("connector", "version").get(pk=pk)
    return Claim(run, _moment(lease), fence)


def _is_ours_alone(connector_id: int) -> bool:
    """Lock the connector against other claims; not against what comes in."""
    if connection.vendor == "sqlite":  # the transaction is the only one that writes
        return True
    rows = Connector.objects.select_for_update(skip_locked=True, no_key=True)
    return rows.filter(pk=connector_id).values_list("pk").first() is not None


def sweep() -> int:
    """Let go of the runs whose worker is gone; how many. They are next again."""
    lost = Run.objects.filter(state=RunState.RUNNING, lease_until__lte=Now())
    return lost.update(state=RunState.QUEUED, lease_until=None)


def _fence() -> float:
    return time.monotonic() + LEASE.total_seconds()


def _json(rows: Sequence[StepResult]) -> str:
    return json.dumps(results.write(rows))


def _moment(value: datetime | str) -> datetime:
    """A time as the engine returns it: SQLite a text in UTC."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read if read.tzinfo else read.replace(tzinfo=UTC)
