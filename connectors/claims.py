"""Claims: a run is in one hand at a time, and so is its connector.

A run is a row with a time. Whoever claims it has it for a lease, which each result
renews; a result counts only for the claim it was made under, which `attempts` numbers.
Leases end by the database's clock: that of a process may be wrong.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from connectors import results
from connectors.models import Connector, Run, RunState
from connectors.results import StepResult
from optout.prepared import DATABASE_TIME, Prepared

logger = logging.getLogger(__name__)

# After each try that the database or a dead worker ended; about 31 hours in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
# Longer than any action: a request has 15 s, a wait for messages on their way 2 s.
LEASE = timedelta(seconds=60)
ERROR_CHARS = 300
_DUE = (RunState.QUEUED, RunState.WAITING)


class LostClaim(Exception):  # noqa: N818 - it is news, no error
    """Somebody else has the run, or may have it: nothing more is done here."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run in hand; `fence` is when its lease ends, on the monotonic clock."""

    run: Run
    fence: float

    def check(self) -> None:
        """Raise LostClaim if the lease may have ended: this process stood still."""
        if time.monotonic() > self.fence:
            raise LostClaim

    def keep(self, told: Sequence[StepResult]) -> "Claim":
        """Write results down; the claim with another lease. Raises LostClaim."""
        fence = _fence()
        self._write(results=results.write(told), lease_until=Now() + LEASE)
        return Claim(self.run, fence)

    def leave(self, state: RunState, **columns: Any) -> None:
        """Let the run go in this state. Raises LostClaim."""
        self._write(state=state, lease_until=None, **columns)

    def _write(self, **columns: Any) -> None:
        mine = Run.objects.filter(
            pk=self.run.pk, state=RunState.RUNNING, attempts=self.run.attempts
        )
        if not mine.update(**columns):
            raise LostClaim


def _fence() -> float:
    return time.monotonic() + LEASE.total_seconds()


# Claiming

_NEXT = """
SELECT r.id FROM connectors_run r
WHERE r.connector_id = {connector} AND r.state IN ('queued', 'waiting')
  AND r.next_at <= %(now)s {and_more}
ORDER BY r.next_at, r.id LIMIT 1
"""
_NOBODY_HAS_ONE = """
AND NOT EXISTS (SELECT 1 FROM connectors_run h
                WHERE h.connector_id = {connector} AND h.state = 'running')
"""


def _next(connector: str) -> str:
    more = _NOBODY_HAS_ONE.format(connector=connector)
    return _NEXT.format(connector=connector, and_more=more)


# Asked of the index for each connector, however many of its runs wait.
_DUE_CONNECTORS = f"""
SELECT c.id FROM connectors_connector c WHERE ({_next("c.id")}) IS NOT NULL
ORDER BY c.id
"""  # noqa: S608 - our own words
_due_connectors = Prepared(_DUE_CONNECTORS)
_next_of = Prepared(_next("%(connector)s"))


def due_connectors() -> list[int]:
    """The connectors that have a run to go on with, and none in hand."""
    return [pk for (pk,) in _due_connectors.fetch_all({"now": timezone.now()})]


def claim(connector_id: int) -> Claim | None:
    """Take the connector's next run in hand; None without one, or if one is in hand.

    Runs of a connector go one after another, in the order they came in: who is added
    and then removed ends up removed.
    """
    fence = _fence()
    with transaction.atomic(durable=True):
        if not _is_ours(connector_id):
            return None
        asked = {"connector": connector_id, "now": timezone.now()}
        ids = [pk for (pk,) in _next_of.fetch_all(asked)]
        taken = Run.objects.filter(pk__in=ids, state__in=_DUE).update(
            state=RunState.RUNNING,
            attempts=F("attempts") + 1,
            lease_until=Now() + LEASE,
            started_at=Coalesce("started_at", timezone.now()),
        )
        if not taken:
            return None
        run = Run.objects.select_related("connector", "version").get(pk__in=ids)
    return Claim(run, fence)


def _is_ours(connector_id: int) -> bool:
    """Lock the connector against other claims, and not against what comes in."""
    if connection.vendor == "sqlite":  # one transaction writes at a time
        return True
    rows = Connector.objects.select_for_update(skip_locked=True, no_key=True)
    return bool(rows.filter(pk=connector_id).values_list("pk"))


# What did not go well


_lost = Prepared(f"""
SELECT id FROM connectors_run WHERE state = 'running' AND lease_until <= {DATABASE_TIME}
""")  # noqa: S608 - our own words


def free_lost() -> None:
    """Runs whose worker is gone are due again, in their place; see `after_failure`."""
    ids = [pk for (pk,) in _lost.fetch_all({})]
    if not ids:
        return
    with transaction.atomic():  # locked: nobody renews a lease meanwhile
        lost = Run.objects.filter(state=RunState.RUNNING, lease_until__lte=Now())
        for run in lost.filter(pk__in=ids).select_for_update(skip_locked=True):
            after_failure(Claim(run, 0), "Its worker stopped.", at=run.next_at)


def after_failure(claim: Claim, reason: str, *, at: datetime | None = None) -> None:
    """Due again, later or at this time; given up after as many tries as waits.

    What had begun and was given up has failed. Raises LostClaim.
    """
    run, error = claim.run, reason[:ERROR_CHARS]
    if run.failures < len(WAITS):
        at = at or timezone.now() + WAITS[run.failures]
        failures = run.failures + 1
        claim.leave(RunState.QUEUED, error=error, failures=failures, next_at=at)
        return
    logger.error("Run %s needs a person: it was given up", run.pk)
    kept = Run.objects.values_list("results", flat=True).get(pk=run.pk)
    told = results.write(results.settled(results.read(kept)))
    claim.leave(RunState.FAILED, error=error, results=told, finished_at=timezone.now())
