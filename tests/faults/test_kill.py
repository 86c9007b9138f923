"""kill -9 at random moments: every message leaves exactly once, none is lost."""

import random
import time
from collections import Counter

import pytest

from optout.models import Channel, MessageState, OutgoingMessage
from tests.faults.conftest import Yard, queue_messages
from tests.faults.knobs import SHORT_LEASES

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 20_261
KILLS = 4


def wait_for_calls(yard: Yard, lines: int) -> None:
    """Until the provider has logged so much: the sender is in the middle of it."""
    deadline = time.monotonic() + 30
    while yard.lines() < lines:
        assert time.monotonic() < deadline, "the sender sends nothing"
        time.sleep(0.005)


def wait_for_everything_to_leave(total: int, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    sent = OutgoingMessage.objects.filter(state=MessageState.SENT)
    while sent.count() < total and time.monotonic() < deadline:
        time.sleep(0.1)


def test_kill_9_of_senders_duplicates_and_loses_nothing(
    yard: Yard, channel: Channel
) -> None:
    yard.turned |= SHORT_LEASES
    moments = random.Random(SEED)
    total = queue_messages(channel, people=300, batches=4)
    for _ in range(KILLS):
        sender = yard.start("program:send")
        wait_for_calls(yard, yard.lines() + moments.randrange(30, 400))
        sender.kill()
    yard.start("program:send")
    wait_for_everything_to_leave(total, seconds=60)
    yard.stop()
    accepts = Counter(c.message_id for c in yard.calls() if c.event == "accept")
    assert [pk for pk, count in accepts.items() if count > 1] == []
    assert len(accepts) == total
    assert OutgoingMessage.objects.filter(state=MessageState.SENT).count() == total
