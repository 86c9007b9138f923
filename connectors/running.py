"""Running: what is due goes on, step by step, each action once.

"Begun" is written before each action that may not be repeated, its result after each.
A worker that stops in between leaves a run that the next one goes on with: results
that stand are not done again, an action that had begun is done again where that has no
second effect and has failed where it has. Runs of one connector go one after another:
a slow receiver holds up its own connector alone.
"""

import logging
import time
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from connectors import claims, courses, results
from connectors.claims import Claim, LostClaim
from connectors.models import Connector, Run, RunState
from optout import wake
from optout.stopping import stopping

logger = logging.getLogger(__name__)

RUN_CONNECTORS = "connectors.tasks.run_connectors"

# After each failed try, as messages of people have; about 31 hours in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
MAX_TRIES = len(WAITS) + 1
CLAIM = 100
CONNECTORS_AT_ONCE = 8
# Then it goes behind the others that wait.
TURN_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_CHUNK = 500
_CANCELLABLE = (RunState.QUEUED, RunState.WAITING, RunState.HELD)


def run_due(*, limit: int = CLAIM) -> int:
    """Go on with runs that are due, in this thread; how many were taken in hand.

    One of each connector in turn. Any number of processes may run it.
    """
    claims.sweep()
    due = deque(claims.due_connectors())
    taken = 0
    while due and taken < limit and not stopping.is_set():
        pk = due.popleft()
        if _run_next(pk):
            taken += 1
            due.append(pk)
    return taken


def run_side_by_side() -> int:
    """Go on with all that is due, connectors side by side; how many were taken.

    A connector with many runs, or with a slow receiver, has one thread of several, and
    goes to the end of the line after its turn.
    """
    claims.sweep()
    turns: dict[Future[int], int] = {}
    served: Counter[int] = Counter()
    with ThreadPoolExecutor(CONNECTORS_AT_ONCE) as pool:
        while True:
            for pk in _next_connectors(turns, served):
                turns[pool.submit(_turn, pk)] = pk
            if not turns:
                return served.total()
            done, _ = wait(turns, _LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for turn in done:
                served[turns.pop(turn)] += turn.result()


def _next_connectors(turns: dict[Future[int], int], served: Counter[int]) -> list[int]:
    """Who may have the threads that are free: those who had least go first."""
    room = CONNECTORS_AT_ONCE - len(turns)
    if not room or stopping.is_set():
        return []
    due = set(claims.due_connectors()).difference(turns.values())
    return sorted(due, key=lambda pk: (served[pk], pk))[:room]


def _turn(connector_id: int) -> int:
    """Its runs one after another for a while; how many. In a thread of its own."""
    until = time.monotonic() + TURN_SECONDS
    taken = 0
    try:
        while not stopping.is_set() and _run_next(connector_id):
            taken += 1
            if time.monotonic() > until:
                break
    finally:
        connections.close_all()
    return taken


def _run_next(connector_id: int) -> bool:
    claim = claims.claim(connector_id)
    if claim is not None:
        _go_on(claim)
    return claim is not None


def _go_on(claim: Claim) -> None:
    """Take a claimed run as far as it goes. Raises nothing: a run is not lost."""
    try:
        if claim.run.attempts > MAX_TRIES:
            _give_up(claim, "Its worker stopped each time.")
        else:
            courses.follow(claim)
    except LostClaim:
        logger.info("Run %s is in other hands", claim.run.pk)
    except Exception as error:  # whatever it is, the run stays for another try
        logger.exception("Run %s could not go on", claim.run.pk)
        _try_later(claim, f"{type(error).__name__}: {error}")


def _try_later(claim: Claim, reason: str) -> None:
    try:
        if claim.run.attempts >= MAX_TRIES:
            _give_up(claim, reason)
        else:
            wait = WAITS[claim.run.attempts - 1]
            claim.leave(
                RunState.QUEUED, next_at=timezone.now() + wait, error=reason[:300]
            )
    except Exception:
        logger.exception("Run %s waits for its lease to end", claim.run.pk)


def _give_up(claim: Claim, reason: str) -> None:
    """It failed for good, until somebody retries it; what was kept is told."""
    logger.error("Run %s needs a person: it was given up", claim.run.pk)
    kept = Run.objects.values_list("results", flat=True).get(pk=claim.run.pk)
    claim.leave(
        RunState.FAILED,
        results=_settled(kept),
        error=reason[:300],
        finished_at=timezone.now(),
    )


def _settled(raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return results.write(results.settled(results.read(raw)))


# What people do


def retry(runs: QuerySet[Run]) -> int:
    """Let failed runs go on where they failed; how many.

    What stands is not done again, failed actions are, and filters behind the first
    failure are asked anew. Runs that have not failed are left alone, so that asking
    twice does nothing.
    """
    failed = list(runs.filter(state=RunState.FAILED).order_by("pk").values_list("pk"))
    ids = [pk for (pk,) in failed]
    chunks = (ids[at : at + _CHUNK] for at in range(0, len(ids), _CHUNK))
    count = sum(map(_retry_chunk, chunks))
    wake.hint(RUN_CONNECTORS)
    return count


def _retry_chunk(ids: list[int]) -> int:
    with transaction.atomic():
        rows = Run.objects.select_for_update().filter(pk__in=ids, state=RunState.FAILED)
        found = list(rows.order_by("pk"))
        for run in found:
            again = results.to_be_retried(results.read(run.results))
            run.results = results.write(again)
            run.state, run.next_at = RunState.QUEUED, timezone.now()
            run.attempts, run.error, run.finished_at = 0, "", None
        columns = ["results", "state", "next_at", "attempts", "error", "finished_at"]
        Run.objects.bulk_update(found, columns)
    return len(found)


def cancel(run: Run) -> bool:
    """End a run that is queued, waits or is held; False for any other.

    What it did stands.
    """
    with transaction.atomic():
        waiting = Run.objects.select_for_update().filter(
            pk=run.pk, state__in=_CANCELLABLE
        )
        row = waiting.first()
        if row is None:
            return False
        row.state, row.finished_at = RunState.CANCELLED, timezone.now()
        row.results = _settled(row.results)
        row.save(update_fields=["state", "finished_at", "results"])
    return True


def run_held(connector: Connector) -> int:
    """Let what was held run with the steps of now; how many."""
    freed = Run.objects.filter(connector=connector, state=RunState.HELD).update(
        state=RunState.QUEUED, version=connector.version_id, next_at=timezone.now()
    )
    wake.hint(RUN_CONNECTORS)
    return freed
