"""Conversations: one for each address and channel, each change once and in order."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from optout import addresses
from optout.actors import Actor, actor_of
from optout.models import Channel, OutgoingMessage, Purpose, live_entries
from teambox import contacts, conversations, inbound, threads
from teambox.conversations import ConversationError
from teambox.models import Contact, Conversation, EventState, InboundEvent, LineKind
from tests.factories import ASHA, drain, make_channel, make_list, opt_out, sent_texts
from tests.teambox.people import UNCLEAR, is_out, say
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def mina() -> Actor:
    return actor_of(User.objects.create(username="mina"))


@pytest.fixture
def omar() -> Actor:
    return actor_of(User.objects.create(username="omar"))


@pytest.fixture
def asha(sms: Channel) -> Conversation:
    say(sms, "Where is my parcel?")
    return Conversation.objects.get()


def lines(conversation: Conversation) -> list[tuple[str, str]]:
    return list(conversation.lines.values_list("kind", "text"))


# What the person writes


def test_a_message_opens_one_conversation_and_meets_a_contact(sms: Channel) -> None:
    say(sms, "Hello", payload={"name": "Asha Rao"})
    say(sms, "Where is\n my parcel?", sender="0034 600 111 222")
    found = Conversation.objects.get()
    assert lines(found) == [("inbound", "Hello"), ("inbound", "Where is\n my parcel?")]
    assert (found.unread, found.preview) == (2, "Where is my parcel?")
    assert found.version == found.lines.last().pk
    contact = contacts.of_address(found.key)
    assert contact.name == "Asha Rao"
    assert contact.last_seen_at is not None


def test_each_channel_has_a_conversation_of_its_own(sms: Channel) -> None:
    whatsapp = make_channel(101, name="WhatsApp")
    say(sms, "Hello")
    say(whatsapp, "Hello")
    assert Conversation.objects.count() == 2
    assert Contact.objects.count() == 1


def test_the_same_event_again_is_one_line(sms: Channel, asha: Conversation) -> None:
    event = InboundEvent.objects.get()
    conversations.take_in(event, addresses.parse(ASHA), told="Again")
    asha.refresh_from_db()
    assert (lines(asha), asha.unread) == ([("inbound", "Where is my parcel?")], 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("STOP", "Added to Default opt-out list by keyword STOP"),
        (UNCLEAR, "Waits for review: marketing is withheld until then"),
        ("HELP", "Asked for help, and got the help text"),
    ],
)
def test_what_a_message_did_stands_below_it(sms: Channel, text: str, told: str) -> None:
    say(sms, text)
    found = Conversation.objects.get()
    assert lines(found) == [("inbound", text), ("system", told)]
    assert found.preview == " ".join(text.split())


def test_an_agents_conversation_does_not_keep_a_stop_from_working(
    sms: Channel, asha: Conversation, mina: Actor
) -> None:
    conversations.accept(asha, actor=mina)
    assert say(sms, "STOP").outcome == "opted_out"
    assert is_out(sms)
    assert lines(asha)[-1][1] == "Added to Default opt-out list by keyword STOP"


def test_a_new_message_opens_a_solved_conversation_for_anybody(
    sms: Channel, asha: Conversation, mina: Actor
) -> None:
    conversations.accept(asha, actor=mina)
    conversations.solve(asha, actor=mina)
    say(sms, "Still nothing")
    asha.refresh_from_db()
    assert (asha.is_open, asha.assignee, asha.unread) == (True, None, 1)


def test_trouble_with_the_conversation_leaves_the_opt_out_in_place(
    sms: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no conversation today")

    with monkeypatch.context() as trouble:
        trouble.setattr(threads, "take_in", fail)
        answer = say(sms, "STOP")
        assert (answer.outcome, is_out(sms)) == ("opted_out", True)
        assert not Conversation.objects.exists()
    event = InboundEvent.objects.get()
    assert (event.state, event.error) == (
        EventState.STORED,
        "RuntimeError: no conversation today",
    )
    InboundEvent.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert inbound.handle_due() == 1
    assert InboundEvent.objects.get().state == EventState.DONE
    assert len(lines(Conversation.objects.get())) == 2
    assert live_entries().count() == 1
    drain()
    assert len(sent_texts(sms)) == 1


@pytest.mark.django_db(transaction=True)
def test_messages_at_once_are_one_conversation_with_a_line_each(sms: Channel) -> None:
    at_once(lambda: say(sms, "Hello"), 4)
    found = Conversation.objects.get()
    assert (found.lines.count(), found.unread) == (4, 4)
    assert found.version == max(found.lines.values_list("id", flat=True))


# What we write


def test_a_reply_goes_out_also_to_who_opted_out(
    asha: Conversation, mina: Actor
) -> None:
    opt_out(ASHA, make_list())
    line = conversations.reply(asha, " It left today. ", actor=mina)
    drain()
    message = OutgoingMessage.objects.get()
    assert (line.message, line.actor_label) == (message, "mina")
    assert (message.state, message.batch.purpose) == ("sent", Purpose.REPLY)
    assert sent_texts(asha.channel) == ["It left today."]
    asha.refresh_from_db()
    assert (asha.preview, asha.unread) == ("It left today.", 0)


def test_a_form_that_is_sent_twice_is_one_reply(
    asha: Conversation, mina: Actor
) -> None:
    shown = asha.version
    first = conversations.reply(asha, "Yes", actor=mina, form_id=shown)
    assert conversations.reply(asha, "Yes", actor=mina, form_id=shown) == first
    again = conversations.reply(asha, "Yes", actor=mina, form_id=first.pk)
    assert again != first
    assert OutgoingMessage.objects.count() == 2


@pytest.mark.parametrize("text", ["", " \n", "\x00", "x" * 4_001])
def test_a_reply_or_note_says_something_of_fair_length(
    asha: Conversation, mina: Actor, text: str
) -> None:
    for write in (conversations.reply, conversations.note):
        with pytest.raises(ConversationError) as refused:
            write(asha, text, actor=mina)
        assert refused.value.field == "text"
    assert (asha.lines.count(), OutgoingMessage.objects.count()) == (1, 0)


def test_a_note_stays_with_us(asha: Conversation, mina: Actor) -> None:
    conversations.note(asha, "Angry", actor=mina)
    asha.refresh_from_db()
    assert (lines(asha)[-1], asha.preview) == (
        (LineKind.NOTE, "Angry"),
        "Where is my parcel?",
    )
    assert not OutgoingMessage.objects.exists()


# Who takes care of it


def test_one_agent_accepts_and_the_other_is_told_who(
    asha: Conversation, mina: Actor, omar: Actor
) -> None:
    assert conversations.accept(asha, actor=mina)
    assert not conversations.accept(asha, actor=mina)
    with pytest.raises(ConversationError, match="mina has it already"):
        conversations.accept(asha, actor=omar)
    asha.refresh_from_db()
    assert asha.assignee_id == mina.user_id


def test_each_change_is_told_once(asha: Conversation, mina: Actor) -> None:
    omar = User.objects.create(username="omar")
    before = asha.version
    for _ in range(2):
        conversations.assign(asha, omar, actor=mina)
    for _ in range(2):
        conversations.solve(asha, actor=mina)
    for _ in range(2):
        conversations.reopen(asha, actor=mina)
    conversations.assign(asha, None, actor=mina)
    told = [text for kind, text in lines(asha) if kind == LineKind.SYSTEM]
    assert told == [
        "Assigned to omar",
        "Solved",
        "Opened again",
        "Assigned to nobody",
    ]
    asha.refresh_from_db()
    assert asha.version > before


def test_who_looked_has_read_it(asha: Conversation) -> None:
    conversations.mark_read(asha)
    asha.refresh_from_db()
    assert asha.unread == 0


def test_a_name_from_a_provider_replaces_none_of_ours(sms: Channel) -> None:
    contacts.make(name="Asha", addresses=[addresses.parse(ASHA)])
    say(sms, "Hello", payload={"name": "🌸 asha 🌸"})
    assert Contact.objects.get().name == "Asha"


def test_another_kind_of_address_has_conversations_too() -> None:
    mailbox = make_channel(201, email=True)
    say(mailbox, "Hello", sender="Leena@Example.ORG")
    assert Conversation.objects.get().address == "leena@example.org"
