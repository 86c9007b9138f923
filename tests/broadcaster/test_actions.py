"""What smart replies do on this floor: sequences, and starting broadcasts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from broadcaster import enrolments, sequences, steps, ticking
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast, Enrolment, EnrolmentStep, Sequence
from broadcaster.steps import Timing
from optout import action_table, addresses
from optout.access import Role
from optout.action_table import SettingsError
from optout.actors import NOBODY
from optout.models import (
    Channel,
    OutgoingMessage,
    SandboxMessage,
)
from teambox import contacts, smart_replies
from teambox.models import Conversation, InboundEvent, SmartReplyRun
from tests.factories import ASHA, LEENA, drain, opt_out, sent_texts
from tests.page_clients import browser_of, text_of
from tests.teambox.people import say
from tests.teambox.replies import make_reply, outcomes, told

pytestmark = pytest.mark.django_db
ASK = "tell me more"


def make_sequence(channel: Channel, *texts: str, is_running: bool = True) -> Sequence:
    """A sequence whose steps follow each other at once."""
    made = sequences.create(name="Welcome", channel=channel, actor=NOBODY)
    subject = "Hi" if made.channel.address_kind == "email" else ""
    for text in texts or ("Hello {{name|you}}",):
        steps.add(made, Words(text=text, subject=subject), Timing())
    if is_running:
        sequences.start(made, actor=NOBODY)
    return made


def enrolling(sequence: Sequence) -> tuple[str, dict[str, Any]]:
    return "enrol", {"sequence": sequence.pk}


def result() -> str:
    step = SmartReplyRun.objects.latest("id").results[0]
    return str(action_table.Result(step["outcome"], step["detail"]))


def try_again() -> None:
    """The latest message is handled again, as after a worker's crash."""
    run = SmartReplyRun.objects.latest("id")
    run.results[0] |= {"outcome": "begun"}
    run.finished_at = None
    run.save()
    event = InboundEvent.objects.get(pk=run.event_id)
    smart_replies.respond(event, None, Conversation.objects.get())  # type: ignore[arg-type]


# Sequences


def test_a_message_enrols_and_the_first_step_is_sent(phone: Channel) -> None:
    sequence = make_sequence(phone)
    make_reply(ASK, actions=(enrolling(sequence),))
    say(phone, ASK, payload={"name": "Asha"})
    assert result() == "enrolled: Welcome"
    enrolment = Enrolment.objects.get()
    assert (enrolment.source, enrolment.actor_label) == (
        "smart_reply",
        "smart reply “tell me more”",
    )
    ticking.tick()
    assert sent_texts(phone) == ["Hello Asha"]


def test_who_opted_out_is_enrolled_and_gets_no_step(phone: Channel) -> None:
    opt_out(ASHA)
    make_reply(ASK, actions=(enrolling(make_sequence(phone)),))
    say(phone, ASK)
    ticking.tick()
    assert sent_texts(phone) == []
    assert OutgoingMessage.objects.get().error == "Optout Number"


def test_a_second_message_finds_who_is_on_the_way(phone: Channel) -> None:
    make_reply(ASK, actions=(enrolling(make_sequence(phone)),))
    say(phone, ASK)
    say(phone, ASK)
    assert result() == "already enrolled: Welcome"
    assert Enrolment.objects.count() == 1


def test_a_message_that_is_tried_again_does_not_begin_anew(phone: Channel) -> None:
    sequence = make_sequence(phone)
    Sequence.objects.update(re_enrolment="restart")
    make_reply(ASK, actions=(enrolling(sequence),))
    say(phone, ASK)
    ticking.tick()
    try_again()
    ticking.tick()
    assert result() == "already enrolled: Welcome"
    assert EnrolmentStep.objects.count() == len(sent_texts(phone)) == 1


def test_the_contacts_email_is_enrolled_into_a_sequence_of_emails(
    phone: Channel, mailbox: Channel
) -> None:
    contacts.make(addresses=[addresses.parse(ASHA), addresses.parse(LEENA)])
    make_reply(ASK, actions=(enrolling(make_sequence(mailbox)),))
    say(phone, ASK)
    assert Enrolment.objects.get().address == LEENA


def test_without_an_email_nobody_is_enrolled(phone: Channel, mailbox: Channel) -> None:
    make_reply(ASK, actions=(enrolling(make_sequence(mailbox)),))
    say(phone, ASK)
    assert result() == "no address: the contact has no email"
    assert not Enrolment.objects.exists()


def test_an_ended_sequence_is_a_failed_result(phone: Channel) -> None:
    sequence = make_sequence(phone)
    make_reply(ASK, actions=(enrolling(sequence),))
    sequences.end(sequence, actor=NOBODY)
    say(phone, ASK)
    assert result() == "failed: This sequence has ended."


@pytest.mark.parametrize("from_all", [False, True])
def test_a_message_unenrols(phone: Channel, from_all: bool) -> None:
    sequence = make_sequence(phone)
    enrolments.enrol(sequence, addresses.parse(ASHA), source="hand", actor=NOBODY)  # type: ignore[arg-type]
    chosen = None if from_all else sequence.pk
    make_reply(ASK, actions=(("unenrol", {"sequence": chosen}),))
    say(phone, ASK)
    assert result() == f"unenrolled: {'all sequences' if from_all else 'Welcome'}"
    assert Enrolment.objects.get().end_reason == "unenrolled"
    say(phone, ASK)
    assert outcomes() == [("unenrol", "not enrolled")]


# Broadcasts


def test_a_message_starts_a_broadcast_once(
    phone: Channel, draft: Callable[..., Broadcast]
) -> None:
    broadcast = draft()
    make_reply(ASK, actions=(("start_broadcast", {"broadcast": broadcast.pk}),))
    say(phone, ASK)
    assert result() == "started: Sale"
    say(phone, ASK)
    assert result() == "already started: Sale"
    drain()
    assert SandboxMessage.objects.count() == 3


def test_a_broadcast_that_lacks_something_is_a_failed_result(
    phone: Channel, draft: Callable[..., Broadcast]
) -> None:
    broadcast = draft(text=" ")
    make_reply(ASK, actions=(("start_broadcast", {"broadcast": broadcast.pk}),))
    say(phone, ASK)
    assert result() == "failed: Write the message."
    assert told(phone)[-1].endswith("Start a broadcast: failed: Write the message.")


# Building


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("enrol", {}, "sequence"),
        ("enrol", {"sequence": 999}, "sequence"),
        ("unenrol", {"sequence": 999}, "sequence"),
        ("start_broadcast", {"broadcast": 10**30}, "broadcast"),
    ],
)
def test_what_is_not_there_cannot_be_chosen(
    db: None, name: str, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        action_table.checked(name, given)
    assert refused.value.field == field


def test_a_question_tells_what_it_does_and_what_is_over(
    phone: Channel, draft: Callable[..., Broadcast]
) -> None:
    sequence, broadcast = make_sequence(phone), draft()
    row = make_reply(
        ASK,
        actions=(
            enrolling(sequence),
            ("unenrol", {}),
            ("start_broadcast", {"broadcast": broadcast.pk}),
        ),
    )
    sequences.end(sequence, actor=NOBODY)
    shown = text_of(browser_of(Role.MARKETER).get(f"/smart-replies/{row.pk}/"))
    assert "Enrol in a sequence “Welcome”, which has ended" in shown
    assert "Unenrol all sequences" in shown
    assert "Start a broadcast “Sale”" in shown


def test_deleting_a_tag_names_what_uses_it(phone: Channel) -> None:
    tag = contacts.tag([], "VIP")
    make_reply(ASK, actions=(("add_tag", {"tag": "vip"}),))
    sequence = make_sequence(phone)
    Sequence.objects.filter(pk=sequence.pk).update(enrol_tag=tag)
    url = reverse("tag-delete", args=[tag.pk])
    shown = text_of(browser_of().get(url))
    assert "also used by smart reply “tell me more” , sequence “Welcome”" in shown
