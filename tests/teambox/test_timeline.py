"""A contact's timeline: merged by time, a page at a time, for who may read it."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from optout import addresses
from optout.access import Role
from optout.actors import Actor
from optout.models import Channel, Purpose, live_entries
from teambox import contacts, timeline
from teambox.models import Contact, Conversation
from tests.factories import (
    ASHA,
    LEENA,
    drain,
    make_batch,
    make_channel,
    make_list,
    opt_out,
    queue,
)
from tests.page_clients import HTMX, browser_of, queries_of, text_of
from tests.teambox.people import say

pytestmark = pytest.mark.django_db


def page_of(contact: Contact, more: str = "") -> str:
    return f"/contacts/{contact.pk}/{more}"


def events_of(browser: Client, contact: Contact, cursor: str = "") -> list[Any]:
    answer = browser.get(page_of(contact, f"?cursor={cursor}"))
    return list(answer.context["timeline"].events)


def test_the_timeline_merges_what_happened_newest_first(
    browser: Client, sms: Channel
) -> None:
    queue(make_batch(sms, purpose=Purpose.BROADCAST), ASHA, "20% off")
    drain()
    say(sms, "STOP")
    drain()
    asha = Contact.objects.get()
    contacts.write_note(asha, "Was angry", actor=Actor(label="mina"))
    kinds = [event.kind for event in events_of(browser, asha)]
    assert kinds == ["note", "message", "added", "line", "message"]
    words = text_of(browser.get(page_of(asha)))
    assert "Added to Default opt-out list +34600111222 · Sandbox 900" in words
    assert "20% off" in words


def test_a_removal_stands_beside_the_opt_out(browser: Client, asha: Contact) -> None:
    entry = opt_out(ASHA, make_list()).entries[0]
    browser.post(f"/opt-out/entries/{entry.pk}/remove/")
    kinds = [event.kind for event in events_of(browser, asha)]
    assert kinds == ["removed", "added"]


def test_older_events_follow_without_a_gap_or_a_repeat(
    browser: Client, asha: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "PAGE_SIZE", 2)
    opt_out(ASHA, make_list())
    opt_out(ASHA)
    for number in range(3):
        contacts.write_note(asha, f"n{number}", actor=Actor())
    at = timezone.now()
    asha.notes.update(created_at=at)
    live_entries().update(created_at=at)
    shown, cursor = [], ""
    for _ in range(3):
        answer = browser.get(page_of(asha, f"?cursor={cursor}"))
        shown += [event.place for event in answer.context["timeline"].events]
        cursor = answer.context["timeline"].older
    assert (len(shown), len(set(shown)), cursor) == (5, 5, "")


def test_older_events_come_alone_where_the_page_asks_for_them(
    browser: Client, asha: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "PAGE_SIZE", 1)
    for text in ("first", "second"):
        contacts.write_note(asha, text, actor=Actor())
    cursor = browser.get(page_of(asha)).context["timeline"].older
    asks = HTMX | {"HX-Target": "events"}
    answer = browser.get(page_of(asha, f"?cursor={cursor}"), headers=asks)
    assert answer.content.decode().lstrip().startswith("<li")
    assert "first" in text_of(answer) and "second" not in text_of(answer)


@pytest.mark.parametrize("cursor", ["x", "1-2-3", "20261123T000000000000-²-1", "--"])
def test_a_cursor_that_is_none_shows_the_newest(
    browser: Client, asha: Contact, cursor: str
) -> None:
    contacts.write_note(asha, "Here", actor=Actor())
    assert len(events_of(browser, asha, cursor)) == 1


def test_the_page_asks_a_fixed_number_of_queries(browser: Client, sms: Channel) -> None:
    def grow(first: int) -> int:
        for number in range(first, first + 5):
            say(sms, f"Hello {number}")
            opt_out(ASHA, make_list(f"L{number}", f"WORD{number}"))
            contacts.write_note(asha, "n", actor=Actor())
            contacts.tag([asha], f"T{number}")
        return queries_of(browser, page_of(asha))

    say(sms, "Hi")
    asha = Contact.objects.get()
    assert grow(0) == grow(5)


def test_a_marketer_reads_no_conversation_here(sms: Channel) -> None:
    say(sms, "My secret order")
    page = browser_of(Role.MARKETER).get(page_of(Contact.objects.get()))
    assert "My secret order" not in page.content.decode()
    assert page.context["conversations"] == []


def test_conversations_of_every_address_are_shown(
    browser: Client, sms: Channel
) -> None:
    mailbox = make_channel(901, email=True)
    say(sms, "Hi")
    say(mailbox, "Hi", sender=LEENA)
    asha = contacts.of_address(addresses.parse(ASHA).key)
    leena = contacts.of_address(addresses.parse(LEENA).key)
    assert asha and leena
    contacts.merge(asha, leena)
    words = text_of(browser.get(page_of(asha)))
    assert "Sandbox 900" in words and "Sandbox 901" in words
    assert Conversation.objects.count() == 2
