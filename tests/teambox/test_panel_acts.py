"""What agents do in the contact panel: opt out, remove, put back, note."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from optout import addresses
from optout.access import Role
from optout.models import (
    Channel,
    Entry,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    default_list,
    live_entries,
)
from teambox import contacts
from teambox.models import Contact
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    make_batch,
    opt_out,
    queue,
)
from tests.page_clients import HTMX, browser_of, errors_of, text_of
from tests.teambox.panels import (
    add,
    ended,
    entry_of,
    fields,
    key_of,
    look_up,
    mask_for,
    panel_of,
    remove,
    toast_of,
    wrong_in,
)
from tests.teambox.people import say
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(asha: Contact) -> Contact:
    """A contact with a number and an email."""
    contacts.add_address(asha, addresses.parse(LEENA))
    return asha


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
    more = fields(keys=keys)
    answer = agent.post(panel_of(ASHA, "add-more/"), more, headers=HTMX)
    assert toast_of(answer)["text"] == "No address was chosen."
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


@pytest.mark.parametrize("pk", ["0", "77", "9" * 30])
def test_a_tag_or_entry_that_is_none_changes_nothing(
    agent: Client, asha: Contact, pk: str
) -> None:
    untagged = agent.post(panel_of(ASHA, f"tags/{pk}/remove/"), headers=HTMX)
    assert untagged.status_code == 200
    for act in ("remove", "put-back"):
        url = panel_of(ASHA, f"entries/{pk}/{act}/")
        assert agent.post(url, headers=HTMX).status_code == 404


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
