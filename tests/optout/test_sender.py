"""Sending: the gate is asked for each message, and every outcome is a state."""

from datetime import timedelta

import pytest
from django.utils import timezone

from optout import (
    addresses,
    channel_settings,
    entries,
    gate,
    handover,
    holds,
    links,
    list_deletion,
    outbox,
    sender,
)
from optout.actors import NOBODY
from optout.gate import GateClosed
from optout.models import (
    BatchState,
    Channel,
    MessageState,
    OutgoingMessage,
    Purpose,
    Reason,
    SandboxMessage,
    Source,
    Workspace,
    default_list,
    live_entries,
)
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    drain,
    make_batch,
    make_channel,
    make_list,
    opt_out,
    queue,
    sent_texts,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sms() -> Channel:
    return make_channel()


def state_of(message: OutgoingMessage) -> str:
    message.refresh_from_db()
    return message.state


def test_a_listed_recipient_reads_optout_number_with_entry(sms: Channel) -> None:
    made = opt_out(ASHA, channel_id=sms.pk).entries[0]
    message = queue(make_batch(sms), "+34 600 111 222")
    drain()
    message.refresh_from_db()
    assert (message.state, message.error, message.error_code, message.entry) == (
        "suppressed",
        "Optout Number",
        "opted_out",
        made,
    )


def test_an_entry_of_another_channel_withholds_nothing(sms: Channel) -> None:
    make_channel(902)
    opt_out(ASHA, channel_id=902)
    queue(make_batch(sms), ASHA)
    assert sent_texts(sms) == ["Hello"]


def test_an_entry_for_all_channels_withholds(sms: Channel) -> None:
    opt_out(ASHA)
    queue(make_batch(sms), ASHA)
    assert sent_texts(sms) == []


def test_an_entry_of_a_list_not_selected_withholds_nothing(sms: Channel) -> None:
    opt_out(ASHA, make_list())
    queue(make_batch(sms), ASHA)
    assert sent_texts(sms) == ["Hello"]


def test_an_opt_out_between_queueing_and_sending_counts(sms: Channel) -> None:
    queue(make_batch(sms), ASHA)
    opt_out(ASHA, channel_id=sms.pk)
    assert sent_texts(sms) == []


def test_a_list_added_while_the_send_runs_counts_at_once(sms: Channel) -> None:
    promotions = make_list()
    opt_out(ASHA, promotions)
    batch = make_batch(sms)
    queue(batch, ASHA)
    batch.lists.add(promotions)
    assert sent_texts(sms) == []


def test_what_is_under_review_is_withheld_with_its_own_code(sms: Channel) -> None:
    address = addresses.parse(ASHA)
    holds.hold(address=address, channel_id=sms.pk, text="hm stop?", reason="unclear")
    message = queue(make_batch(sms), ASHA)
    drain()
    message.refresh_from_db()
    assert (message.state, message.error_code) == ("suppressed", "under_review")


def test_an_answer_to_a_person_is_no_marketing(sms: Channel) -> None:
    opt_out(ASHA)
    queue(make_batch(sms, purpose=Purpose.REPLY), ASHA, "About your order")
    assert sent_texts(sms) == ["About your order"]


def test_a_test_message_is_gated_as_the_send_will_be(sms: Channel) -> None:
    opt_out(ASHA)
    address = addresses.parse(ASHA)
    message = channel_settings.send_test(sms, address, NOBODY)
    assert sent_texts(sms) == []
    assert state_of(message) == MessageState.SUPPRESSED


def test_a_test_mail_carries_a_dead_link_in_body_and_header() -> None:
    mailbox = make_channel(901, email=True)
    channel_settings.send_test(mailbox, addresses.parse(LEENA), NOBODY)
    [text] = sent_texts(mailbox)
    headers = SandboxMessage.objects.get().headers
    dead = links.url(links.DEAD_TOKEN)
    assert dead in text and dead in headers["List-Unsubscribe"]


def test_a_send_whose_lists_are_all_gone_sends_nothing(sms: Channel) -> None:
    batch = make_batch(sms)
    message = queue(batch, ASHA)
    batch.lists.clear()
    drain()
    assert state_of(message) == MessageState.FAILED
    assert message.error_code == "no_lists"


def test_nothing_is_sent_with_another_hashing_key(sms: Channel, settings) -> None:
    message = queue(make_batch(sms), ASHA)
    settings.OPTOUT_HASH_KEY = b"another key of thirty-two bytes!"
    gate.forget_trust()
    assert sent_texts(sms) == []
    assert state_of(message) == MessageState.QUEUED
    with pytest.raises(GateClosed):
        gate.suppressed(channel_id=900, keys=[message.key], list_ids=[1])


def test_a_paused_send_waits_and_goes_on(sms: Channel) -> None:
    batch = make_batch(sms)
    queue(batch, ASHA)
    outbox.pause(batch)
    assert sent_texts(sms) == []
    outbox.resume(batch)
    assert sent_texts(sms) == ["Hello"]


def test_cancelling_ends_what_is_queued_and_keeps_the_sum(sms: Channel) -> None:
    batch = make_batch(sms)
    queue(batch, ASHA)
    drain()
    queue(batch, RAHUL)
    outbox.cancel(batch)
    drain()
    found = outbox.counts(batch)
    assert (found["sent"], found["cancelled"], found["total"]) == (1, 1, 2)


def test_the_same_recipient_is_queued_once(sms: Channel) -> None:
    batch = make_batch(sms)
    queue(batch, ASHA)
    queue(batch, "tel:+34-600-111-222")
    assert sent_texts(sms) == ["Hello"]


def test_a_channel_that_is_off_sends_nothing(sms: Channel) -> None:
    queue(make_batch(sms), ASHA)
    Channel.objects.filter(pk=sms.pk).update(is_active=False)
    assert sent_texts(sms) == []


def test_two_claims_of_one_channel_keep_its_rate() -> None:
    slow = make_channel(rate=2)
    batch = make_batch(slow)
    for number in range(5):
        queue(batch, f"+3460011100{number}")
    first = handover.claim(batch, 2)
    second = handover.claim(batch, 2)
    assert (len(first.messages), len(second.messages)) == (2, 0)


def test_a_lost_sender_leaves_unknown_and_the_provider_settles_it(sms: Channel) -> None:
    batch = make_batch(sms)
    message = queue(batch, ASHA)
    handover.claim(batch, 1)  # the sender dies before its call
    past = timezone.now() - timedelta(seconds=1)
    OutgoingMessage.objects.update(lease_until=past)
    assert handover.sweep_leases() == 1
    assert state_of(message) == MessageState.UNKNOWN
    sender.reconcile()
    assert state_of(message) == MessageState.QUEUED
    Channel.objects.update(paced_until=None)
    assert sent_texts(sms) == ["Hello"]


def test_a_message_the_provider_took_is_not_sent_again(sms: Channel) -> None:
    batch = make_batch(sms)
    message = queue(batch, ASHA)
    handover.claim(batch, 1)
    SandboxMessage.objects.create(
        channel=sms, message_id=message.pk, provider_id="sb_1", address=ASHA, text="Hi"
    )
    OutgoingMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    handover.sweep_leases()
    sender.reconcile()
    assert state_of(message) == MessageState.SENT
    assert sent_texts(sms) == ["Hi"]


def test_the_result_of_a_lost_attempt_changes_nothing(sms: Channel) -> None:
    batch = make_batch(sms)
    message = queue(batch, ASHA)
    late = handover.claim(batch, 1).messages[0]
    handover.give_back(late)
    handover.record_sent(late, "too late")
    assert state_of(message) == MessageState.QUEUED


def test_a_receipt_that_overtakes_the_result_is_not_lost(sms: Channel) -> None:
    batch = make_batch(sms)
    message = queue(batch, ASHA)
    claimed = handover.claim(batch, 1).messages[0]
    now = timezone.now()
    handover.record_receipt(message_id=message.pk, delivered_at=now, read_at=None)
    assert state_of(message) == MessageState.SENDING
    handover.record_sent(claimed, "sb_9")
    assert state_of(message) == MessageState.DELIVERED


def test_a_finished_send_is_marked_finished(sms: Channel) -> None:
    batch = make_batch(sms)
    queue(batch, ASHA)
    drain()
    handover.finish_batches()
    batch.refresh_from_db()
    assert batch.state == BatchState.FINISHED


def test_the_gate_of_an_opt_out_in_flight_answers_recorded(sms: Channel) -> None:
    batch = make_batch(sms)
    queue(batch, ASHA)
    message = handover.claim(batch, 1).messages[0]
    request = entries.Request((addresses.parse(ASHA),), (default_list().pk,))
    outcome = entries.opt_out(
        request, source=Source.API, reason=Reason.STAFF, wait_seconds=0.01
    )
    assert (outcome.state, outcome.in_flight) == ("recorded", [message.pk])
    assert live_entries().count() == 1


def test_the_key_of_a_new_database_is_written_down() -> None:
    assert Workspace.load().hash_key_fingerprint == addresses.fingerprint()


def test_a_lists_message_is_sent_as_it_is_written(sms: Channel) -> None:
    promotions = make_list()
    promotions.message = "You left {{name}}."
    promotions.save()
    request = entries.Request(
        (addresses.parse(ASHA),), (promotions.pk,), channel_id=sms.pk, answer_to=1
    )
    entries.opt_out(request, source=Source.KEYWORD, reason=Reason.PERSON)
    assert sent_texts(sms) == ["You left {{name}}."]


def test_a_list_deleted_twice_over_still_withholds(sms: Channel) -> None:
    first, second = make_list("First", "FIRST OFF"), make_list("Second", "SECOND OFF")
    third = make_list("Third", "THIRD OFF")
    list_deletion.delete(first, move_to=second)
    list_deletion.delete(second, move_to=third)
    opt_out(ASHA, third)
    message = queue(make_batch(sms, first), ASHA)  # chosen on a page opened before
    withheld = gate.suppressed(
        channel_id=sms.pk, keys=[message.key], list_ids=[first.pk]
    )
    assert list(withheld) == [message.key]
    drain()
    assert state_of(message) == MessageState.SUPPRESSED
