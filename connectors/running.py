"""Running: claimed runs go through the steps of their versions, action by action.

What an action did is written down before the next one begins, so a process that stops
leaves a run that goes on where it stopped: an action whose end nobody wrote down is
done again where that has no second effect, and otherwise is told as failed.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import connections
from django.utils import timezone

from connectors import claims, doing, plans, results
from connectors.claims import Claim, LostClaim
from connectors.models import RunState
from connectors.plans import PlannedAction, Step
from connectors.results import BEGUN, StepResult
from optout.stopping import stopping

logger = logging.getLogger(__name__)

CLAIM = 100
CONNECTORS_AT_ONCE = 8
TURN_SECONDS = 5.0
PLACES = 1_000  # actions of a run: 50 steps of 20
_LOOK_SECONDS = 1.0


# Whose turn it is


def run_due(*, limit: int = CLAIM) -> int:
    """Take due runs as far as they go, in this thread; how many were taken in hand.

    One of each connector in turn. Any number of processes may run it.
    """
    claims.free_lost()
    due = deque(claims.due_connectors())
    taken = 0
    while due and taken < limit and not stopping.is_set():
        pk = due.popleft()
        if _take_next(pk):
            taken += 1
            due.append(pk)
    return taken


def run_side_by_side() -> int:
    """Take all that is due as far as it goes; how many runs were taken in hand.

    Each connector has one of several threads for a few seconds, then those go first
    that had less: neither many runs nor a slow receiver hold up other connectors.
    """
    claims.free_lost()
    turns: dict[Future[int], int] = {}
    served: Counter[int] = Counter()
    with ThreadPoolExecutor(CONNECTORS_AT_ONCE) as pool:
        while True:
            for pk in _next_connectors(turns, served):
                turns[pool.submit(_turn, pk)] = pk
            if not turns:
                return served.total()
            ended, _ = wait(turns, _LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for turn in ended:
                served[turns.pop(turn)] += turn.result()


def _next_connectors(turns: dict[Future[int], int], served: Counter[int]) -> list[int]:
    room = CONNECTORS_AT_ONCE - len(turns)
    if not room or stopping.is_set():
        return []
    due = set(claims.due_connectors()).difference(turns.values())
    return sorted(due, key=lambda pk: (served[pk], pk))[:room]


def _turn(connector_id: int) -> int:
    """Take its runs one after another for a while, in a thread; how many."""
    until = time.monotonic() + TURN_SECONDS
    taken = 0
    try:
        while not stopping.is_set() and _take_next(connector_id):
            taken += 1
            if time.monotonic() > until:
                break
    finally:
        connections.close_all()
    return taken


def _take_next(connector_id: int) -> bool:
    claim = claims.claim(connector_id)
    if claim is not None:
        _take(claim)
    return claim is not None


# Going through a run


def _take(claim: Claim) -> None:
    """Go on with a claimed run. Raises nothing: what is stored is not lost."""
    try:
        _go_on(claim)
    except LostClaim:
        logger.warning("Run %s went to another worker", claim.run.pk)
    except DatabaseFailure:
        logger.exception("Run %s waits for its lease to end", claim.run.pk)


def _go_on(claim: Claim) -> None:
    try:
        _Work(claim).go_on()
    except LostClaim:
        raise
    except Exception as error:  # whatever it is, the run stays for another try
        logger.exception("Run %s could not go on", claim.run.pk)
        claims.after_failure(claim, f"{type(error).__name__}: {error}")


class _Work:
    """One claimed run on its way through its plan."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self.run = claim.run
        self.plan = plans.read(self.run.version.steps if self.run.version else [])
        self.results = results.read(self.run.results)

    def go_on(self) -> None:
        """Do what is left, until a step waits or nothing is left.

        A process that is told to stop hands the run back before its next action.
        """
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
                if stopping.is_set():
                    self._leave(RunState.QUEUED)
                    return
                self._do(step, action, result)
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
        self._leave(RunState.WAITING, next_at=until)

    def _do(self, step: Step, action: PlannedAction, result: StepResult) -> None:
        kept = result.of_action(action.id, action.name)
        if kept.stands:
            return
        result.sort(step)
        had_begun = kept.has_begun
        if not doing.is_repeatable(action.name):
            kept.outcome = BEGUN
            self._keep()
        self._claim.check()
        started = time.monotonic()
        done = doing.do(action, self._context(action, had_begun=had_begun))
        kept.outcome, kept.detail, kept.output = done.outcome, done.detail, done.output
        kept.milliseconds = round((time.monotonic() - started) * 1000)
        self._keep()

    def _context(self, action: PlannedAction, *, had_begun: bool) -> doing.Context:
        run = self.run
        return doing.Context(
            connector=run.connector,
            run_id=run.pk,
            received_at=run.received_at,
            data=self.data,
            once=run.pk * PLACES + self.plan.place_of(action) + 1,
            trail=run.trail,
            had_begun=had_begun,
        )

    def _keep(self) -> None:
        self._claim = self._claim.keep(self.results)

    def _leave(self, state: RunState, **columns: Any) -> None:
        told = results.write(self.results)
        self._claim.leave(state, results=told, **columns)

    def _finish(self) -> None:
        failed = results.first_failure(self.results)
        self._leave(
            RunState.FAILED if failed else RunState.DONE,
            error=failed.detail[: claims.ERROR_CHARS] if failed else "",
            finished_at=timezone.now(),
        )
