"""Two workers tick, follow and enrol at the same moment: each step leaves once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from broadcaster import tasks, ticking
from broadcaster.models import Enrolment, EnrolmentStep, ReEnrolment
from optout.models import OutgoingMessage
from tests.factories import ASHA, make_channel
from tests.invariants import assert_invariants_hold
from tests.sequencing import enrol, make_sequence, work

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 3


def side_by_side(call: Callable[[], Any]) -> None:
    """Run the call in several threads that start together; errors are raised."""
    start = threading.Barrier(AT_ONCE)

    def run(_: int) -> None:
        start.wait(timeout=10)
        try:
            call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, range(AT_ONCE)))


def test_several_ticks_at_once_put_each_step_once(monkeypatch) -> None:
    monkeypatch.setattr(ticking, "CHUNK", 5)
    row = make_sequence(make_channel())
    people = [f"+346001112{number:02}" for number in range(30)]
    for raw in people:
        enrol(row, raw)
    side_by_side(tasks.advance_sequences)
    tasks.advance_sequences()
    put = OutgoingMessage.objects.values_list("address", flat=True)
    assert sorted(put) == people
    assert EnrolmentStep.objects.count() == len(people)
    work()
    side_by_side(tasks.advance_sequences)
    at = Enrolment.objects.values_list("state", "step__position")
    assert set(at) == {("waiting", 2)}
    assert_invariants_hold()


@pytest.mark.parametrize("rule", list(ReEnrolment))
def test_who_is_enrolled_by_several_at_once_is_on_the_way_once(rule: str) -> None:
    row = make_sequence(make_channel(), re_enrolment=rule)
    side_by_side(lambda: enrol(row, ASHA))
    assert Enrolment.objects.filter(ended_at=None).count() == 1
    assert Enrolment.objects.count() == (AT_ONCE if rule == ReEnrolment.RESTART else 1)
