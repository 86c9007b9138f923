"""Opt-outs race running senders: nothing starts or is on its way after the return."""

from collections import defaultdict

import pytest

from optout.models import Channel
from tests.faults import program
from tests.faults.conftest import Yard, queue_messages

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PEOPLE = 300
BATCHES = 12
RACERS = 3


def run_race(yard: Yard, channel: Channel, **environment: str) -> None:
    """Two senders against programs that opt everybody out, side by side."""
    queue_messages(channel, people=PEOPLE, batches=BATCHES)
    for _ in range(2):
        yard.start("send", **environment)
    share = PEOPLE // RACERS
    firsts = range(0, PEOPLE, share)
    racers = [yard.start("opt-out", first, first + share) for first in firsts]
    for racer in racers:
        assert racer.wait(timeout=120) == 0
    yard.stop()


def too_late(yard: Yard) -> list[str]:
    """Calls that started or ended after the opt-out of their address had returned."""
    last_calls = defaultdict(float)
    for call in yard.calls():
        last_calls[call.address] = max(last_calls[call.address], call.at)
    return [
        done.address
        for done in yard.returned()
        if done.event == "effective" and last_calls[done.address] > done.at
    ]


def test_no_call_starts_or_is_on_its_way_after_opt_out_returned(
    yard: Yard, channel: Channel
) -> None:
    run_race(yard, channel)
    returned = [done for done in yard.returned() if done.event == "effective"]
    assert len(returned) >= PEOPLE * 0.9
    sent = {call.message_id for call in yard.calls()}
    assert len(sent) > PEOPLE, "the race needs messages that really left"
    assert len(sent) < PEOPLE * BATCHES, "the race needs opt-outs that came in time"
    assert too_late(yard) == []


def test_the_race_catches_a_gate_that_checks_before_the_mark(
    yard: Yard, channel: Channel
) -> None:
    run_race(yard, channel, **{program.WRONG_VARIABLE: "1"})
    assert too_late(yard), "a wrong gate went through unseen: the race proves nothing"
