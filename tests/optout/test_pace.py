"""Pace and hours of a send: nothing leaves outside them, and others are not held up."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from optout import due, handover, hours, marking, outbox
from optout.models import (
    BatchState,
    Channel,
    Content,
    MessageState,
    OutgoingBatch,
    OutgoingMessage,
    SandboxMessage,
)
from tests.factories import (
    ASHA,
    drain,
    make_batch,
    make_channel,
    opt_out,
    queue,
    recipient,
    sent_texts,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db

KOLKATA = "Asia/Kolkata"
MORNING = "2030-06-05 06:00Z"  # 11:30 in Kolkata, 08:00 in Madrid, 02:00 in New York
NOON = "2030-06-05 09:00Z"
NEXT_MORNING = "2030-06-06 03:30Z"  # 09:00 in Kolkata
NEW_YORKER, INDIAN = "+12125550100", "+919812345678"


@pytest.fixture
def sms() -> Channel:
    return make_channel()


def within(
    batch: OutgoingBatch, opens: int, closes: int, *, zone: str = "UTC", **more: object
) -> OutgoingBatch:
    """The batch, which sends between these hours alone."""
    found = hours.find(opens=time(opens), closes=time(closes), zone=zone, **more)
    outbox.set_pace(batch, rate=batch.rate, hours=found)
    return batch


def queue_many(batch: OutgoingBatch, people: Sequence[str]) -> None:
    content = Content.objects.create(text="Hello")
    outbox.put_many(batch, content, list(map(recipient, people)))


def numbers(count: int) -> list[str]:
    return [f"+34600{n:06d}" for n in range(count)]


def sent_at(moment: str, channel: Channel) -> list[str]:
    """Whom the channel has written to, once a worker ran at this moment."""
    with time_machine.travel(datetime.fromisoformat(moment), tick=False):
        drain()
    taken = SandboxMessage.objects.filter(channel=channel).order_by("id")
    return list(taken.values_list("address", flat=True))


def noting(statements: list[str]) -> Callable[..., Any]:
    """A wrapper that writes down each statement it executes."""

    def execute(
        run: Callable[..., Any], sql: str, params: Any, many: bool, more: Any
    ) -> Any:
        statements.append(sql)
        return run(sql, params, many, more)

    return execute


# Hours


def test_a_send_waits_for_its_hours_and_goes_then(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        queue(within(make_batch(sms), 9, 20), ASHA)
    assert sent_at(MORNING, sms) == []
    assert sent_at(NOON, sms) == [ASHA]


def test_a_million_that_wait_for_their_hours_are_not_looked_at(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20)
        queue_many(batch, numbers(20))
        before = list(OutgoingMessage.objects.values_list("next_at", "attempt"))
        assert not due.something_waits()
        assert due.Batches().next() == handover.claim(batch, 10).messages == []
    assert list(OutgoingMessage.objects.values_list("next_at", "attempt")) == before


def test_hours_by_the_recipient_let_out_who_is_awake(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20, by_recipient=True)
        queue_many(batch, [NEW_YORKER, INDIAN])
    assert sent_at(MORNING, sms) == [INDIAN]
    assert sent_at("2030-06-05 12:59Z", sms) == [INDIAN]
    assert sent_at("2030-06-05 13:00Z", sms) == [INDIAN, NEW_YORKER]


def test_who_waits_for_the_morning_costs_nothing_of_the_pace(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20, by_recipient=True)
        queue(batch, NEW_YORKER)
        assert handover.claim(batch, 10).messages == []
    sms.refresh_from_db()
    batch.refresh_from_db()
    assert sms.paced_until is batch.paced_until is None
    waiting = OutgoingMessage.objects.get()
    assert (waiting.state, waiting.attempt) == (MessageState.QUEUED, 0)
    assert waiting.next_at == datetime.fromisoformat("2030-06-05 13:00Z")


def test_those_who_sleep_do_not_hold_up_who_is_awake(sms: Channel) -> None:
    sleeping = [f"+1212555{n:04d}" for n in range(30)]
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20, by_recipient=True)
        queue_many(batch, [*sleeping, INDIAN])
        [claimed] = handover.claim(batch, 1).messages
    assert claimed.address == INDIAN


def test_many_who_sleep_cost_one_update_for_each_morning(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20, by_recipient=True)
        queue_many(batch, [f"+1212555{n:04d}" for n in range(30)])
        queue_many(batch, [f"+1415555{n:04d}" for n in range(30)])
        statements: list[str] = []
        with connection.execute_wrapper(noting(statements)):
            handover.claim(batch, 100)
    assert len([sql for sql in statements if "SET next_at" in sql]) == 2


def test_a_steps_hours_count_beside_those_of_its_batch(sms: Channel) -> None:
    afternoon = hours.find(opens=time(12), closes=time(15), zone=KOLKATA)
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20)
        content = Content.objects.create(text="Step", hours=afternoon)
        outbox.put(batch, content, recipient(ASHA))
        queue(batch, INDIAN)
    assert sent_at("2030-06-05 08:00Z", sms) == []
    assert sent_at("2030-06-05 09:45Z", sms) == [INDIAN]
    assert sent_at("2030-06-06 06:30Z", sms) == [INDIAN]
    assert sent_at("2030-06-06 09:00Z", sms) == [INDIAN, ASHA]


def test_other_hours_of_a_running_send_count_at_once(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20, by_recipient=True)
        queue(batch, NEW_YORKER)
        drain()
        outbox.set_pace(batch, rate=None, hours=None)
    assert sent_at(MORNING, sms) == [NEW_YORKER]


def test_hours_that_end_while_a_sender_knows_the_send_count_too(sms: Channel) -> None:
    with time_machine.travel(NOON, tick=False):
        batch = make_batch(sms)
        queue(batch, ASHA)
        [known] = due.Batches().next()
        within(batch, 20, 22)
        assert handover.claim(known, 1).messages == []


def test_a_send_that_waits_for_its_hours_is_not_finished(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20)
        queue(batch, ASHA)
        drain()
        assert handover.finish_batches() == 0
    assert sent_at(NOON, sms) == [ASHA]
    handover.finish_batches()
    batch.refresh_from_db()
    assert batch.state == BatchState.FINISHED


def test_who_opts_out_while_a_send_waits_for_its_hours_gets_nothing(
    sms: Channel,
) -> None:
    with time_machine.travel(MORNING, tick=False):
        queue(within(make_batch(sms), 9, 20), ASHA)
        drain()
    opt_out(ASHA)
    assert sent_at(NOON, sms) == []


# Pace


def test_a_send_keeps_its_own_rate_below_that_of_its_channel(sms: Channel) -> None:
    batch = make_batch(sms)
    outbox.set_pace(batch, rate=2, hours=None)
    queue_many(batch, numbers(5))
    with time_machine.travel(NOON, tick=False) as clock:
        OutgoingMessage.objects.update(next_at=datetime.fromisoformat(NOON))
        taken = []
        for _ in range(4):
            taken.append(len(handover.claim(batch, 10).messages))
            clock.shift(0.6)
    assert taken == [2, 0, 2, 0]


def test_a_slow_send_leaves_its_channel_to_the_others(sms: Channel) -> None:
    slow, quick = make_batch(sms), make_batch(sms)
    outbox.set_pace(slow, rate=1, hours=None)
    queue_many(slow, numbers(3))
    queue_many(quick, numbers(3))
    with time_machine.travel(NOON, tick=False) as clock:
        OutgoingMessage.objects.update(next_at=datetime.fromisoformat(NOON))
        assert len(handover.claim(slow, 10).messages) == 1
        clock.shift(0.01)  # the channel may do 10,000 a second
        assert due.Batches().next() == [quick]
        assert len(handover.claim(quick, 10).messages) == 3
        assert due.something_waits()


def test_a_pace_of_a_send_from_a_clock_that_went_wrong_silences_it_not(
    sms: Channel,
) -> None:
    batch = make_batch(sms)
    queue(batch, ASHA)
    in_an_hour = datetime.fromisoformat(NOON) + timedelta(hours=1)
    OutgoingBatch.objects.update(paced_until=in_an_hour)
    assert sent_texts(sms) == ["Hello"]


def test_a_rate_that_is_changed_counts_from_the_next_claim(sms: Channel) -> None:
    batch = make_batch(sms)
    queue_many(batch, numbers(9))
    [known] = due.Batches().next()
    outbox.set_pace(batch, rate=3, hours=None)
    assert len(handover.claim(known, 10).messages) == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_keep_one_rate() -> None:
    batch = make_batch(make_channel())
    outbox.set_pace(batch, rate=3, hours=None)
    queue_many(batch, numbers(30))
    taken = at_once(lambda: len(handover.claim(batch, 10).messages), 8, threads=4)
    assert sum(taken) == max(taken) == 3


def test_no_more_is_looked_at_than_a_claim_can_postpone(sms: Channel) -> None:
    with time_machine.travel(MORNING, tick=False):
        batch = within(make_batch(sms), 9, 20, by_recipient=True)
        count = marking.MOST_LOOKED_AT + 3
        queue_many(batch, [f"+1212555{n:04d}" for n in range(count)])
        assert handover.claim(batch, 1).messages == []
        left = OutgoingMessage.objects.filter(next_at__lte=datetime.fromisoformat(NOON))
        assert left.count() == 2
