"""The course of a run in hand: each step's filter, its wait, then its actions."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connectors import doing, plans, results
from connectors.claims import Claim
from connectors.doing import Context, Done
from connectors.models import Run, RunState
from connectors.plans import Plan, PlannedAction, Step
from connectors.results import BEGUN, ActionResult, StepResult
from optout.stopping import stopping

# A run's actions have numbers of their own: 50 steps of 20 actions fit.
NUMBERS = 1_000
ERROR_CHARS = 300


def follow(claim: Claim) -> None:
    """Go on from what is written down, to the end or to the next wait.

    A process that is told to stop hands the run back. Raises LostClaim, and whatever
    keeps it from going on: what was done until then is written down.
    """
    course = _Course(claim)
    for step in course.plan.steps:
        told = course.told(step)
        if not told.verdict:
            continue
        if course.waits(step, told) or not course.act(step, told):
            return
    course.end()


class _Course:
    """A claimed run on its way through its plan."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._run: Run = claim.run
        version = claim.run.version
        self.plan = plans.read(version.steps) if version else Plan()
        self._rows = results.read(claim.run.results)

    def told(self, step: Step) -> StepResult:
        """The step's result so far, its filter asked if it was not yet."""
        told = next((row for row in self._rows if row.step == step.id), None)
        if told is None:
            told = StepResult(step.id, name_of(self.plan, step))
            self._rows.append(told)
        if told.verdict is None:
            verdict = step.filter.verdict(self._data())
            told.verdict, told.why = verdict.is_true, verdict.why
        return told

    def waits(self, step: Step, told: StepResult) -> bool:
        """Let the run go if its step has to wait; once the time is there, it goes on.

        A wait that began is kept: it ends when it was to end.
        """
        now = timezone.now()
        if told.waited_until is None and step.delay > timedelta(0):
            told.waited_until = now + step.delay
        if told.waited_until is None or told.waited_until <= now:
            return False
        self._leave(RunState.WAITING, next_at=told.waited_until, attempts=0, error="")
        return True

    def act(self, step: Step, told: StepResult) -> bool:
        """Do what the step has left to do; False if the worker is to stop before."""
        for planned in step.actions:
            before = told.result_of(planned.id)
            if before is not None and (before.stands or before.has_failed):
                continue
            if stopping.is_set():
                self._leave(RunState.QUEUED, attempts=self._run.attempts - 1)
                return False
            self._do(step, told, planned, had_begun=before is not None)
        return True

    def _do(
        self, step: Step, told: StepResult, planned: PlannedAction, *, had_begun: bool
    ) -> None:
        context = self._context(planned, had_begun=had_begun)
        if not doing.is_repeatable(planned.name):
            _put(told, step, ActionResult(planned.id, planned.name, BEGUN))
            self._claim.keep(self._rows)
        self._claim.check()
        began = time.monotonic()
        done = doing.do(planned, context)
        took = round((time.monotonic() - began) * 1000)
        _put(told, step, _result(planned, done, took))
        self._claim.keep(self._rows)

    def _context(self, planned: PlannedAction, *, had_begun: bool) -> Context:
        place = self.plan.place_of(planned)
        return Context(
            connector=self._run.connector,
            run_id=self._run.pk,
            received_at=self._run.received_at,
            data=self._data(),
            once=self._run.pk * NUMBERS + place + 1,
            trail=self._run.trail,
            had_begun=had_begun,
        )

    def _data(self) -> dict[str, Any]:
        return data_of(self._run, self._run.data, results.responses(self._rows))

    def end(self) -> None:
        """Done, or failed where an action has failed."""
        failure = results.first_failure(self._rows)
        state = RunState.FAILED if failure else RunState.DONE
        error = failure[:ERROR_CHARS]
        self._leave(state, error=error, finished_at=timezone.now())

    def _leave(self, state: RunState, **columns: Any) -> None:
        self._claim.leave(state, results=results.write(self._rows), **columns)


def data_of(
    run: Run, given: Mapping[str, Any], responses: Mapping[str, Any]
) -> dict[str, Any]:
    """What tokens read: the input, answers of requests, and facts of the run."""
    return {
        "body": given.get("body"),
        "custom_variables": given.get("custom_variables", {}),
        "responses": responses,
        "run": {"id": run.pk, "received_at": run.received_at.isoformat()},
        "connector": {"name": run.connector.name},
    }


def name_of(plan: Plan, step: Step) -> str:
    """What a step is called in results: its name, or its number."""
    return step.name or f"Step {plan.steps.index(step) + 1}"


def _result(planned: PlannedAction, done: Done, milliseconds: int) -> ActionResult:
    return ActionResult(
        planned.id,
        planned.name,
        done.outcome,
        done.detail,
        milliseconds,
        done.output,
    )


def _put(told: StepResult, step: Step, result: ActionResult) -> None:
    """Write down a result in the place that its action has in the plan."""
    known = {one.id: one for one in told.actions} | {result.id: result}
    told.actions = [known[one.id] for one in step.actions if one.id in known]
