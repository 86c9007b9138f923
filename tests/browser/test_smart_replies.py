"""Building a smart reply by mouse and by keyboard, and trying it out."""

import pytest
from playwright.sync_api import Page, expect

from optout.models import Channel, default_list
from tests.browser.conftest import LOOKS, PageAs, assert_accessible, toast
from tests.factories import make_list
from tests.teambox.replies import adding, make_reply, removing

pytestmark = pytest.mark.browser


def add_action(page: Page, name: str, ticked: str) -> None:
    """By keyboard: open the dialog, tick a list, save."""
    page.get_by_role("link", name=name).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(ticked).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator(".action-row", has_text=ticked)).to_be_visible()


def make_question(page: Page) -> None:
    """By mouse: a question in a new category."""
    page.get_by_role("link", name="New question").first.click()
    page.get_by_label("Name of the new category").fill("Offers")
    page.get_by_label("Question").fill("no more offers")
    page.get_by_role("button", name="Save, then add actions").click()


def test_a_question_is_built_put_in_order_and_tried_out(
    page_as: PageAs, sms: Channel
) -> None:
    make_list()
    page = page_as("Marketer", "/smart-replies/")
    make_question(page)
    page.get_by_label("Answer").fill("Done, {{name|friend}}.")
    add_action(page, "Add to opt-out list", "Promotions")
    add_action(page, "Remove from opt-out list", "Default opt-out list")
    up = page.get_by_role("button", name="Move Remove from opt-out list up")
    up.press("Enter")
    first = page.locator(".action-row").first
    expect(first).to_contain_text("Remove from opt-out list")
    expect(up).to_be_focused()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(toast(page, "saved")).to_be_visible()
    page.goto("/smart-replies/")
    page.get_by_label("Message").fill("Please no more offers!")
    expect(page.locator("#trial")).to_contain_text("Done, friend.")


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_the_builder_can_be_used_by_all(
    page_as: PageAs, sms: Channel, scheme: str, size: tuple[int, int]
) -> None:
    lists = (adding(default_list()), removing(make_list("Long " * 10)))
    row = make_reply("no more offers " * 12, answer="Done. " * 300, actions=lists)
    page = page_as("Admin", "/smart-replies/?text=offers", size=size, scheme=scheme)
    assert_accessible(page)
    page.goto(f"/smart-replies/{row.pk}/")
    assert_accessible(page)
    page.get_by_role("link", name="Remove from opt-out list", exact=True).click()
    expect(page.get_by_role("dialog").get_by_label("Reason")).to_be_visible()
    assert_accessible(page)
