"""Attributes and tags, many tagged at once, and the export that tells them."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from optout import addresses
from optout.access import Role
from optout.models import Workspace
from teambox import bulk_tags, contact_exports, contacts
from teambox.models import Contact, ContactAttribute, Tag
from tests.factories import ASHA, LEENA, make_list, opt_out
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of

pytestmark = pytest.mark.django_db


# Many at once


def bulk(browser: Client, query: str, tag: object) -> Any:
    url = f"/contacts/tag/?{query}"
    upper = browser.get(url).context["upper"]
    return browser.post(url, {"tag": tag, "upper": upper}, headers=HTMX)


def test_ticked_contacts_get_a_tag(browser: Client, asha: Contact) -> None:
    other, left = contacts.make(name="Rahul"), contacts.make(name="Leena")
    answer = bulk(browser, f"what=add&ids={asha.pk}&ids={other.pk}", "VIP")
    told = json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert told == "“VIP” was given to 2 contacts."
    assert not left.tags.exists()


def test_all_that_match_lose_a_tag_in_chunks(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_tags, "CHUNK", 2)
    found = [contacts.make(name=f"P{number}") for number in range(5)]
    tag = contacts.tag(found, "VIP")
    untouched = contacts.make(name="Other")
    contacts.tag([untouched], "VIP")
    bulk(browser, f"what=remove&all_matching=1&search=P&tag={tag.pk}", tag.pk)
    assert list(tag.contacts.all()) == [untouched]


def test_who_comes_after_the_question_gets_no_tag(browser: Client) -> None:
    shown = contacts.make(name="P1")
    url = "/contacts/tag/?what=add&all_matching=1&search=P"
    upper = browser.get(url).context["upper"]
    contacts.make(name="P2")
    browser.post(url, {"tag": "VIP", "upper": upper})
    assert list(Tag.objects.get().contacts.all()) == [shown]


def test_nothing_ticked_tags_nobody(browser: Client, asha: Contact) -> None:
    assert "Tick contacts first" in text_of(browser.get("/contacts/tag/?what=add"))
    browser.post("/contacts/tag/?what=add", {"tag": "VIP"})
    assert not asha.tags.exists()


# Export


def exported(browser: Client, query: str = "") -> list[dict[str, str]]:
    answer: Any = browser.get(f"/contacts/export/{query}")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_the_export_tells_all_of_a_contact(asha: Contact, plan: object) -> None:
    contacts.add_address(asha, addresses.parse(LEENA))
    contacts.edit(asha, name="=Asha", attributes={"plan": "Pro"}, owner_id=None)
    contacts.tag([asha], "VIP")
    opt_out(LEENA, make_list())
    row = exported(browser_of(Role.COMPLIANCE))[0]
    assert (row["name"], row["number"], row["email"]) == ("'=Asha", ASHA, LEENA)
    assert row["addresses"] == f"'{ASHA}; {LEENA}"
    assert (row["tags"], row["opted_out"], row["plan"]) == ("VIP", "Promotions", "Pro")


def test_the_export_keeps_to_the_filters_and_is_complete(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_exports, "CHUNK", 2)
    for number in range(5):
        contacts.make(name=f"P{number}")
    contacts.make(name="Other")
    names = [row["name"] for row in exported(browser, "?search=P")]
    assert names == ["P4", "P3", "P2", "P1", "P0"]


def test_a_masked_role_exports_no_contacts(asha: Contact) -> None:
    Workspace.objects.update(masked_roles=[Role.COMPLIANCE])
    answer = browser_of(Role.COMPLIANCE).get("/contacts/export/")
    assert answer.status_code == 403


# Attributes and tags


def test_an_attribute_is_named_after_its_label(browser: Client) -> None:
    form = {
        "label": "Favourite  colour",
        "kind": "choice",
        "choices": "Red\r\nred\r\nBlue",
    }
    browser.post("/contacts/attributes/new/", form)
    made = ContactAttribute.objects.get()
    assert (made.name, made.label) == ("favourite_colour", "Favourite colour")
    assert made.choices == ["Red", "Blue"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"label": "", "kind": "text"}, "label"),
        ({"label": "名前", "kind": "text"}, "name"),
        ({"label": "Email", "kind": "text"}, "name"),
        ({"label": "Plan", "kind": "text"}, "name"),
        ({"label": "Size", "kind": "choice"}, "choices"),
        ({"label": "Size", "kind": "choice", "choices": "x" * 101}, "choices"),
        ({"label": "Size", "kind": "music"}, "kind"),
    ],
)
def test_a_bad_attribute_names_the_field(
    browser: Client, plan: ContactAttribute, form: dict[str, str], field: str
) -> None:
    answer = browser.post("/contacts/attributes/new/", form)
    assert (answer.status_code, list(errors_of(answer))) == (422, [field])
    assert ContactAttribute.objects.get() == plan


def test_an_attribute_keeps_its_name_and_values_under_a_new_label(
    browser: Client, asha: Contact, plan: ContactAttribute
) -> None:
    contacts.edit(asha, name="Asha", attributes={"plan": "Pro"}, owner_id=None)
    form = {"label": "Tariff", "choices": "Pro\nMax", "name": "tariff", "kind": "text"}
    browser.post(f"/contacts/attributes/{plan.pk}/", form)
    plan.refresh_from_db()
    assert (plan.name, plan.label, plan.kind) == ("plan", "Tariff", "choice")
    assert "Tariff Pro" in text_of(browser.get(f"/contacts/{asha.pk}/"))


def test_deleting_an_attribute_tells_how_many_values_go_with_it(
    browser: Client, asha: Contact, plan: ContactAttribute
) -> None:
    ContactAttribute.objects.create(name="town", label="Town")
    values = {"plan": "Pro", "town": "Málaga"}
    contacts.edit(asha, name="Asha", attributes=values, owner_id=None)
    url = f"/contacts/attributes/{plan.pk}/delete/"
    assert "1 contact has a value in it" in text_of(browser.get(url))
    browser.post(url)
    asha.refresh_from_db()
    assert asha.attributes == {"town": "Málaga"}
    assert not ContactAttribute.objects.filter(name="plan").exists()


def test_a_tag_is_renamed_for_everybody(browser: Client, asha: Contact) -> None:
    tag = contacts.tag([asha], "vip")
    browser.post(f"/contacts/tags/{tag.pk}/", {"name": "VIP"})
    assert asha.tags.get().name == "VIP"


def test_two_tags_of_one_name_become_one_after_a_yes(
    browser: Client, asha: Contact
) -> None:
    other = contacts.make(name="Rahul")
    old = contacts.tag([asha, other], "Very important")
    kept = contacts.tag([asha], "VIP")
    url = f"/contacts/tags/{old.pk}/"
    asked = browser.post(url, {"name": "vip"})
    assert (asked.status_code, Tag.objects.count()) == (422, 2)
    assert "There is a tag “VIP” already. Merge this tag into it" in text_of(asked)
    browser.post(url, {"name": "vip", "merge": "on"})
    assert Tag.objects.get() == kept
    assert set(kept.contacts.all()) == {asha, other}


def test_deleting_a_tag_keeps_its_contacts(browser: Client, asha: Contact) -> None:
    tag = contacts.tag([asha], "VIP")
    url = f"/contacts/tags/{tag.pk}/delete/"
    assert "1 contact has it" in text_of(browser.get(url))
    browser.post(url)
    assert not Tag.objects.exists()
    assert Contact.objects.exists()


def test_the_tags_page_asks_a_fixed_number_of_queries(
    browser: Client, asha: Contact
) -> None:
    def grow(first: int) -> int:
        for number in range(first, first + 5):
            contacts.tag([asha], f"T{number}")
            name = f"a{number}"
            ContactAttribute.objects.create(name=name, label=name)
        return queries_of(browser, "/contacts/attributes/")

    assert grow(0) == grow(5)
