"""The door in: stored first, handled once, and never lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from optout import gate, lifts
from optout.lifts import Power
from optout.models import (
    Channel,
    Entry,
    Hold,
    LedgerEvent,
    LiftReason,
    OptOutList,
    Source,
    WebhookDelivery,
    default_list,
    live_entries,
)
from teambox import inbound, keyword_requests
from teambox.inbound import Received
from teambox.models import EventState, InboundEvent
from tests.factories import ASHA, make_channel, sent_texts
from tests.teambox.people import UNCLEAR, is_out, say


@pytest.fixture
def wrong_hash_key(sms: Channel, settings: Settings) -> Iterator[None]:
    """The database knows its key; the process has another one."""
    gate.forget_trust()
    gate.require_our_key()
    right = settings.OPTOUT_HASH_KEY
    settings.OPTOUT_HASH_KEY = b"another key"
    yield
    settings.OPTOUT_HASH_KEY = right
    gate.forget_trust()


def give_back_the_key(settings: Settings) -> None:
    settings.OPTOUT_HASH_KEY = bytes.fromhex("5e" * 32)


def handle_later(**wait: int) -> int:
    """Let the pump look after some time."""
    with time_machine.travel(timezone.now() + timedelta(**wait)):
        return inbound.handle_due()


def stopped_after_its_work(channel: Channel, text: str) -> InboundEvent:
    """An event whose process died between the effect and the note of it."""
    event = InboundEvent.objects.create(
        channel=channel,
        provider_event_id="m-stopped",
        sender=ASHA,
        text=text,
        attempts=1,
        lease_until=timezone.now() - inbound.LEASE,
    )
    keyword_requests.handle(event)
    return event


# Copies


@pytest.mark.django_db
def test_five_copies_have_one_effect_and_one_answer(sms: Channel) -> None:
    received = [say(sms, "STOP", message_id="SM1") for _ in range(5)]
    assert [r.duplicate for r in received] == [False, True, True, True, True]
    assert {(r.outcome, *r.lists) for r in received} == {
        ("opted_out", default_list().pk)
    }
    assert LedgerEvent.objects.count() == InboundEvent.objects.count() == 1
    assert len(sent_texts(sms)) == 1


@pytest.mark.django_db(transaction=True)
def test_five_copies_at_once_have_one_effect_and_one_answer(sms: Channel) -> None:
    OptOutList.objects.filter(is_default=True).update(webhook_url="https://a.example")
    together = Barrier(5)

    def deliver(_: int) -> Received:
        together.wait()
        try:
            return say(sms, "STOP", message_id="SM1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        received = list(pool.map(deliver, range(5)))
    assert sorted(r.duplicate for r in received) == [False, True, True, True, True]
    assert {r.outcome for r in received} == {"opted_out"}
    assert Entry.objects.count() == WebhookDelivery.objects.count() == 1
    assert LedgerEvent.objects.count() == len(sent_texts(sms)) == 1


@pytest.mark.django_db
def test_a_copy_after_the_person_came_back_opts_nobody_out(sms: Channel) -> None:
    say(sms, "STOP", message_id="SM1")
    say(sms, "START", message_id="SM2")
    assert say(sms, "STOP", message_id="SM1").duplicate
    assert not is_out(sms)


@pytest.mark.django_db
def test_the_same_id_on_another_channel_is_another_message(sms: Channel) -> None:
    other = make_channel(901)
    say(sms, "STOP", message_id="1")
    assert not say(other, "STOP", message_id="1").duplicate
    assert is_out(other)


@pytest.mark.django_db
def test_a_message_costs_as_many_statements_after_many_others(sms: Channel) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            say(sms, "Where is my parcel?")
        return len(seen)

    statements()
    few = statements()
    for number in range(20):
        say(sms, "Hello", sender=f"+346001117{number:02}")
        say(sms, "STOP" if number % 2 else "START")
    assert statements() == few


# Failures


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["STOP", "START", UNCLEAR])
def test_what_cannot_be_handled_is_stored_and_no_failure_to_the_caller(
    sms: Channel, wrong_hash_key: None, text: str
) -> None:
    received = say(sms, text)
    assert (received.outcome, received.lists) == ("stored", [])
    assert received.event.state == EventState.STORED
    assert "OPTOUT_HASH_KEY" in received.event.error
    assert not Entry.objects.exists() and not Hold.objects.exists()


@pytest.mark.django_db
def test_the_pump_handles_what_was_left_by_the_time_it_was_written(
    sms: Channel, wrong_hash_key: None, settings: Settings
) -> None:
    event = say(sms, "STOP").event
    give_back_the_key(settings)
    assert handle_later(seconds=1) == 0
    assert handle_later(seconds=6) == 1
    event.refresh_from_db()
    assert (event.state, event.outcome, event.error) == ("done", "opted_out", "")
    assert live_entries().get().asked_at == event.received_at


@pytest.mark.django_db
def test_a_copy_of_an_unhandled_message_says_stored(
    sms: Channel, wrong_hash_key: None
) -> None:
    say(sms, "STOP", message_id="SM1")
    copy = say(sms, "STOP", message_id="SM1")
    assert (copy.outcome, copy.duplicate) == ("stored", True)


@pytest.mark.django_db
def test_waits_between_tries_grow_until_the_event_is_given_up(
    sms: Channel, wrong_hash_key: None
) -> None:
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        event = say(sms, "STOP").event
        while event.state == EventState.STORED:
            waits.append(event.next_at - timezone.now())
            clock.move_to(event.next_at)
            inbound.handle_due()
            event.refresh_from_db()
    assert waits == list(inbound.WAITS)
    assert event.state == EventState.FAILED


@pytest.mark.django_db
def test_a_failed_event_can_be_handled_again(
    sms: Channel, wrong_hash_key: None, settings: Settings
) -> None:
    event = say(sms, "STOP").event
    for tries in range(2, inbound.MAX_TRIES + 1):
        assert handle_later(days=tries * 2) == 1
    event.refresh_from_db()
    assert (event.state, event.outcome) == (EventState.FAILED, "")
    give_back_the_key(settings)
    assert handle_later(days=99) == 0
    assert inbound.retry(event)
    assert inbound.handle_due() == 1
    assert is_out(sms)


@pytest.mark.django_db
def test_a_done_event_cannot_be_handled_again(sms: Channel) -> None:
    assert not inbound.retry(say(sms, "STOP").event)
    assert inbound.handle_due() == 0


@pytest.mark.django_db
def test_a_sender_that_is_no_address_ends_failed_and_visible(sms: Channel) -> None:
    event = say(sms, "STOP", sender="nobody").event
    assert event.state == EventState.FAILED
    assert "no phone number" in event.error


# A process that stops


@pytest.mark.django_db
def test_an_event_that_was_stored_and_never_handled_is_taken_up(sms: Channel) -> None:
    InboundEvent.objects.create(
        channel=sms,
        provider_event_id="m1",
        sender=ASHA,
        text="STOP",
        attempts=1,
        lease_until=timezone.now() + inbound.LEASE,
    )
    assert handle_later(seconds=61) == 0  # by a clock that is ahead
    past = timezone.now() - inbound.LEASE
    InboundEvent.objects.update(lease_until=past)
    assert inbound.handle_due() == 1
    assert is_out(sms)


@pytest.mark.django_db
def test_a_stop_done_twice_has_one_effect(sms: Channel) -> None:
    event = stopped_after_its_work(sms, "STOP")
    assert inbound.handle_due() == 1
    event.refresh_from_db()
    assert (event.outcome, event.answer["lists"]) == ("opted_out", [default_list().pk])
    assert LedgerEvent.objects.count() == Entry.objects.count() == 1
    assert len(sent_texts(sms)) == 1


@pytest.mark.django_db
def test_a_stop_done_twice_does_not_undo_what_staff_did_in_between(
    sms: Channel,
) -> None:
    stopped_after_its_work(sms, "STOP")
    lifts.lift(
        [live_entries().get().pk],
        source=Source.PAGE,
        power=Power(guarded=True),
        reason=LiftReason.ASKED_BY_PHONE,
    )
    assert inbound.handle_due() == 1
    assert not is_out(sms)


@pytest.mark.django_db
def test_a_start_done_twice_is_answered_once(sms: Channel) -> None:
    say(sms, "STOP", already_answered=True)
    event = stopped_after_its_work(sms, "START")
    assert inbound.handle_due() == 1
    event.refresh_from_db()
    assert event.outcome == "lifted"
    assert len(sent_texts(sms)) == 1


@pytest.mark.django_db
def test_a_process_that_dies_each_time_ends_in_a_failed_event(sms: Channel) -> None:
    event = stopped_after_its_work(sms, "Hello")
    InboundEvent.objects.update(attempts=inbound.MAX_TRIES)
    assert inbound.handle_due() == 1
    event.refresh_from_db()
    assert event.state == EventState.FAILED
