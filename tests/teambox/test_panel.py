"""The contact panel: whom it shows, and what agents do to opt-outs there."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client

from optout import addresses, lifts
from optout.access import Role
from optout.lifts import Power
from optout.models import (
    Channel,
    Entry,
    LiftReason,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    Workspace,
    default_list,
    live_entries,
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
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of
from tests.teambox.people import UNCLEAR, say
from tests.threads import at_once

pytestmark = pytest.mark.django_db

BRAZIL, BRAZIL_WITHOUT_9 = "+5531999990000", "+55 31 9999-0000"


@pytest.fixture
def agent() -> Client:
    return browser_of(Role.AGENT)


@pytest.fixture
def asha() -> Contact:
    """A contact with a number and an email."""
    return contacts.make(name="Asha", addresses=list(map(addresses.parse, TWO)))


TWO = (ASHA, LEENA)


@pytest.fixture
def promotions() -> OptOutList:
    return make_list()


def key_of(raw: str) -> UUID:
    return addresses.parse(raw).key


def panel_of(raw: str, rest: str = "") -> str:
    return f"/panel/{key_of(raw)}/{rest}"


def fields(*lists: OptOutList, **values: Any) -> dict[str, Any]:
    """The add form as it is sent, for the default list unless others are named."""
    chosen = [row.pk for row in lists or (default_list(),)]
    return {"channel": 0, "lists": chosen, "reason_code": "staff"} | values


def add(browser: Client, raw: str, *lists: OptOutList, **values: Any) -> Any:
    """Add by the panel of an address, to whom it belongs unless `address` is given."""
    sent = fields(*lists, **{"address": raw} | values)
    return browser.post(panel_of(raw, "add/"), sent, headers=HTMX)


def remove(browser: Client, entry: Entry, **values: Any) -> Any:
    url = f"/panel/{entry.key}/entries/{entry.pk}/remove/"
    return browser.post(url, values, headers=HTMX)


def entry_of(raw: str, *lists: OptOutList, **more: Any) -> Entry:
    return opt_out(raw, *lists, **more).entries[0]


def ended(entry: Entry) -> Entry:
    power = Power(guarded=True, legal=True)
    lifts.lift([entry.pk], source=Source.PAGE, power=power, reason=LiftReason.TEST)
    return Entry.objects.get(pk=entry.pk)


def toast_of(answer: Any) -> dict[str, str]:
    told: dict[str, str] = json.loads(answer["HX-Trigger"])["toast"]
    return told


def wrong_in(answer: Any) -> list[str]:
    """The fields of the add form that are in error."""
    return list(answer.context["panel_form"].errors)


def mask_for(*roles: Role) -> None:
    Workspace.objects.update(masked_roles=list(roles))


def look_up(browser: Client, text: str, **values: str) -> Any:
    sent = {"address": text} | values
    return browser.post("/panel/look-up/", sent, follow=True)


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


# Adding


def test_an_address_is_added_to_many_lists_by_the_panel(
    agent: Client, asha: Contact, promotions: OptOutList
) -> None:
    OptOutList.objects.update(webhook_url="https://hooks.example.com/")
    answer = add(agent, ASHA, default_list(), promotions, note="By phone")
    made = live_entries().order_by("list_id")
    assert {entry.list for entry in made} == {default_list(), promotions}
    assert {entry.source for entry in made} == {Source.PANEL}
    assert {(entry.actor_label, entry.note) for entry in made} == {
        ("a agent", "By phone")
    }
    assert WebhookDelivery.objects.count() == 2
    assert "entriesChanged" in answer["HX-Trigger"]


def test_the_form_begins_with_the_conversation_s_channel(
    agent: Client, sms: Channel, asha: Contact
) -> None:
    form = agent.get(panel_of(LEENA, "?channel=900")).context["panel_form"]
    assert form["address"].initial == LEENA
    assert form["channel"].initial == 900
    assert form["lists"].initial == [default_list().pk]


@pytest.mark.parametrize("query", ["?channel=77", "?channel=x", "?channel=9" * 30])
def test_a_channel_that_is_none_begins_with_all_channels(
    agent: Client, asha: Contact, query: str
) -> None:
    assert (
        agent.get(panel_of(ASHA, query)).context["panel_form"]["channel"].initial == 0
    )


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("address", {"address": ""}),
        ("address", {"address": "12"}),
        ("address", {"address": "a@b.c\r\nBcc: x@y.z"}),
        ("channel", {"channel": 77}),
        ("lists", {"lists": []}),
        ("lists", {"lists": [999]}),
        ("lists", {"lists": ["x"]}),
        ("reason_code", {"reason_code": "legal"}),
        ("note", {"note": "x" * 301}),
    ],
)
def test_bad_input_names_the_field_and_adds_nothing(
    agent: Client, asha: Contact, field: str, values: dict[str, Any]
) -> None:
    answer = add(agent, ASHA, **values)
    assert answer.status_code == 422
    assert wrong_in(answer) == [field]
    assert not Entry.objects.exists()


def test_who_is_there_already_is_told_so(agent: Client, asha: Contact) -> None:
    opt_out(ASHA)
    told = toast_of(add(agent, ASHA))
    assert told["text"] == f"{ASHA} is already on “Default opt-out list”."
    assert live_entries().count() == 1


def test_an_entry_without_effect_offers_all_channels(
    agent: Client, asha: Contact, sms: Channel
) -> None:
    answer = add(agent, LEENA, channel=sms.pk)
    assert f"an email, and {sms} writes to phones" in text_of(answer)
    more = fields(keys=[str(key_of(LEENA))])
    agent.post(panel_of(LEENA, "add-more/"), more, headers=HTMX)
    assert live_entries().filter(address=LEENA, channel=0).exists()


def test_the_person_s_other_addresses_are_offered_and_added(
    agent: Client, asha: Contact
) -> None:
    answer = add(agent, ASHA)
    assert [known.text for known in answer.context["others"]] == [LEENA]
    more = fields(keys=[str(key_of(LEENA))])
    told = agent.post(panel_of(ASHA, "add-more/"), more, headers=HTMX)
    assert told.context["others"] == []
    assert {row.address for row in live_entries()} == {ASHA, LEENA}


def test_addresses_that_are_there_too_are_not_offered(
    agent: Client, asha: Contact
) -> None:
    opt_out(LEENA)
    assert add(agent, ASHA).context["others"] == []


@pytest.mark.parametrize("keys", [[], ["x"], [str(UUID(int=1))]])
def test_an_offer_with_no_address_of_ours_adds_nothing(
    agent: Client, asha: Contact, keys: list[str]
) -> None:
    agent.post(panel_of(ASHA, "add-more/"), fields(keys=keys), headers=HTMX)
    assert not Entry.objects.exists()


def test_an_undo_takes_back_what_was_just_added(agent: Client, asha: Contact) -> None:
    opt_out(LEENA)
    undo = toast_of(add(agent, ASHA, reason_code="person"))["undo"]
    agent.post(undo, headers=HTMX)
    assert [row.address for row in live_entries()] == [LEENA]


def test_an_undo_ends_nothing_that_somebody_else_made(
    agent: Client, asha: Contact
) -> None:
    entry = entry_of(ASHA, reason=Reason.PERSON)
    url = panel_of(ASHA, f"undo/?entries={entry.pk}&entries=x")
    told = toast_of(agent.post(url, headers=HTMX))
    assert "nothing to undo" in told["text"]
    assert live_entries().exists()


def test_an_undo_is_for_who_added(agent: Client, asha: Contact) -> None:
    undo = toast_of(add(agent, ASHA))["undo"]
    told = toast_of(browser_of(Role.ADMIN).post(undo, headers=HTMX))
    assert "nothing to undo" in told["text"]
    assert live_entries().exists()


def test_who_may_not_end_an_entry_is_offered_no_undo(asha: Contact) -> None:
    answer = add(browser_of(Role.MARKETER), ASHA, reason_code="person")
    assert toast_of(answer)["undo"] == ""


def test_without_scripts_the_form_leads_back_to_the_panel(agent: Client) -> None:
    look_up(agent, ASHA)
    url = panel_of(ASHA, "add/?channel=900")
    answer = agent.post(url, fields(address=ASHA), follow=True)
    assert answer.redirect_chain == [(panel_of(ASHA, "?channel=900"), 302)]
    assert "was added to “Default opt-out list”" in text_of(answer)


# Stop everything


def test_stop_everything_takes_a_yes_and_every_address(
    agent: Client, asha: Contact, sms: Channel
) -> None:
    url = panel_of(ASHA, "stop-everything/")
    question = text_of(agent.get(url))
    assert f"No marketing goes out any more to: {ASHA} {LEENA}" in question
    assert not Entry.objects.exists()
    agent.post(url, {"reason_code": "person", "note": "In chat"}, headers=HTMX)
    made = live_entries()
    assert {row.address for row in made} == {ASHA, LEENA}
    assert {(row.list, row.channel_id, row.source) for row in made} == {
        (default_list(), 0, Source.PANEL)
    }


def test_stopping_everything_can_be_undone_at_once(
    agent: Client, asha: Contact
) -> None:
    url = panel_of(ASHA, "stop-everything/")
    told = toast_of(agent.post(url, {"reason_code": "person"}, headers=HTMX))
    assert told["text"] == (f"{ASHA} and {LEENA} were added to “Default opt-out list”.")
    agent.post(told["undo"], headers=HTMX)
    assert not live_entries().exists()


# Removing and putting back


def test_an_entry_is_removed_after_a_yes_and_undone(
    agent: Client, asha: Contact
) -> None:
    entry = entry_of(LEENA)
    url = panel_of(ASHA, f"entries/{entry.pk}/remove/")
    assert "Yes, remove" in text_of(agent.get(url, headers=HTMX))
    told = toast_of(agent.post(url, headers=HTMX))
    entry.refresh_from_db()
    assert (entry.is_live, entry.ended_source) == (False, Source.PANEL)
    agent.post(told["undo"], headers=HTMX)
    assert live_entries().get().pk == entry.pk


def test_what_the_person_asked_for_needs_a_reason(agent: Client) -> None:
    entry = entry_of(ASHA, reason=Reason.PERSON)
    answer = remove(agent, entry)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["reason"]
    assert live_entries().exists()


@pytest.mark.parametrize(
    ("role", "reason", "status"),
    [
        (Role.AGENT, Reason.PERSON, 204),
        (Role.AGENT, Reason.LEGAL, 403),
        (Role.MARKETER, Reason.STAFF, 204),
        (Role.MARKETER, Reason.PERSON, 403),
        (Role.COMPLIANCE, Reason.LEGAL, 403),
        (Role.ADMIN, Reason.LEGAL, 204),
    ],
)
def test_roles_remove_what_they_may(role: Role, reason: Reason, status: int) -> None:
    entry = entry_of(ASHA, reason=reason)
    browser = browser_of(role)
    page = browser.get(panel_of(ASHA)).content.decode()
    answer = remove(browser, entry, reason="asked_in_chat")
    assert answer.status_code == status
    assert live_entries().exists() == (status == 403)
    assert ("Your role cannot remove" in page) == (status == 403)


def test_two_agents_who_remove_one_entry_are_both_answered(agent: Client) -> None:
    entry = entry_of(ASHA)
    remove(agent, entry)
    told = toast_of(remove(browser_of(Role.COMPLIANCE), entry))
    assert told == {"text": f"{ASHA} was removed before.", "tone": "warn", "undo": ""}
    entry.refresh_from_db()
    assert entry.ended_label == "a agent"


@pytest.mark.django_db(transaction=True)
def test_of_removals_at_once_one_is_told_that_it_did_it() -> None:
    entry = entry_of(ASHA)
    browsers = [browser_of(role) for role in Role if role != Role.MARKETER]
    answers = at_once(lambda: remove(browsers.pop(), entry), len(browsers))
    told = [toast_of(answer)["text"] for answer in answers]
    assert sum("was removed from" in text for text in told) == 1
    assert sum("was removed before" in text for text in told) == 2


def test_an_ended_entry_is_put_back_where_its_place_is_free(
    agent: Client, promotions: OptOutList
) -> None:
    first = ended(entry_of(ASHA, promotions))
    back = f"/panel/{first.key}/entries/{first.pk}/put-back/"
    opt_out(ASHA, promotions)
    assert back not in agent.get(panel_of(ASHA)).content.decode()
    assert "is already on" in toast_of(agent.post(back, headers=HTMX))["text"]
    ended(live_entries().get())
    assert back in agent.get(panel_of(ASHA)).content.decode()
    agent.post(back, headers=HTMX)
    assert live_entries().get().pk == first.pk


def test_an_entry_of_somebody_else_is_not_reached_by_this_panel(
    agent: Client, asha: Contact
) -> None:
    other = entry_of(RAHUL)
    for act in ("remove", "put-back"):
        url = panel_of(ASHA, f"entries/{other.pk}/{act}/")
        assert agent.post(url, headers=HTMX).status_code == 404
    assert live_entries().exists()


# Masked roles


def test_a_masked_role_gets_no_address_in_any_part(
    agent: Client, asha: Contact, sms: Channel, promotions: OptOutList
) -> None:
    mask_for(Role.AGENT)
    say(sms, "STOP")
    ended(entry_of(LEENA, promotions))
    queue(make_batch(sms), ASHA)
    entry = live_entries().get()
    dialog = f"entries/{entry.pk}/remove/"
    for rest in ("", dialog, "stop-everything/"):
        page = agent.get(panel_of(ASHA, rest), headers=HTMX).content.decode()
        assert ASHA not in page
        assert ASHA[1:] not in page
        assert LEENA not in page


def test_a_masked_role_adds_and_removes_by_key(agent: Client, asha: Contact) -> None:
    mask_for(Role.AGENT)
    chosen = agent.get(panel_of(LEENA)).context["panel_form"]["whose"].initial
    answer = add(agent, ASHA, address="", whose=chosen)
    entry = live_entries().get()
    assert entry.address == LEENA
    removed = remove(agent, entry)
    for told in (answer, removed):
        assert toast_of(told)["text"].startswith("l•••@example.org was")
    assert ASHA not in answer.content.decode()
    assert not live_entries().exists()


def test_a_masked_role_looks_up_a_stranger_and_adds_it(agent: Client) -> None:
    mask_for(Role.AGENT)
    assert ASHA not in look_up(agent, ASHA).content.decode()
    add(agent, ASHA, address="", whose=str(key_of(ASHA)))
    assert live_entries().get().address == ASHA


def test_what_a_masked_role_chooses_counts_more_than_what_is_left_in_the_box(
    agent: Client, asha: Contact
) -> None:
    mask_for(Role.AGENT)
    add(agent, ASHA, address="12", whose=str(key_of(LEENA)))
    assert live_entries().get().address == LEENA


def test_a_masked_role_may_type_another_address(agent: Client, asha: Contact) -> None:
    mask_for(Role.AGENT)
    add(agent, ASHA, address=RAHUL, whose="")
    assert live_entries().get().address == RAHUL
    assert wrong_in(add(agent, ASHA, address="", whose="")) == ["address"]


# Tags, notes, contact


def test_tags_and_notes_are_kept(agent: Client, asha: Contact) -> None:
    agent.post(panel_of(ASHA, "tags/"), {"tag": "VIP"}, headers=HTMX)
    answer = agent.post(panel_of(ASHA, "notes/"), {"text": "Call back"}, headers=HTMX)
    assert [note.text for note in answer.context["person"].about.notes] == ["Call back"]
    tag = asha.tags.get()
    agent.post(panel_of(LEENA, f"tags/{tag.pk}/remove/"), headers=HTMX)
    assert not asha.tags.exists()


@pytest.mark.parametrize(
    ("rest", "name", "values"),
    [
        ("tags/", "tag_form", {"tag": "x" * 41}),
        ("tags/", "tag_form", {"tag": " "}),
        ("notes/", "note_form", {"text": ""}),
        ("notes/", "note_form", {"text": "x" * 5_001}),
    ],
)
def test_a_bad_tag_or_note_is_asked_again(
    agent: Client, asha: Contact, rest: str, name: str, values: dict[str, str]
) -> None:
    answer = agent.post(panel_of(ASHA, rest), values, headers=HTMX)
    assert answer.status_code == 422
    assert answer.context[name].errors
    assert not (asha.tags.exists() or asha.notes.exists())


def test_a_stranger_is_saved_as_a_contact_once(agent: Client) -> None:
    look_up(agent, ASHA)
    for _ in range(2):
        agent.post(panel_of(ASHA, "contact/"), headers=HTMX)
    assert Contact.objects.get().addresses.get().address == ASHA


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
