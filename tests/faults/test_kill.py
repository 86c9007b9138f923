"""kill -9 at random moments: every message leaves exactly once, none is lost."""

import random
from collections.abc import Iterator
from functools import partial

import pytest

from optout.models import Channel, MessageState, OutgoingMessage
from tests.faults.conftest import Yard, queue_messages
from tests.faults.knobs import SHORT_LEASES
from tests.faults.tally import Tally
from tests.invariants import assert_invariants_hold
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.django_db(transaction=True),
]

KILLS = 4


def kill_in_the_middle(yard: Yard, moments: random.Random) -> None:
    """Start a sender, and kill it after some of its calls."""
    lines = yard.lines() + moments.randrange(30, 400)
    sender = yard.start("program:send")
    wait_until(lambda: yard.lines() >= lines, "the sender sends")
    sender.kill()
    yard.tally.add(faults=1)


def everything_left(total: int) -> bool:
    return OutgoingMessage.objects.filter(state=MessageState.SENT).count() == total


def test_kill_9_of_senders_duplicates_and_loses_nothing(
    yard: Yard, channel: Channel, tally: Tally, rounds: Iterator[int]
) -> None:
    tally.scenario = "kill -9 of senders at random"
    yard.turned |= SHORT_LEASES
    total = 0
    for seed in rounds:
        moments = random.Random(seed)
        total += queue_messages(channel, people=300, batches=4)
        for _ in range(KILLS):
            kill_in_the_middle(yard, moments)
        sender = yard.start("program:send")
        with tally.recovering():
            wait_until(partial(everything_left, total), "everything has left")
        sender.kill()
        assert_invariants_hold()
    yard.assert_each_left_once(total)
