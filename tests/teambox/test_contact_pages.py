"""The contacts pages: found, filtered, edited, merged, exported, by who may."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from optout import addresses
from optout.access import Role
from optout.actors import Actor
from optout.models import Channel, Workspace, live_entries
from teambox import contacts, directory
from teambox.models import Contact, ContactAttribute
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    make_list,
    opt_out,
)
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of
from tests.teambox.people import say

pytestmark = pytest.mark.django_db

LIST = "/contacts/"


def page_of(contact: Contact, more: str = "") -> str:
    return f"/contacts/{contact.pk}/{more}"


def names_on(answer: Any) -> list[str]:
    return [str(row.contact) for row in answer.context["page"].rows]


def names_of(browser: Client, query: str) -> set[str]:
    return set(names_on(browser.get(LIST + query)))


def seen(name: str, days: float | None) -> Contact:
    made = contacts.make(name=name)
    if days is not None:
        at = timezone.now() - timedelta(days=days)
        Contact.objects.filter(pk=made.pk).update(last_seen_at=at)
    return made


# The table


def test_the_table_asks_a_fixed_number_of_queries(
    browser: Client, sms: Channel
) -> None:
    def grow(first: int) -> int:
        for number in range(first, first + 8):
            say(sms, "Hi", sender=f"+3460011{number:04}")
            opt_out(f"+3460011{number:04}")
        contacts.tag(Contact.objects.all(), "VIP")
        return queries_of(browser, LIST)

    assert grow(0) == grow(8)


def test_a_row_tells_addresses_lists_tags_owner_and_channels(
    browser: Client, sms: Channel, asha: Contact
) -> None:
    say(sms, "Hi")
    opt_out(ASHA, make_list())
    owner = User.objects.create(username="mina")
    contacts.edit(asha, name="Asha", attributes={}, owner_id=owner.pk)
    contacts.tag([asha], "VIP")
    answer = browser.get(LIST)
    assert f"Asha {ASHA} VIP mina Sandbox 900 just now" in text_of(answer)
    assert 'title="On Promotions"' in answer.content.decode()


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("asha", {"Asha"}),
        ("SH", {"Asha"}),
        ("0034 600-111-222", {"Asha"}),
        ("+34600111222", {"Asha"}),
        ("600111222", set()),
        ("nobody", set()),
        ("%", set()),
        ("\x00", set()),
    ],
)
def test_the_search_finds_names_by_a_part_and_addresses_whole(
    browser: Client, asha: Contact, search: str, names: set[str]
) -> None:
    contacts.make(name="Rahul", addresses=[addresses.parse(RAHUL)])
    answer = browser.get(LIST, {"search": search})
    assert set(names_on(answer)) == names


def test_filters_narrow_by_tag_owner_and_channel(
    browser: Client, sms: Channel, asha: Contact
) -> None:
    other = contacts.make(name="Rahul")
    tag = contacts.tag([other], "VIP")
    owner = User.objects.create(username="mina")
    contacts.edit(other, name="Rahul", attributes={}, owner_id=owner.pk)
    say(sms, "Hi")
    assert names_of(browser, f"?tag={tag.pk}") == {"Rahul"}
    assert names_of(browser, f"?owner={owner.pk}") == {"Rahul"}
    assert names_of(browser, "?owner=null") == {"Asha"}
    assert names_of(browser, "?channel_id=900") == {"Asha"}
    assert names_of(browser, f"?channel_id=900&tag={tag.pk}") == set()


def test_filters_narrow_by_what_any_address_is_on(browser: Client) -> None:
    listed = make_list()
    for name, raw in (("Asha", ASHA), ("Rahul", RAHUL), ("Leena", LEENA)):
        contacts.make(name=name, addresses=[addresses.parse(raw)])
    contacts.make(name="Nobody")
    opt_out(ASHA, listed)
    opt_out(RAHUL)
    assert names_of(browser, f"?opted_out={listed.pk}") == {"Asha"}
    assert names_of(browser, "?opted_out=any") == {"Asha", "Rahul"}
    assert names_of(browser, "?opted_out=none") == {"Leena", "Nobody"}


def test_filters_narrow_by_when_somebody_was_seen(browser: Client) -> None:
    for name, days in (("Today", 0.1), ("Lately", 20), ("Once", 200), ("Never", None)):
        seen(name, days)
    day = (timezone.now() - timedelta(days=60)).date().isoformat()
    assert names_of(browser, "?seen=7") == {"Today"}
    assert names_of(browser, "?seen=30") == {"Today", "Lately"}
    assert names_of(browser, "?seen=not-90") == {"Once", "Never"}
    assert names_of(browser, "?seen=never") == {"Never"}
    assert names_of(browser, f"?seen_after={day}") == {"Today", "Lately"}
    assert names_of(browser, f"?seen_before={day}") == {"Once"}


@pytest.mark.parametrize(
    "query",
    [
        "?tag=99",
        "?owner=x",
        "?opted_out=²",
        "?seen=1",
        "?seen_after=x",
        "?channel_id=0",
    ],
)
def test_a_filter_that_makes_no_sense_shows_nobody_and_offers_to_clear(
    browser: Client, asha: Contact, query: str
) -> None:
    assert "No contact matches" in text_of(browser.get(LIST + query))


def test_without_contacts_the_page_says_how_they_come(browser: Client) -> None:
    words = text_of(browser.get(LIST))
    assert "No contacts yet" in words
    assert "No contact matches" not in words


def test_pages_follow_each_other_both_ways(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "PAGE_SIZE", 2)
    for number in range(5):
        contacts.make(name=f"P{number}")
    shown = [browser.get(LIST)]
    for _ in range(2):
        older = shown[-1].context["page"].older
        shown.append(browser.get(f"{LIST}?before={older}"))
    assert [names_on(one) for one in shown] == [["P4", "P3"], ["P2", "P1"], ["P0"]]
    back = browser.get(f"{LIST}?after={shown[-1].context['page'].newer}")
    assert names_on(back) == ["P2", "P1"]
    first = browser.get(f"{LIST}?after={back.context['page'].newer}")
    assert (names_on(first), first.context["page"].newer) == (["P4", "P3"], None)


def test_more_than_one_counts_are_told_as_more(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "COUNTED", 2)
    for number in range(3):
        contacts.make(name=f"P{number}")
    assert "2+ contacts" in text_of(browser.get(LIST))


def test_htmx_gets_the_table_alone(browser: Client, asha: Contact) -> None:
    answer = browser.get(LIST, headers=HTMX | {"HX-Target": "contacts"})
    assert answer.content.decode().lstrip().startswith("<section")
    assert "HX-Target" in answer["Vary"]


def test_hostile_names_and_tags_are_shown_as_text(browser: Client) -> None:
    made = contacts.make(name="<img src=x onerror=alert(1)>")
    contacts.tag([made], "<script>x</script>")
    contacts.write_note(made, "<img src=x>", actor=Actor())
    for url in (LIST, page_of(made), "/contacts/attributes/"):
        page = browser.get(url).content.decode()
        assert "<img src=x" not in page
        assert "<script>x" not in page


# Making and editing


def test_a_new_contact_has_what_was_typed(
    browser: Client, plan: ContactAttribute
) -> None:
    form = {"name": "Asha", "number": "0034600111222", "email": LEENA}
    browser.post("/contacts/new/", form | {"attribute_plan": "Pro"})
    made = Contact.objects.get()
    assert {row.address for row in made.addresses.all()} == {ASHA, LEENA}
    assert (made.name, made.attributes) == ("Asha", {"plan": "Pro"})


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"number": "12"}, "number"),
        ({"email": "a@b@c"}, "email"),
        ({"name": "A", "owner": "99"}, "owner"),
        ({"name": "A", "attribute_plan": "Gold"}, "attribute_plan"),
        ({"name": "A", "attribute_size": "big"}, "attribute_size"),
        ({"number": ASHA}, "number"),
    ],
)
def test_bad_input_names_the_field_and_makes_nobody(
    browser: Client,
    asha: Contact,
    plan: ContactAttribute,
    form: dict[str, str],
    field: str,
) -> None:
    ContactAttribute.objects.create(name="size", label="Size", kind="number")
    answer = browser.post("/contacts/new/", form)
    assert (answer.status_code, list(errors_of(answer))) == (422, [field])
    assert list(Contact.objects.all()) == [asha]


def test_a_number_that_reads_two_ways_is_asked_about(browser: Client) -> None:
    Workspace.objects.update(default_region="DE")
    form = {"number": "4915123456789"}
    readings = browser.post("/contacts/new/", form).context["form"].readings
    assert len(readings) == 2
    browser.post("/contacts/new/", form | {"reading": readings[0]})
    assert Contact.objects.get().addresses.get().address == readings[0]


def test_an_address_of_another_contact_leads_to_it(
    browser: Client, asha: Contact
) -> None:
    other = contacts.make(name="Rahul")
    answer = browser.post(page_of(other, "addresses/"), {"address": "0034600111222"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="{page_of(asha)}"' in page
    assert f'href="{page_of(other)}merge/?other={asha.pk}"' in page


def test_an_edit_keeps_a_value_that_is_no_choice_any_more(
    browser: Client, asha: Contact, plan: ContactAttribute
) -> None:
    contacts.edit(asha, name="Asha", attributes={"plan": "Pro"}, owner_id=None)
    plan.choices = ["Basic"]
    plan.save()
    form = {"name": "Asha M", "owner": "", "attribute_plan": "Pro"}
    assert browser.post(page_of(asha, "edit/"), form).status_code == 302
    asha.refresh_from_db()
    assert (asha.name, asha.attributes) == ("Asha M", {"plan": "Pro"})


def test_an_address_is_taken_out_after_a_yes_and_its_opt_outs_stay(
    browser: Client, asha: Contact
) -> None:
    opt_out(ASHA)
    url = page_of(asha, f"addresses/{asha.addresses.get().pk}/")
    assert "Its opt-outs and its messages stay" in text_of(browser.get(url))
    assert asha.addresses.exists()
    browser.post(url)
    assert not asha.addresses.exists()
    assert live_entries().exists()


def test_an_address_of_another_contact_is_not_taken_out_here(
    browser: Client, asha: Contact
) -> None:
    other = contacts.make(name="Rahul")
    url = page_of(other, f"addresses/{asha.addresses.get().pk}/")
    assert browser.post(url).status_code == 404
    assert asha.addresses.exists()


def test_deleting_a_contact_says_that_opt_outs_stay_and_keeps_them(
    browser: Client, asha: Contact
) -> None:
    opt_out(ASHA, make_list())
    question = text_of(browser.get(page_of(asha, "delete/")))
    assert "The opt-outs stay: Promotions." in question
    browser.post(page_of(asha, "delete/"))
    assert not Contact.objects.exists()
    assert live_entries().get().address == ASHA


# Tags and notes


def test_a_tag_is_given_and_taken_without_a_reload(
    browser: Client, asha: Contact
) -> None:
    given = browser.post(page_of(asha, "tags/"), {"tag": " VIP "}, headers=HTMX)
    assert (given.status_code, given["HX-Trigger"]) == (204, '{"entriesChanged": true}')
    tag = asha.tags.get()
    browser.post(page_of(asha, f"tags/{tag.pk}/"), headers=HTMX)
    assert not asha.tags.exists()


@pytest.mark.parametrize(
    ("where", "form"), [("tags/", {"tag": "x" * 41}), ("notes/", {"text": " "})]
)
def test_a_refused_tag_or_note_is_shown_again(
    browser: Client, asha: Contact, where: str, form: dict[str, str]
) -> None:
    assert browser.post(page_of(asha, where), form).status_code == 422
    assert not asha.tags.exists()
    assert not asha.notes.exists()


def test_a_note_stands_in_the_timeline_with_who_wrote_it(
    browser: Client, asha: Contact
) -> None:
    browser.post(page_of(asha, "notes/"), {"text": "Call on Monday"})
    assert "Note a admin Call on Monday" in text_of(browser.get(page_of(asha)))


# Merging


def test_both_are_shown_before_they_are_merged(browser: Client, asha: Contact) -> None:
    other = contacts.make(name="A. Rao", addresses=[addresses.parse(LEENA)])
    opt_out(LEENA, make_list())
    found = browser.get(page_of(asha, f"merge/?search={LEENA}"))
    assert f"?other={other.pk}" in found.content.decode()
    shown = browser.get(page_of(asha, f"merge/?other={other.pk}"))
    assert "All addresses are kept; no opt-out is lost." in text_of(shown)
    assert Contact.objects.count() == 2


def test_a_merge_keeps_every_address_and_opt_out(
    browser: Client, asha: Contact
) -> None:
    other = contacts.make(addresses=[addresses.parse(LEENA)])
    opt_out(LEENA, make_list())
    answer = browser.post(page_of(asha, "merge/"), {"other": other.pk})
    assert answer["Location"] == page_of(asha)
    assert {row.address for row in asha.addresses.all()} == {ASHA, LEENA}
    assert live_entries().get().address == LEENA


@pytest.mark.parametrize("other", ["", "0", "²", "999999", "self"])
def test_a_merge_with_nobody_changes_nothing(
    browser: Client, asha: Contact, other: str
) -> None:
    chosen = asha.pk if other == "self" else other
    answer = browser.post(page_of(asha, "merge/"), {"other": chosen})
    assert answer.status_code == 422
    assert Contact.objects.get() == asha


# Masked roles


@pytest.fixture
def masked(asha: Contact, sms: Channel) -> Client:
    """An agent who sees addresses masked; Asha wrote, and is on a list."""
    contacts.edit(asha, name="", attributes={}, owner_id=None)
    contacts.make(name="Rahul", addresses=[addresses.parse(RAHUL)])
    say(sms, "Hi")
    opt_out(ASHA)
    Workspace.objects.update(masked_roles=[Role.AGENT])
    return browser_of(Role.AGENT)


@pytest.mark.parametrize(
    "path",
    [
        "/contacts/",
        "/contacts/{pk}/",
        "/contacts/{pk}/edit/",
        "/contacts/{pk}/addresses/",
        "/contacts/{pk}/addresses/{address}/",
        "/contacts/{pk}/merge/?search=Rahul",
        "/contacts/{pk}/merge/?other={other}",
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_masked_role_gets_no_whole_address(
    masked: Client, asha: Contact, path: str, headers: dict[str, str]
) -> None:
    address = asha.addresses.get().pk
    other = Contact.objects.get(name="Rahul").pk
    url = path.format(pk=asha.pk, address=address, other=other)
    page = masked.get(url, headers=headers).content.decode()
    assert not [raw for raw in (ASHA, RAHUL) if raw.removeprefix("+") in page]


def test_a_masked_role_sees_enough_to_recognise_an_address(
    masked: Client, asha: Contact
) -> None:
    assert "+34•••••222" in text_of(masked.get(page_of(asha)))


def test_a_masked_role_finds_whom_it_knows(masked: Client, asha: Contact) -> None:
    assert names_of(masked, "?search=0034 600 111 222") == {str(asha)}
    assert names_of(masked, "?search=600111") == set()


def test_what_a_masked_role_is_told_is_masked(masked: Client, asha: Contact) -> None:
    url = page_of(asha, f"addresses/{asha.addresses.get().pk}/")
    told = masked.post(url, headers=HTMX)["HX-Trigger"]
    assert ASHA not in told
    added = masked.post(page_of(asha, "addresses/"), {"address": ASHA}, headers=HTMX)
    assert ASHA not in json.loads(added["HX-Trigger"])["toast"]["text"]
