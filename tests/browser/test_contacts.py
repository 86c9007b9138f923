"""The contacts pages in a browser: found, edited without a reload, fit for all."""

import pytest
from playwright.sync_api import expect

from optout import addresses
from optout.actors import Actor
from teambox import contacts
from teambox.models import Contact, ContactAttribute
from tests.browser.conftest import NARROW, PageAs, assert_accessible, toast
from tests.factories import ASHA, LEENA, opt_out
from tests.teambox.people import say

pytestmark = pytest.mark.browser


@pytest.fixture
def asha(sms) -> Contact:
    say(sms, "Where is my parcel?")
    opt_out(ASHA)
    made = Contact.objects.get()
    contacts.edit(made, name="Asha Menon", attributes={}, owner_id=None)
    contacts.make(name="Leena Paul", addresses=[addresses.parse(LEENA)])
    return made


def test_a_filter_narrows_the_table_and_ticked_rows_get_a_tag(
    page_as: PageAs, asha: Contact
) -> None:
    page = page_as("Marketer", "/contacts/")
    expect(page.get_by_role("row")).to_have_count(3)
    lists = page.get_by_role("combobox", name="Opted out")
    lists.select_option(label="On any list")
    expect(page.get_by_role("row")).to_have_count(2)
    assert "opted_out=any" in page.url
    assert_accessible(page)
    page.get_by_label("Tick Asha Menon").check()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_role("dialog").get_by_label("Tag").fill("VIP")
    page.get_by_role("dialog").get_by_role("button", name="Add tag").click()
    expect(toast(page, "“VIP” was given to 1 contact.")).to_be_visible()
    expect(page.get_by_role("row", name="Asha Menon")).to_contain_text("VIP")


def test_a_contact_is_edited_tagged_and_noted_without_a_reload(
    page_as: PageAs, asha: Contact
) -> None:
    page = page_as("Agent", f"/contacts/{asha.pk}/")
    page.evaluate("window.stays = true")
    page.get_by_label("Add a tag").fill("VIP")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove the tag VIP")).to_be_visible()
    expect(page.get_by_label("Add a tag")).to_be_focused()
    page.get_by_label("Note").fill("Call on Monday")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("listitem").filter(has_text="Call on Mon")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("")
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("Number or email").fill("a@example.org")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(page.get_by_text("a@example.org", exact=True)).to_be_visible()
    assert page.evaluate("window.stays")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_used_by_all(
    page_as: PageAs, asha: Contact, scheme: str
) -> None:
    ContactAttribute.objects.create(name="town", label="Town")
    contacts.tag([asha], "V" * 40)
    contacts.write_note(asha, "n" * 600, actor=Actor(label="mina"))
    other = Contact.objects.exclude(pk=asha.pk).get()
    one = f"/contacts/{asha.pk}/"
    page = page_as("Admin", "/contacts/", size=NARROW, scheme=scheme)
    for path in (
        "/contacts/",
        one,
        f"{one}merge/?other={other.pk}",
        "/contacts/new/",
        "/contacts/attributes/",
    ):
        page.goto(path)
        assert_accessible(page)
