"""What smart replies send by actions: marketing, withheld by lists, sent once."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from optout import action_table, addresses
from optout.action_table import SettingsError
from optout.models import (
    OPTOUT_NUMBER,
    Channel,
    OutgoingMessage,
    Purpose,
    SandboxMessage,
    default_list,
)
from teambox import contacts, smart_replies
from teambox.models import Contact, Conversation, InboundEvent, SmartReplyRun
from tests.factories import (
    ASHA,
    LEENA,
    drain,
    make_channel,
    make_list,
    opt_out,
    sent_texts,
)
from tests.page_clients import errors_of, text_of
from tests.teambox.people import UNCLEAR, say
from tests.teambox.replies import make_reply, outcomes, told

pytestmark = pytest.mark.django_db
ASK = "send me the catalogue"


@pytest.fixture
def mailbox(db: None) -> Channel:
    return make_channel(901, email=True)


def sending(**more: Any) -> tuple[str, dict[str, Any]]:
    return "send_message", {"text": "Our catalogue, {{name|friend}}", **more}


def mailing(mailbox: Channel, **more: Any) -> tuple[str, dict[str, Any]]:
    words = {"subject": "Hi {{name|you}}", "html": "<p>{{name|you}}</p>"}
    return "send_email", {"channel": mailbox.pk, **words, **more}


def result() -> str:
    step = SmartReplyRun.objects.latest("id").results[0]
    return str(action_table.Result(step["outcome"], step["detail"]))


# On the channel the person wrote on


def test_a_message_is_sent_with_the_contacts_values(sms: Channel) -> None:
    make_reply(ASK, actions=(sending(),))
    say(sms, ASK, payload={"name": "Asha"})
    assert outcomes() == [("send_message", "queued")]
    assert sent_texts(sms) == ["Our catalogue, Asha"]
    batch = OutgoingMessage.objects.get().batch
    assert (batch.purpose, batch.title) == (Purpose.CONNECTOR, "Action · smart reply")
    assert list(batch.lists.all()) == [default_list()]


def test_who_is_on_the_default_list_gets_nothing(sms: Channel) -> None:
    opt_out(ASHA)
    make_reply(ASK, actions=(sending(),))
    say(sms, ASK)
    assert result() == f"{OPTOUT_NUMBER}: {default_list()}"
    assert sent_texts(sms) == []
    message = OutgoingMessage.objects.get()
    assert (message.state, message.error) == ("suppressed", OPTOUT_NUMBER)


def test_who_is_on_a_chosen_list_gets_nothing(sms: Channel) -> None:
    promo = make_list()
    opt_out(ASHA, promo)
    make_reply(ASK, actions=(sending(lists=[promo.pk]),))
    say(sms, ASK)
    assert result() == "Optout Number: Promotions"
    assert sent_texts(sms) == []
    assert told(sms)[-1].endswith("Send message: Optout Number: Promotions")


def test_who_is_on_another_list_gets_it(sms: Channel) -> None:
    opt_out(ASHA, make_list())
    make_reply(ASK, actions=(sending(),))
    say(sms, ASK)
    assert len(sent_texts(sms)) == 1


def test_who_is_under_review_gets_nothing(sms: Channel) -> None:
    make_reply(ASK, actions=(sending(),))
    say(sms, UNCLEAR)
    say(sms, ASK)
    assert result() == "Optout Number: under review"
    assert sent_texts(sms) == []


def test_an_event_that_is_tried_again_sends_once(sms: Channel) -> None:
    make_reply(ASK, actions=(sending(),))
    say(sms, ASK)
    run, event = SmartReplyRun.objects.get(), InboundEvent.objects.get()
    run.results[0] |= {"outcome": "begun"}  # a worker stopped before it wrote more
    run.finished_at = None
    run.save()
    smart_replies.respond(event, None, Conversation.objects.get())  # type: ignore[arg-type]
    assert outcomes() == [("send_message", "queued")]
    assert len(sent_texts(sms)) == 1


def test_asked_twice_it_is_sent_twice_from_one_batch(sms: Channel) -> None:
    make_reply(ASK, actions=(sending(),))
    say(sms, ASK)
    say(sms, ASK)
    assert len(sent_texts(sms)) == 2
    assert OutgoingMessage.objects.values("batch").distinct().count() == 1


def test_a_program_that_asks_again_and_again_is_not_fed(sms: Channel) -> None:
    make_reply(ASK, actions=(sending(),))
    for _ in range(8):
        say(sms, ASK)
    assert len(sent_texts(sms)) == 5
    assert outcomes() == [("send_message", "skipped")]


def test_nor_when_the_messages_go_to_another_address(
    sms: Channel, mailbox: Channel
) -> None:
    contacts.make(addresses=[addresses.parse(ASHA), addresses.parse(LEENA)])
    make_reply(ASK, actions=(mailing(mailbox),))
    for _ in range(8):
        say(sms, ASK)
    drain()
    assert SandboxMessage.objects.count() == 5


# By email


def test_an_email_goes_to_the_contacts_first_email(
    sms: Channel, mailbox: Channel
) -> None:
    emails = map(addresses.parse, (ASHA, LEENA, "second@example.org"))
    contacts.make(name="A & B", addresses=list(emails))
    make_reply(ASK, actions=(mailing(mailbox),))
    say(sms, ASK)
    drain()
    sent = SandboxMessage.objects.get()
    assert (sent.address, sent.subject) == (LEENA, "Hi A & B")
    assert "<p>A &amp; B</p>" in sent.html
    assert "List-Unsubscribe" in sent.headers


def test_an_email_is_withheld_by_the_emails_own_entries(
    sms: Channel, mailbox: Channel
) -> None:
    emails = map(addresses.parse, (ASHA, LEENA, "second@example.org"))
    contacts.make(addresses=list(emails))
    opt_out(LEENA, channel_id=mailbox.pk)
    make_reply(ASK, actions=(mailing(mailbox),))
    say(sms, ASK)
    assert result().startswith(OPTOUT_NUMBER)
    assert sent_texts(mailbox) == []


def test_a_contact_without_an_email_gets_none(sms: Channel, mailbox: Channel) -> None:
    make_reply(ASK, actions=(mailing(mailbox),))
    say(sms, ASK)
    assert result() == "no address: the contact has no email"
    assert not OutgoingMessage.objects.exists()


def test_a_channel_that_was_switched_off_is_a_failed_result(
    sms: Channel, mailbox: Channel, asha: Contact
) -> None:
    contacts.add_address(asha, addresses.parse(LEENA))
    make_reply(ASK, actions=(mailing(mailbox),))
    Channel.objects.filter(pk=mailbox.pk).update(is_active=False)
    say(sms, ASK)
    assert result() == "failed: Sandbox 901 is not active."


# Building


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("send_message", {"text": ""}, "text"),
        ("send_message", {"text": "{{plan}}"}, "text"),
        ("send_message", {"text": "x", "lists": [999]}, "lists"),
        ("send_message", {"text": "x", "channel": 7}, "channel"),
        ("send_email", {"channel": 900, "subject": "x", "text": "x"}, "channel"),
        ("send_email", {"channel": 901, "subject": "", "text": "x"}, "subject"),
        ("send_email", {"channel": 901, "subject": "x"}, "html"),
        ("send_email", {"channel": 901, "subject": "{{x}}", "text": "x"}, "subject"),
    ],
)
def test_settings_that_cannot_be_sent_are_refused(
    sms: Channel, mailbox: Channel, name: str, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        action_table.checked(name, given)
    assert refused.value.field == field


def test_the_default_list_is_ticked_and_cannot_be_left_out(browser: Client) -> None:
    promo, row = make_list(), make_reply(ASK)
    url = reverse("smart-reply-action-new", args=[row.pk, "send_message"])
    shown = browser.get(url).content.decode()
    assert shown.count("checked disabled") == 1
    browser.post(url, {"text": "Hello", "lists": [promo.pk]})
    kept = row.actions.get().settings
    assert kept["lists"] == sorted([default_list().pk, promo.pk])


def test_a_question_tells_what_it_sends(browser: Client, mailbox: Channel) -> None:
    row = make_reply(ASK, actions=(sending(), mailing(mailbox)))
    shown = text_of(browser.get(f"/smart-replies/{row.pk}/"))
    lists = default_list().name
    assert f"“Our catalogue, {{{{name|friend}}}}” · Opt-out lists: {lists}" in shown
    assert f"“Hi {{{{name|you}}}}” on Sandbox 901 · Opt-out lists: {lists}" in shown


def test_an_unknown_variable_is_told_at_its_field(browser: Client) -> None:
    row = make_reply(ASK)
    url = reverse("smart-reply-action-new", args=[row.pk, "send_message"])
    answer = browser.post(url, {"text": "{{plan}}"})
    assert answer.status_code == 422
    assert "plan" in errors_of(answer)["text"][0]
    assert not row.actions.exists()
