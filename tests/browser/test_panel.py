"""The contact panel beside a page, by mouse and by keyboard alone."""

import pytest
from playwright.sync_api import Locator, Page, expect

from optout import addresses
from optout.models import OptOutList, Reason, live_entries
from teambox import contacts
from tests.browser.conftest import NARROW, PageAs, assert_accessible, toast
from tests.browser.test_entries import tab_to
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out

pytestmark = pytest.mark.browser


@pytest.fixture
def promotions(live_server) -> OptOutList:
    return make_list()


def url_of(opt_out_list: OptOutList) -> str:
    return f"/opt-out/{opt_out_list.pk}/"


def panel_of(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Contact panel")


def look_up(page: Page, text: str) -> Locator:
    """Open the panel by its toggle and ask for somebody."""
    page.locator("[data-panel-toggle]").click()
    panel = panel_of(page)
    panel.get_by_label("Number or email").fill(text)
    panel.get_by_role("button", name="Look up").click()
    expect(panel.get_by_role("heading", name="Opt-Out Lists")).to_be_visible()
    return panel


def test_the_accesskey_opens_the_panel_and_escape_gives_the_focus_back(
    page_as: PageAs, promotions
) -> None:
    page = page_as("Agent", url_of(promotions))
    toggle = page.locator("[accesskey=c]")
    expect(toggle).to_have_count(1)
    expect(toggle).to_have_attribute("title", "Contact panel (Alt+C)")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(panel_of(page).get_by_label("Number or email")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(panel_of(page)).to_be_hidden()
    expect(toggle).to_be_focused()


def test_a_number_and_an_email_go_on_two_lists_without_a_reload(
    page_as: PageAs, promotions
) -> None:
    page = page_as("Agent", url_of(promotions))
    panel = look_up(page, "0034 600 111 222")
    page.evaluate("window.stays = true")
    for typed in (ASHA, LEENA):
        panel.get_by_label("Number or email").fill(typed)
        panel.get_by_role("checkbox", name="Promotions").check()
        panel.get_by_role("button", name="Add to Opt-Out List").click()
        expect(toast(page, f"{typed} was added to “Default")).to_be_visible()
        expect(page.get_by_role("row", name=typed)).to_be_visible()
    expect(panel.locator(".panel-entries > li")).to_have_count(2)
    assert live_entries().count() == 4
    assert page.evaluate("window.stays")


def test_a_wrong_number_says_so_and_keeps_what_was_chosen(
    page_as: PageAs, promotions
) -> None:
    page = page_as("Agent", url_of(promotions), scheme="dark")
    panel = look_up(page, ASHA)
    number = panel.get_by_label("Number or email")
    number.fill("12")
    panel.get_by_role("checkbox", name="Promotions").check()
    panel.get_by_role("button", name="Add to Opt-Out List").click()
    expect(panel.get_by_text("This is no phone number")).to_be_visible()
    expect(number).to_be_focused()
    expect(panel.get_by_role("checkbox", name="Promotions")).to_be_checked()
    assert_accessible(page)
    assert not live_entries().exists()


def test_an_entry_is_kept_removed_and_put_back_by_keyboard(
    page_as: PageAs, promotions
) -> None:
    opt_out(ASHA, promotions, reason=Reason.PERSON)
    page = page_as("Agent", url_of(promotions))
    panel = look_up(page, ASHA)
    trash = panel.get_by_role("button", name=f"Remove {ASHA} from Promotions")
    expect(trash).to_have_css("opacity", "0")
    tab_to(page, trash)
    expect(trash).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="No, keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(trash).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("alertdialog")
    dialog.get_by_label("Reason").select_option(label="Asked us in chat")
    dialog.get_by_role("button", name="Yes, remove").press("Enter")
    expect(panel.get_by_text("On no opt-out list")).to_be_visible()
    expect(panel.locator(".panel-content")).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(trash).to_be_visible()
    expect(page.get_by_role("row", name=ASHA)).to_be_visible()


def test_an_address_of_the_page_is_stopped_everywhere_in_two_clicks(
    page_as: PageAs, promotions
) -> None:
    known = [addresses.parse(raw) for raw in (ASHA, LEENA)]
    contacts.make(name="Asha Menon", addresses=known)
    opt_out(ASHA, promotions)
    page = page_as("Agent", url_of(promotions))
    page.get_by_role("link", name=ASHA).click()
    panel = panel_of(page)
    expect(panel).to_be_focused()
    panel.get_by_text("History").click()
    panel.get_by_role("button", name="Stop everything").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("link", name="No, go back")).to_be_focused()
    dialog.get_by_role("button", name="Stop everything").click()
    expect(toast(page, f"{ASHA} and {LEENA} were added")).to_be_visible()
    expect(panel.locator(".panel-entries > li")).to_have_count(3)
    expect(panel.locator("#panel-history")).to_have_attribute("open", "")
    assert_accessible(page)


def test_on_a_narrow_screen_the_panel_slides_over(page_as: PageAs, promotions) -> None:
    opt_out(RAHUL, promotions)
    page = page_as("Agent", url_of(promotions), size=NARROW)
    link = page.get_by_role("link", name=RAHUL)
    link.click()
    panel = panel_of(page)
    expect(panel.get_by_role("button", name=f"Remove {RAHUL}")).to_be_visible()
    assert_accessible(page)
    panel.get_by_role("button", name="Close the contact panel").click()
    expect(panel).to_be_hidden()
    expect(link).to_be_focused()
