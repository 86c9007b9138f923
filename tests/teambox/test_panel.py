"""The contact panel: whom it shows, to whom."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from optout import addresses
from optout.access import Role
from optout.models import (
    Channel,
    Entry,
    OptOutList,
    Reason,
    Workspace,
    default_list,
)
from teambox import contacts
from teambox.models import Contact, ContactAttribute, Conversation
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
)
from tests.page_clients import HTMX, browser_of, queries_of, text_of
from tests.teambox.panels import (
    ended,
    entry_of,
    look_up,
    panel_of,
    remove,
)
from tests.teambox.people import UNCLEAR, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(asha: Contact) -> Contact:
    """A contact with a number and an email."""
    contacts.add_address(asha, addresses.parse(LEENA))
    return asha


BRAZIL, BRAZIL_WITHOUT_9 = "+5531999990000", "+55 31 9999-0000"


# Looking somebody up


def test_every_page_has_the_panel_with_one_accesskey(agent: Client) -> None:
    page = agent.get("/").content.decode()
    assert page.count('accesskey="c"') == 1
    assert 'data-src="/panel/"' in page


def test_without_a_contact_the_panel_asks_for_one(agent: Client) -> None:
    assert "Look up a number or email" in text_of(agent.get("/panel/"))
    part = agent.get("/panel/", headers=HTMX).content.decode()
    assert "<html" not in part


@pytest.mark.parametrize("spelling", ["tel:0034 (600) 111-222", "＋34600111222"])
def test_any_spelling_finds_the_contact(
    agent: Client, asha: Contact, spelling: str
) -> None:
    answer = look_up(agent, spelling)
    assert answer.redirect_chain == [(panel_of(ASHA), 302)]
    assert answer.context["person"].contact == asha


def test_a_variant_of_a_number_shows_the_same_lists(agent: Client) -> None:
    opt_out(BRAZIL)
    shown = look_up(agent, BRAZIL_WITHOUT_9).context["person"]
    assert [entry.address for entry in shown.live] == [BRAZIL]


def test_an_address_nobody_knows_is_shown_and_stands_in_no_url(agent: Client) -> None:
    answer = look_up(agent, "+34 600 111 222")
    assert "+34600111222 Not a contact" in text_of(answer)
    assert "On no opt-out list" in text_of(answer)
    assert all("600111222" not in url for url, _ in answer.redirect_chain)


def test_a_key_that_nobody_looked_up_tells_nothing(agent: Client) -> None:
    assert agent.get(panel_of(ASHA)).status_code == 404


@pytest.mark.parametrize("text", ["", "12", "a@b@c", "9" * 400, "+34600111222\x00"])
def test_what_is_no_address_is_asked_again(agent: Client, text: str) -> None:
    answer = agent.post("/panel/look-up/", {"address": text}, headers=HTMX)
    assert answer.status_code == 422
    assert list(answer.context["look_up_form"].errors) == ["address"]


def test_a_number_that_reads_two_ways_asks_which(agent: Client) -> None:
    Workspace.objects.update(default_region="DE")
    asked = look_up(agent, "4915123456789")
    readings = asked.context["look_up_form"].readings
    assert (asked.status_code, len(readings)) == (422, 2)
    found = look_up(agent, "4915123456789", reading=readings[1])
    assert found.context["person"].asked.text == readings[1]


# What it shows


def test_it_shows_the_entries_of_all_addresses_with_how_and_by_whom(
    agent: Client, asha: Contact, sms: Channel, promotions: OptOutList
) -> None:
    say(sms, "STOP")
    opt_out(LEENA, promotions)
    words = text_of(agent.get(panel_of(LEENA)))
    assert f"Promotions {LEENA} All channels · List page · System" in words
    assert f"Default opt-out list {ASHA} {sms} · Keyword “stop” · The person" in words


def test_it_shows_who_the_contact_is(agent: Client, asha: Contact) -> None:
    ContactAttribute.objects.create(name="city", label="City")
    owner = User.objects.create(username="mina")
    values = {"city": "Kochi"}
    contacts.edit(asha, name="Asha Menon", attributes=values, owner_id=owner.pk)
    words = text_of(agent.get(panel_of(ASHA)))
    assert "Asha Menon mina takes care" in words
    assert f"Phone {ASHA} Email {LEENA} City Kochi" in words


def test_history_keeps_what_ended_with_who_and_why(
    agent: Client, promotions: OptOutList
) -> None:
    remove(agent, entry_of(ASHA, promotions, reason=Reason.PERSON), reason="test")
    words = text_of(agent.get(panel_of(ASHA)))
    assert "On no opt-out list" in words
    assert "Removed just now · a agent · Contact panel · Test Put back" in words


def test_a_request_under_review_is_shown(agent: Client, sms: Channel) -> None:
    say(sms, UNCLEAR)
    assert "Under review Marketing waits" in text_of(agent.get(panel_of(ASHA)))


def test_last_sends_tell_what_was_withheld(agent: Client, sms: Channel) -> None:
    entry_of(ASHA)
    queue(make_batch(sms), ASHA, "Sale!")
    drain()
    words = text_of(agent.get(panel_of(ASHA)))
    assert "API send Failed – Optout Number" in words


def test_conversations_on_other_channels_are_shown(agent: Client, sms: Channel) -> None:
    say(sms, "Hello")
    say(make_channel(101, name="WhatsApp"), "Where is it?")
    here = agent.get(panel_of(ASHA, "?channel=900")).context["panel_conversations"]
    assert [row.channel_id for row in here] == [101]
    assert Conversation.objects.count() == 2


def test_a_marketer_sees_no_conversations(sms: Channel) -> None:
    say(sms, "It is private")
    page = browser_of(Role.MARKETER).get(panel_of(ASHA))
    assert "It is private" not in text_of(page)


def test_an_erased_address_keeps_its_lists(agent: Client) -> None:
    entry_of(ASHA)
    Entry.objects.update(address="", raw="")
    words = text_of(agent.get(panel_of(ASHA)))
    assert "Erased address" in words
    assert "Default opt-out list" in words


def test_the_panel_asks_a_fixed_number_of_queries(agent: Client, asha: Contact) -> None:
    lists = [make_list(f"List {number}", f"OFF {number}") for number in range(20)]
    opt_out(ASHA, lists[0])
    ended(entry_of(LEENA, lists[0]))
    before = queries_of(agent, panel_of(ASHA))
    opt_out(ASHA, *lists)
    for row in opt_out(LEENA, *lists).entries:
        ended(row)
    contacts.add_address(asha, addresses.parse(RAHUL))
    assert queries_of(agent, panel_of(ASHA)) == before
    assert before <= 30


def test_the_summary_is_plain_text(agent: Client, asha: Contact) -> None:
    opt_out(ASHA)
    ended(entry_of(LEENA))
    lines = agent.get(panel_of(ASHA)).context["panel_summary"].splitlines()
    assert lines[:3] == ["Asha", ASHA, LEENA]
    assert lines[5].startswith(f"- Default opt-out list, {ASHA}, All channels: List")
    assert lines[8].endswith("List page · Test")


def test_hostile_words_are_shown_as_text(agent: Client, asha: Contact) -> None:
    name = "<img src=x onerror=alert(1)>"
    contacts.edit(asha, name=name, attributes={}, owner_id=None)
    contacts.tag([asha], "<b>VIP</b>")
    page = agent.get(panel_of(ASHA)).content.decode()
    assert "<img src=x" not in page
    assert "<b>VIP" not in page


def test_what_is_half_typed_stays_when_the_lists_are_read_again(
    agent: Client, asha: Contact
) -> None:
    again = HTMX | {"HX-Target": "panel-person"}
    first = HTMX | {"HX-Target": ""}
    assert b"hx-preserve" in agent.get(panel_of(ASHA), headers=again).content
    assert b"hx-preserve" not in agent.get(panel_of(ASHA), headers=first).content


# Who may


@pytest.mark.parametrize(
    ("rest", "method"),
    [
        ("", "get"),
        ("add/", "post"),
        ("add-more/", "post"),
        ("undo/", "post"),
        ("stop-everything/", "post"),
        ("tags/", "post"),
        ("notes/", "post"),
        ("contact/", "post"),
    ],
)
def test_a_stranger_logs_in_first_and_no_role_is_refused(
    client: Client, asha: Contact, rest: str, method: str
) -> None:
    url = panel_of(ASHA, rest)
    assert getattr(client, method)(url).url.startswith("/login/")
    client.force_login(User.objects.create(username="nobody"))
    assert getattr(client, method)(url).status_code == 403


def test_who_may_not_look_has_no_panel(client: Client) -> None:
    client.force_login(User.objects.create(username="nobody"))
    assert 'id="panel"' not in client.get("/").content.decode()


def test_compliance_may_not_edit_contacts(asha: Contact) -> None:
    browser = browser_of(Role.COMPLIANCE)
    assert browser.post(panel_of(ASHA, "tags/"), {"tag": "x"}).status_code == 403
    assert 'name="tag"' not in browser.get(panel_of(ASHA)).content.decode()


@pytest.mark.parametrize("rest", ["add/", "add-more/", "undo/", "tags/", "notes/"])
def test_reading_changes_nothing(agent: Client, asha: Contact, rest: str) -> None:
    assert agent.get(panel_of(ASHA, rest)).status_code == 405


# From other pages


def test_an_address_on_a_list_opens_the_panel(agent: Client) -> None:
    opt_out(ASHA)
    page = agent.get(f"/opt-out/{default_list().pk}/").content.decode()
    assert f'data-panel-person="{panel_of(ASHA)}"' in page
