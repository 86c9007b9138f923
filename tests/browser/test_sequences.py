"""Building a sequence by mouse and by keyboard, and going on from the contact panel."""

import pytest
from playwright.sync_api import Page, expect

from broadcaster import sequences
from broadcaster.broadcasts import Words
from broadcaster.models import Sequence
from broadcaster.steps import Timing, add
from optout.actors import NOBODY
from optout.models import Channel
from tests.browser.conftest import NARROW, WIDE, PageAs, assert_accessible, toast
from tests.factories import ASHA, opt_out
from tests.sequencing import enrol, make_sequence, work
from tests.teambox.panels import key_of

pytestmark = pytest.mark.browser


def add_step(page: Page, text: str, *, by_keyboard: bool = False) -> None:
    """From the editor and back to it."""
    link = page.get_by_role("link", name="step").last
    if by_keyboard:
        link.focus()
        page.keyboard.press("Enter")
    else:
        link.click()
    page.get_by_label("Message").fill(text)
    expect(page.locator("#preview")).to_contain_text(text)
    if by_keyboard:
        page.keyboard.press("Control+Enter")
    else:
        page.get_by_role("button", name="Save step").click()
    expect(page.locator(".step-words", has_text=text)).to_be_visible()


def test_three_steps_are_written_put_in_order_and_keep_running_while_lists_change(
    page_as: PageAs, sms: Channel
) -> None:
    page = page_as("Marketer", "/sequences/")
    page.get_by_role("link", name="New sequence").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Welcome")
    page.get_by_role("combobox", name="Channel").select_option("900")
    page.get_by_role("button", name="Continue to the steps").click()
    add_step(page, "One. Reply STOP")
    add_step(page, "Two. Reply STOP", by_keyboard=True)
    add_step(page, "Three. Reply STOP")
    up = page.get_by_role("button", name="Move Step 3 up")
    up.press("Enter")
    expect(page.locator(".step-words").nth(1)).to_contain_text("Three")
    expect(page.get_by_text("Step 3 moved up.")).to_be_attached()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Start").click()
    expect(toast(page, "is running")).to_be_visible()
    page.get_by_role("link", name="Edit settings and opt-out lists").click()
    page.get_by_label("Stop on reply").uncheck()
    page.keyboard.press("Control+Enter")
    expect(toast(page, "saved")).to_be_visible()
    assert Sequence.objects.get().is_running


def test_somebody_goes_on_from_the_panel_after_an_opt_out(
    page_as: PageAs, sms: Channel
) -> None:
    welcome = make_sequence(sms)
    opt_out(ASHA)
    enrol(welcome, ASHA)
    work()
    page = page_as("Marketer", f"/panel/{key_of(ASHA)}/")
    page.locator("main summary", has_text="Sequences").click()
    page.get_by_role("button", name="Resume at step 1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Opt-out lists are respected")
    dialog.get_by_role("button", name="Resume").click()
    expect(toast(page, "Goes on in “Welcome”")).to_be_visible()
    expect(page.locator("#panel-sequences").first).to_contain_text("Waiting")
    assert welcome.enrolments.count() == 2


def long_sequence(channel: Channel) -> Sequence:
    """Words as long as they may be, and somebody who opted out."""
    row = sequences.create(
        name="Long name " * 10, channel=channel, actor=NOBODY, description="Word " * 60
    )
    for _ in range(2):
        add(row, Words("x" * 300 + " and more words" * 20), Timing(), name="Step" * 15)
    sequences.start(row, actor=NOBODY)
    opt_out(ASHA)
    enrol(row, ASHA)
    work()
    return row


ALL = ("edit", "steps/{}", "people", "upcoming", "report")


@pytest.mark.parametrize(
    ("scheme", "size", "pages"),
    [("light", WIDE, ALL), ("dark", WIDE, ALL[1:2]), ("light", NARROW, ALL[1:3])],
)
def test_sequences_can_be_used_by_all(
    page_as: PageAs,
    sms: Channel,
    scheme: str,
    size: tuple[int, int],
    pages: tuple[str, ...],
) -> None:
    row = long_sequence(sms)
    page = page_as("Admin", f"/sequences/{row.pk}/", size=size, scheme=scheme)
    assert_accessible(page)
    page.get_by_role("button", name="Enrol", exact=True).click()
    expect(page.get_by_role("dialog").get_by_label("Number")).to_be_focused()
    assert_accessible(page)
    step = row.steps.all()[0].pk
    for rest in pages:
        page.goto(f"/sequences/{row.pk}/{rest.format(step)}/")
        assert_accessible(page)
