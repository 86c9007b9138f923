"""The sandbox: writing STOP as a person, and leaving by the link of a mail."""

import pytest
from playwright.sync_api import expect

from optout.models import Source, default_list, live_entries
from tests.browser.conftest import PageAs, assert_accessible
from tests.factories import ASHA, LEENA, drain, make_batch, queue

pytestmark = pytest.mark.browser


def test_a_stop_on_the_phone_stands_on_the_list(page_as: PageAs, sms) -> None:
    queue(make_batch(sms), ASHA, "Sale! Reply STOP to opt out.")
    drain()
    page = page_as("Admin", "/sandbox/")
    assert_accessible(page)
    page.get_by_label("Write as this person").fill("Stop, please")
    page.keyboard.press("Enter")
    phone = page.get_by_role("log", name="Messages")
    expect(phone).to_contain_text("Stop, please")
    drain()
    expect(phone).to_contain_text(default_list().message)
    page.goto(f"/opt-out/{default_list().pk}/")
    expect(page.get_by_role("row", name=ASHA)).to_contain_text("in a polite sentence")


def test_a_mail_is_left_by_its_link(page_as: PageAs, mailbox) -> None:
    queue(make_batch(mailbox), LEENA, "Summer sale")
    drain()
    page = page_as("Admin", "/sandbox/")
    page.get_by_role("link", name="Hello").click()
    expect(page.get_by_text(f"The link adds {LEENA}")).to_be_visible()
    assert_accessible(page)
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open unsubscribe link").click()
    goodbye = popup.value
    assert_accessible(goodbye)
    goodbye.get_by_role("button", name="Unsubscribe", exact=True).click()
    expect(goodbye.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert_accessible(goodbye)
    assert [entry.source for entry in live_entries()] == [Source.LINK]
    goodbye.get_by_role("button", name="put me back").click()
    expect(goodbye.get_by_role("status")).to_contain_text("You were put back")
    assert not live_entries().exists()


def test_one_click_is_what_a_mail_program_does(page_as: PageAs, mailbox) -> None:
    queue(make_batch(mailbox), LEENA)
    drain()
    page = page_as("Admin", "/sandbox/")
    page.get_by_role("link", name="Hello").click()
    page.get_by_role("button", name="One-click unsubscribe").click()
    expect(page.get_by_text(f"{LEENA} is on {default_list().name}")).to_be_visible()
    assert [entry.source for entry in live_entries()] == [Source.ONE_CLICK]
