"""The Teambox as an agent uses it, by mouse and by keyboard."""

import pytest
from playwright.sync_api import Locator, Page, expect

from optout import lifts
from optout.lifts import Power
from optout.models import Channel, Source, live_entries
from teambox.models import CannedReply, Conversation
from tests.browser.conftest import NARROW, PageAs, assert_accessible, toast
from tests.factories import ASHA, RAHUL, sent_texts
from tests.teambox.people import say

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asha(sms: Channel) -> Conversation:
    say(sms, "Where is my parcel?", payload={"name": "Asha Rao"})
    return Conversation.objects.get()


def poll_now(page: Page) -> None:
    """What the clock does every five seconds."""
    page.evaluate("document.body.dispatchEvent(new Event('conversationChanged'))")


def test_an_agent_takes_answers_and_solves_without_a_reload(
    page_as: PageAs, asha: Conversation, sms: Channel
) -> None:
    page = page_as("Agent", "/teambox/?tab=unassigned")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("agent accepted it")).to_be_visible()
    page.get_by_label("Write to the person").fill("It left today.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble-out")).to_have_text("It left today.")
    expect(page.get_by_label("Write to the person")).to_have_value("")
    assert sent_texts(sms) == ["It left today."]
    poll_now(page)
    expect(page.locator(".bubble-out + .bubble-meta")).to_contain_text("Sent")
    page.get_by_role("button", name="Solve").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.get_by_role("link", name="Solved 1")).to_be_visible()
    assert_accessible(page)


def test_a_stop_reaches_the_open_page_by_a_poll(
    page_as: PageAs, asha: Conversation, sms: Channel
) -> None:
    page = page_as("Agent", f"/teambox/{asha.pk}/?tab=all")
    say(sms, "Hello", sender=RAHUL)
    say(sms, "STOP")
    poll_now(page)
    expect(page.get_by_text("Opted out of Default opt-out list.")).to_be_visible()
    expect(page.get_by_text("by keyword STOP")).to_be_visible()
    rows = page.locator("#conversations > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Opted out")
    assert_accessible(page)


def test_an_agent_opts_out_from_a_message(page_as: PageAs, asha: Conversation) -> None:
    page = page_as("Agent", f"/teambox/{asha.pk}/")
    page.get_by_role("link", name="Opt out from this message").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Where is my parcel?")
    assert_accessible(page)
    dialog.get_by_role("button", name="Add to Opt-Out List").click()
    expect(toast(page, "Added to Default opt-out list.")).to_be_visible()
    expect(page.get_by_text("Opted out of Default opt-out list.")).to_be_visible()
    assert live_entries().get().address == ASHA


def test_a_canned_reply_and_a_draft(page_as: PageAs, asha: Conversation) -> None:
    CannedReply.objects.create(shortcut="parcel", text="Your parcel has left.")
    page = page_as("Agent", f"/teambox/{asha.pk}/")
    words = page.get_by_label("Write to the person")
    words.press_sequentially("/par")
    expect(page.get_by_role("button", name="/parcel")).to_be_visible()
    words.press("Enter")
    expect(words).to_have_value("Your parcel has left.")
    page.goto("/teambox/")
    page.goto(f"/teambox/{asha.pk}/")
    expect(page.get_by_label("Write to the person")).to_have_value(
        "Your parcel has left."
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_shows_list_and_thread_one_at_a_time(
    page_as: PageAs, asha: Conversation, scheme: str
) -> None:
    page = page_as("Agent", "/teambox/?tab=all", size=NARROW, scheme=scheme)
    assert_accessible(page)
    page.get_by_role("link", name="Asha Rao").click()
    expect(page.get_by_role("heading", name="Asha Rao")).to_be_visible()
    expect(page.get_by_role("link", name="Unassigned")).to_be_hidden()
    assert_accessible(page)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("link", name="Unassigned")).to_be_visible()


def test_without_scripts_it_is_forms_and_pages(
    page_as: PageAs, asha: Conversation, sms: Channel
) -> None:
    page = page_as("Agent", f"/teambox/{asha.pk}/", scripts=False)
    page.get_by_role("button", name="Accept").click()
    page.get_by_label("Write to the person").fill("It left today.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".bubble-out")).to_have_text("It left today.")
    assert sent_texts(sms) == ["It left today."]


def panel_of(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Contact panel")


def test_what_the_panel_does_shows_in_banner_list_and_thread_at_once(
    page_as: PageAs, asha: Conversation
) -> None:
    page = page_as("Agent", f"/teambox/{asha.pk}/?tab=all")
    page.get_by_label("Write to the person").fill("I am writing")
    panel_of(page).get_by_role("button", name="Add to Opt-Out List").click()
    expect(page.get_by_text("Opted out of Default opt-out list.")).to_be_visible()
    expect(page.locator("#conversations > li")).to_contain_text("Opted out")
    expect(page.get_by_text("agent added them to Default opt-out list")).to_be_visible()
    expect(page.get_by_label("Write to the person")).to_have_value("I am writing")
    assert_accessible(page)


def test_two_agents_at_once_are_told_what_the_other_did(
    page_as: PageAs, asha: Conversation
) -> None:
    first = page_as("Agent", f"/teambox/{asha.pk}/?tab=all")
    second = page_as("Admin", f"/teambox/{asha.pk}/?tab=all")
    panel_of(first).get_by_role("button", name="Add to Opt-Out List").click()
    expect(toast(first, f"{ASHA} was added")).to_be_visible()
    panel_of(second).get_by_role("button", name="Add to Opt-Out List").click()
    expect(toast(second, f"{ASHA} is already on")).to_be_visible()
    assert live_entries().count() == 1
    removal = panel_of(second).get_by_role("button", name=f"Remove {ASHA}")
    removal.first.click()
    yes = second.get_by_role("button", name="Yes, remove")
    expect(yes).to_be_visible()
    lifts.lift([live_entries().get().pk], source=Source.PANEL, power=Power())
    yes.click()
    expect(toast(second, f"{ASHA} was removed before")).to_be_visible()


def press_access_key(page: Page, key: str) -> None:
    """Alt with a key, as a keyboard sends it: with the letter it would have typed."""
    event = {"type": "keyDown", "modifiers": 1, "key": key, "text": key}
    event |= {"unmodifiedText": key, "windowsVirtualKeyCode": ord(key.upper())}
    page.context.new_cdp_session(page).send("Input.dispatchKeyEvent", event)


def test_alt_c_leads_to_the_panel_and_back(page_as: PageAs, asha: Conversation) -> None:
    page = page_as("Agent", f"/teambox/{asha.pk}/")
    page.get_by_label("Write to the person").focus()
    press_access_key(page, "c")
    expect(panel_of(page).get_by_label("Number or email")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel_of(page)).to_be_hidden()
