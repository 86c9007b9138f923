"""Running: claimed runs go through the steps of their versions, action by action.

A run is a row with a time. Whoever claims it has it for a lease, which each result
renews; a result counts only for the claim it was made under. What an action did is
written down before the next one begins, so a process that stops leaves a run that goes
on where it stopped: an action whose end nobody wrote down is done again where that has
no second effect, and otherwise is told as failed.
"""

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from connectors import actions, plans, results
from connectors.models import Run, RunState
from connectors.plans import PlannedAction, Step
from connectors.results import BEGUN, StepResult
from optout.prepared import Prepared, among
from optout.stopping import stopping

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
CLAIM_CONNECTORS = 50
CLAIM_EACH = 5
# Longer than any action: a request has 15 s, a wait for messages on their way 2 s.
LEASE = timedelta(seconds=60)
PLACES = 1_000  # actions of a run: 50 steps of 20
_DUE = (RunState.QUEUED, RunState.WAITING)
_ERROR_CHARS = 300
# Not the key: storing a run refers to its connector, and must not wait for this.
_LOCK = "" if connection.vendor == "sqlite" else "FOR NO KEY UPDATE SKIP LOCKED"


# Claiming


def run_due() -> int:
    """Take due runs as far as they go; how many were taken in hand.

    Any number of processes may run it. The runs of a connector are in one hand at a
    time, in the order they came in: who is added and then removed ends up removed. A
    slow connector keeps its own runs waiting, and others for half a minute at most.
    """
    free_lost()
    claimed = _claim()
    fence = time.monotonic() + LEASE.total_seconds() / 2
    for number, run in enumerate(claimed):
        if stopping.is_set() or time.monotonic() > fence:
            _give_back(claimed[number:])
            break
        _take(run)
    return len(claimed)


def free_lost() -> None:
    """Runs whose worker is gone are due again; given up after as many as failures."""
    lost = Run.objects.filter(state=RunState.RUNNING, lease_until__lte=Now())
    for run in lost:
        _after_failure(run, "Its worker stopped.")


_FREE_CONNECTORS = Prepared(f"""
SELECT c.id FROM connectors_connector c
WHERE EXISTS (
    SELECT 1 FROM connectors_run r WHERE r.connector_id = c.id
      AND r.state IN ('queued', 'waiting') AND r.next_at <= %(now)s)
  AND NOT EXISTS (
    SELECT 1 FROM connectors_run r WHERE r.connector_id = c.id AND r.state = 'running')
ORDER BY c.id LIMIT {CLAIM_CONNECTORS} {_LOCK}
""")  # noqa: S608

# Asked anew once the connectors are locked. A few of each: one that got 100,000 inputs
# keeps no other waiting.
_OLDEST = Prepared(f"""
SELECT r.id FROM connectors_connector c JOIN connectors_run r ON r.id IN (
    SELECT due.id FROM connectors_run due
    WHERE due.connector_id = c.id AND due.state IN ('queued', 'waiting')
      AND due.next_at <= %(now)s
    ORDER BY due.next_at, due.id LIMIT {CLAIM_EACH})
WHERE c.id {among("connectors")} AND NOT EXISTS (
    SELECT 1 FROM connectors_run h WHERE h.connector_id = c.id AND h.state = 'running')
""")  # noqa: S608


def _claim() -> list[Run]:
    """Lease the oldest due runs of connectors that nobody has in hand."""
    now = {"now": timezone.now()}
    with transaction.atomic(durable=True):
        free = [pk for (pk,) in _FREE_CONNECTORS.fetch_all(now)]
        if not free:
            return []
        ids = [pk for (pk,) in _OLDEST.fetch_all(now | {"connectors": free})]
        Run.objects.filter(pk__in=ids, state__in=_DUE).update(
            state=RunState.RUNNING,
            attempts=F("attempts") + 1,
            lease_until=Now() + LEASE,
        )
        claimed = Run.objects.filter(pk__in=ids, state=RunState.RUNNING)
        return list(
            claimed.select_related("connector", "version").order_by("next_at", "pk")
        )


def _give_back(runs: list[Run]) -> None:
    for run in runs:
        _update(run, state=RunState.QUEUED, lease_until=None)


class _Lost(Exception):
    """The lease had ended and somebody else has the run: nothing more is done here."""


def _update(run: Run, **columns: Any) -> bool:
    """Write to a run as long as it is this claim's."""
    mine = Run.objects.filter(pk=run.pk, state=RunState.RUNNING, attempts=run.attempts)
    return bool(mine.update(**columns))


def _keep(run: Run, **columns: Any) -> None:
    if not _update(run, **columns):
        raise _Lost


# Going through a run


def _take(run: Run) -> None:
    """Go on with a claimed run. Raises nothing: what is stored is not lost."""
    try:
        _Work(run).go_on()
    except _Lost:
        logger.warning("Run %s went to another worker", run.pk)
    except Exception as error:  # whatever it is, the run stays for another try
        logger.exception("Run %s could not go on", run.pk)
        try:
            _after_failure(run, f"{type(error).__name__}: {error}")
        except DatabaseFailure:
            logger.exception("Run %s waits for its lease to end", run.pk)


def _after_failure(run: Run, reason: str) -> int:
    """Due again later, or given up after as many tries as there are waits."""
    columns: dict[str, Any] = {"lease_until": None, "error": reason[:_ERROR_CHARS]}
    if run.failures < len(WAITS):
        columns |= {
            "state": RunState.QUEUED,
            "failures": run.failures + 1,
            "next_at": timezone.now() + WAITS[run.failures],
        }
    else:
        logger.error("Run %s needs a person: it was given up", run.pk)
        columns |= {"state": RunState.FAILED, "finished_at": timezone.now()}
    return int(_update(run, **columns))


class _Work:
    """One claimed run on its way through its plan."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.plan = plans.read(run.version.steps if run.version else [])
        self.results = results.read(run.results)

    def go_on(self) -> None:
        """Do what is left, until a step waits or nothing is left."""
        _keep(
            self.run,
            started_at=self.run.started_at or timezone.now(),
            lease_until=Now() + LEASE,
        )
        for step in self.plan.steps:
            result = self._result_of(step)
            if result.verdict is None:
                told = step.filter.verdict(self.data)
                result.verdict, result.why = told.is_true, told.why
            if not result.verdict:
                continue
            if step.delay and result.waited_until is None:
                self._wait(result, step.delay)
                return
            for action in step.actions:
                self._do(action, result)
        self._finish()

    def _result_of(self, step: Step) -> StepResult:
        found = next((one for one in self.results if one.step == step.id), None)
        if found is None:
            found = StepResult(step.id, step.name)
            self.results.append(found)
        return found

    @cached_property
    def _received(self) -> Mapping[str, Any]:
        run = self.run
        return {
            **run.data,
            "run": {"id": run.pk, "received_at": run.received_at.isoformat()},
            "connector": {"name": run.connector.name},
        }

    @property
    def data(self) -> Mapping[str, Any]:
        """What tokens stand for now: what came in, and what was answered since."""
        return {**self._received, "responses": results.answers(self.results)}

    def _wait(self, result: StepResult, delay: timedelta) -> None:
        until = timezone.now() + delay
        result.waited_until = until.isoformat()
        self._write(state=RunState.WAITING, next_at=until, lease_until=None)

    def _do(self, action: PlannedAction, result: StepResult) -> None:
        kept = result.of_action(action.id, action.name)
        if kept.stands:
            return
        had_begun = kept.has_begun
        if not actions.is_repeatable(action.name):
            kept.outcome = BEGUN
            self._write(lease_until=Now() + LEASE)
        started = time.monotonic()
        done = actions.do(action, self._context(action, had_begun=had_begun))
        kept.outcome, kept.detail, kept.output = done.outcome, done.detail, done.output
        kept.milliseconds = round((time.monotonic() - started) * 1000)
        self._write(lease_until=Now() + LEASE)

    def _context(self, action: PlannedAction, *, had_begun: bool) -> actions.Context:
        run = self.run
        return actions.Context(
            connector=run.connector,
            run_id=run.pk,
            received_at=run.received_at,
            data=self.data,
            once=run.pk * PLACES + self.plan.place_of(action) + 1,
            trail=run.trail,
            had_begun=had_begun,
        )

    def _write(self, **columns: Any) -> None:
        _keep(self.run, results=results.write(self.results), **columns)

    def _finish(self) -> None:
        failed = results.first_failure(self.results)
        self._write(
            state=RunState.FAILED if failed else RunState.DONE,
            error=failed.detail[:_ERROR_CHARS] if failed else "",
            finished_at=timezone.now(),
            lease_until=None,
        )
