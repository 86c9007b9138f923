"""Running: claims, filters, waits, results, failures and turns."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from connectors import claims, running
from connectors.claims import Claim, LostClaim
from connectors.models import Connector, Run, RunState
from connectors.results import BEGUN, ActionResult, StepResult
from optout.action_table import Result
from optout.refusals import Refused
from optout.stopping import stopping
from tests.connectors.making import (
    NEVER,
    Watch,
    after,
    make_connector,
    make_watch,
    outcomes,
    post,
    step,
    told,
    where,
    work,
    write_steps,
)
from tests.invariants import assert_invariants_hold

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return make_watch(monkeypatch)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """An action that may not be done again after a crash."""
    return make_watch(monkeypatch, "call", is_repeatable=False)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


# Steps


def test_steps_and_their_actions_are_done_in_order(watch: Watch) -> None:
    first = step(watch.planned("1"), watch.planned("{{body.name}}"), name="Greet")
    run = after(post(make_connector(first, step(watch.planned("3"))), {"name": "2"}))
    assert watch.notes == ["1", "2", "3"]
    assert (run.state, run.error, run.attempts) == (RunState.DONE, "", 1)
    assert [row.name for row in told(run)] == ["Greet", ""]
    assert outcomes(run) == [["done", "done"], ["done"]]
    assert run.started_at and run.finished_at >= run.started_at
    assert_invariants_hold()


def test_a_false_filter_skips_its_own_step_alone(watch: Watch) -> None:
    skipped = step(watch.planned("no"), filter=where("{{body.way}}", "is", "in"))
    run = after(post(make_connector(skipped, step(watch.planned("yes"))), {}))
    assert watch.notes == ["yes"]
    assert [row.verdict for row in told(run)] == [False, True]
    assert told(run)[0].why == "body › way is empty"
    assert run.state == RunState.DONE


def test_a_step_without_anything_to_do_is_told_of(watch: Watch) -> None:
    run = after(post(make_connector(step(), step(filter=NEVER))))
    assert (run.state, outcomes(run)) == (RunState.DONE, [[], []])


def test_a_run_keeps_the_steps_it_began_with(watch: Watch) -> None:
    connector = make_connector(step(watch.planned("before")))
    run = post(connector)
    write_steps(connector, step(watch.planned("after")))
    after(run)
    assert watch.notes == ["before"]


def test_a_failed_action_stops_nothing_else_and_the_run_says_which(
    watch: Watch,
) -> None:
    first = step(watch.planned("{{body.phone}}"), watch.planned("2"), name="Tell")
    run = after(post(make_connector(first, step(watch.planned("3")))))
    assert watch.notes == ["2", "3"]
    assert (run.state, outcomes(run)) == (
        RunState.FAILED,
        [["failed", "done"], ["done"]],
    )
    assert run.error == "The input has no body.phone."
    assert_invariants_hold()


# Waits


def test_a_wait_is_a_row_with_a_time(watch: Watch, clock: Any) -> None:
    waiting = step(watch.planned("later"), delay=DAY)
    run = after(post(make_connector(step(watch.planned("now")), waiting)))
    assert (run.state, run.lease_until) == (RunState.WAITING, None)
    assert run.next_at == timezone.now() + DAY
    assert told(run)[1].waited_until == run.next_at.isoformat()
    clock.shift(DAY - timedelta(seconds=1))
    assert after(run).state == RunState.WAITING
    clock.shift(1)
    assert after(run).state == RunState.DONE
    assert watch.notes == ["now", "later"]


def test_a_step_that_is_skipped_does_not_wait(watch: Watch) -> None:
    run = after(post(make_connector(step(delay=DAY, filter=NEVER))))
    assert run.state == RunState.DONE


def test_who_waits_holds_up_no_other_run(watch: Watch, clock: Any) -> None:
    connector = make_connector(
        step(delay=DAY, filter=where("{{body.wait}}", "is", "yes")),
        step(watch.planned("{{body.wait}}")),
    )
    post(connector, {"wait": "yes"})
    post(connector, {"wait": "no"})
    work()
    assert watch.notes == ["no"]
    clock.shift(DAY)
    work()
    assert watch.notes == ["no", "yes"]


# Claims


def taken(connector: Connector) -> Claim:
    """The claim of a worker that has the connector's next run."""
    claim = claims.claim(connector.pk)
    assert claim is not None
    return claim


def make_lost(run: Run) -> None:
    """The lease of the worker that has it ends."""
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - DAY)


def test_runs_of_a_connector_are_taken_one_after_another_oldest_first(
    watch: Watch,
) -> None:
    connector = make_connector(step(watch.planned("{{body}}")))
    runs = [post(connector, letter) for letter in "abc"]
    claim = taken(connector)
    assert claim.run == runs[0]
    assert claims.claim(connector.pk) is None
    assert connector.pk not in claims.due_connectors()
    claim.leave(RunState.QUEUED)
    work()
    assert watch.notes == ["a", "b", "c"]


def test_a_run_whose_worker_is_gone_goes_on_once_its_lease_has_ended(
    watch: Watch,
) -> None:
    connector = make_connector(step(watch.planned()))
    run = post(connector)
    taken(connector)
    assert running.run_due() == 0
    make_lost(run)
    assert after(run).state == RunState.DONE
    assert run.attempts == 2


def test_a_lease_ends_by_the_clock_of_the_database(watch: Watch) -> None:
    connector = make_connector(step(watch.planned()))
    post(connector)
    taken(connector)
    with time_machine.travel(timezone.now() + DAY):
        assert running.run_due() == 0
    assert watch.notes == []


def test_a_worker_that_wakes_up_late_writes_and_starts_nothing(watch: Watch) -> None:
    connector = make_connector(step(watch.planned()))
    run = post(connector)
    frozen = taken(connector)
    make_lost(run)
    claims.free_lost()
    other = taken(connector)
    with pytest.raises(LostClaim):
        frozen.keep([])
    with pytest.raises(LostClaim):
        frozen.leave(RunState.DONE)
    other.keep([])


def test_a_worker_that_froze_past_its_lease_starts_no_action(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = post(make_connector(step(watch.planned())))
    monkeypatch.setattr(claims, "LEASE", timedelta(seconds=-1))
    running.run_due()
    run.refresh_from_db()
    assert (watch.notes, run.state) == ([], RunState.RUNNING)


def test_a_worker_that_is_to_stop_hands_back_before_the_next_action(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = make_watch(monkeypatch, "stop")
    stopped: list[int] = []

    def run_and_stop(*_: object) -> Result:
        stopped.append(1)
        stopping.set()
        return Result("done")

    monkeypatch.setattr(stop, "run", run_and_stop)
    asked = stop.planned()
    run = post(make_connector(step(asked, watch.planned("2"))))
    try:
        running.run_due()
    finally:
        stopping.clear()
    run.refresh_from_db()
    assert (run.state, run.lease_until) == (RunState.QUEUED, None)
    assert (run.failures, watch.notes) == (0, [])
    assert after(run).state == RunState.DONE
    assert (stopped, watch.notes) == ([1], ["2"])


# What a crash leaves


def crash(run: Run, action: str, planned: Any) -> None:
    """A worker died when this action had begun."""
    begun = ActionResult(planned.id, action, BEGUN)
    claim = taken(run.connector)
    [of_step] = run.version.steps
    claim.keep([StepResult(of_step["id"], "Step 1", True, actions=[begun])])
    make_lost(run)


def test_what_may_not_be_repeated_and_had_begun_has_failed(
    call: Watch, watch: Watch
) -> None:
    planned = call.planned()
    run = post(make_connector(step(planned, watch.planned("next"))))
    crash(run, "call", planned)
    assert after(run).state == RunState.FAILED
    assert outcomes(run) == [["failed", "done"]]
    assert "The worker stopped while it ran" in run.error
    assert (call.notes, watch.notes) == ([], ["next"])


def test_begun_is_written_before_what_may_not_be_repeated(
    call: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = post(make_connector(step(call.planned())))
    seen: list[Any] = []

    def look(*_: object) -> Result:
        seen.append(outcomes(Run.objects.get(pk=run.pk)))
        raise Refused("no", "No.")

    monkeypatch.setattr(call, "run", look)
    assert outcomes(after(run)) == [["failed"]]
    assert seen == [[[BEGUN]]]


# Failures of the database


def test_a_failure_of_the_database_is_tried_again_later(
    watch: Watch, clock: Any
) -> None:
    watch.to_raise = [OperationalError("deadlock detected")]
    run = after(post(make_connector(step(watch.planned("1")))))
    assert (run.state, run.error) == (
        RunState.QUEUED,
        "OperationalError: deadlock detected",
    )
    assert run.next_at == timezone.now() + claims.WAITS[0]
    clock.shift(claims.WAITS[0])
    assert after(run).state == RunState.DONE
    assert (watch.notes, run.error) == (["1", "1"], "")


def test_what_fails_each_time_is_given_up_with_words(watch: Watch, clock: Any) -> None:
    watch.to_raise = [OperationalError("no such table")] * 20
    run = post(make_connector(step(watch.planned())))
    for _ in range(len(claims.WAITS) + 1):
        after(run)
        clock.shift(2 * DAY)
    assert (run.state, run.error) == (
        RunState.FAILED,
        "OperationalError: no such table",
    )
    assert len(watch.notes) == len(claims.WAITS) + 1
    assert run.finished_at


def test_a_run_that_kills_its_worker_each_time_is_given_up(call: Watch) -> None:
    planned = call.planned()
    run = post(make_connector(step(planned)))
    crash(run, "call", planned)
    Run.objects.filter(pk=run.pk).update(failures=len(claims.WAITS))
    assert after(run).error == "Its worker stopped."
    assert (run.state, outcomes(run)) == (RunState.FAILED, [["failed"]])
    assert_invariants_hold()


def test_a_run_that_cannot_go_on_stops_no_other(watch: Watch) -> None:
    connector = make_connector(step(watch.planned("{{body}}")))
    broken = post(connector, "1")
    Run.objects.filter(pk=broken.pk).update(input="no JSON")
    post(connector, "b")
    work()
    broken.refresh_from_db()
    assert (broken.state, watch.notes) == (RunState.QUEUED, ["b"])
    assert broken.error.startswith("JSONDecodeError")


# Turns


def test_many_runs_of_one_connector_do_not_hold_up_those_of_another(
    watch: Watch,
) -> None:
    many = make_connector(step(watch.planned("many")))
    few = make_connector(step(watch.planned("few")))
    for _ in range(6):
        post(many)
    post(few)
    assert running.run_due(limit=2) == 2
    assert sorted(watch.notes) == ["few", "many"]


def plan_of(statement: str, params: dict[str, Any]) -> str:
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # so few rows that it would read them
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{explain} {statement}", params)
        return "\n".join(str(row) for row in cursor.fetchall())


def test_the_next_run_of_a_connector_is_found_in_an_index(watch: Watch) -> None:
    now = str(timezone.now())
    plan = plan_of(claims._DUE_CONNECTORS, {"now": now})
    assert "run_due" in plan
    assert "SCAN r" not in plan
