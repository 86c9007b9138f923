"""What becomes of a message after its claim, when somebody stops or comes late."""

from datetime import timedelta

import pytest
from django.utils import timezone

from optout import handover, tasks
from optout.models import BatchState, Channel, MessageState, OutgoingMessage
from tests.factories import ASHA, make_batch, make_channel, queue, sent_texts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sms() -> Channel:
    return make_channel()


def lose(message: OutgoingMessage) -> None:
    """Its sender stops in the middle, and its lease ends."""
    handover.claim(message.batch, 1)
    past = timezone.now() - timedelta(seconds=1)
    OutgoingMessage.objects.filter(pk=message.pk).update(lease_until=past)


def test_a_message_lost_on_its_way_out_leaves_after_all(sms: Channel) -> None:
    message = queue(make_batch(sms), ASHA)
    lose(message)
    tasks.sweep()
    message.batch.refresh_from_db()
    assert message.batch.state == BatchState.RUNNING
    assert sent_texts(sms) == ["Hello"]


def test_a_receipt_of_a_lost_message_says_when_it_was_sent(sms: Channel) -> None:
    message = queue(make_batch(sms), ASHA)
    lose(message)
    handover.sweep_leases()
    now = timezone.now()
    handover.record_receipt(message_id=message.pk, delivered_at=now, read_at=None)
    message.refresh_from_db()
    assert (message.state, message.sent_at) == (MessageState.DELIVERED, now)


def test_giving_back_twice_takes_nothing_from_the_next_sender(sms: Channel) -> None:
    message = queue(make_batch(sms), ASHA)
    [first] = handover.claim(message.batch, 1).messages
    handover.give_back(first)
    Channel.objects.update(paced_until=None)
    [second] = handover.claim(message.batch, 1).messages
    handover.give_back(first)  # whose answer from the database was lost
    message.refresh_from_db()
    assert second.attempt == first.attempt
    assert message.state == MessageState.SENDING


def test_a_pace_from_a_clock_that_went_wrong_silences_nobody(sms: Channel) -> None:
    queue(make_batch(sms), ASHA)
    Channel.objects.update(paced_until=timezone.now() + timedelta(hours=1))
    assert sent_texts(sms) == ["Hello"]
