"""A list's page: adding, finding, removing and putting back entries."""

import pytest
from playwright.sync_api import Locator, Page, expect

from optout.models import OptOutList, Reason, Source, live_entries
from tests.browser.conftest import LOOKS, PageAs, assert_accessible, toast
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out

pytestmark = pytest.mark.browser


@pytest.fixture
def promotions(live_server) -> OptOutList:
    return make_list()


def url_of(opt_out_list: OptOutList) -> str:
    return f"/opt-out/{opt_out_list.pk}/"


def add(page: Page, number: str) -> None:
    page.get_by_role("link", name="Add to opt-out list").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number").fill(number)
    dialog.get_by_label("Channel").select_option(label="All channels")
    dialog.get_by_role("button", name="Add", exact=True).click()


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Reach an element by the keyboard alone."""
    for _ in range(most):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab does not reach it.")


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_the_page_can_be_used_by_all(page_as: PageAs, promotions, scheme, size) -> None:
    opt_out(ASHA, promotions, source=Source.KEYWORD, reason=Reason.PERSON)
    opt_out(LEENA, promotions)
    page = page_as("Admin", url_of(promotions), size=size, scheme=scheme)
    expect(page.get_by_role("row", name=ASHA)).to_be_visible()
    assert_accessible(page)


def test_an_empty_list_says_so(page_as: PageAs, promotions) -> None:
    page = page_as("Agent", url_of(promotions))
    expect(page.get_by_text("Nobody is on this list yet")).to_be_visible()
    assert_accessible(page)


def test_an_added_number_stands_in_the_table(page_as: PageAs, promotions) -> None:
    page = page_as("Agent", url_of(promotions))
    add(page, "+34 600 111 222")
    expect(toast(page, "was added to “Promotions”")).to_be_visible()
    expect(page.get_by_role("row", name=ASHA)).to_contain_text("agent")
    assert_accessible(page)


def test_another_spelling_is_already_there(page_as: PageAs, promotions) -> None:
    opt_out(ASHA, promotions)
    page = page_as("Agent", url_of(promotions))
    add(page, "tel:0034 (600) 111-222")
    expect(toast(page, "is already on “Promotions”")).to_be_visible()
    assert live_entries().count() == 1


def test_a_wrong_number_is_told_at_its_field(page_as: PageAs, promotions) -> None:
    page = page_as("Agent", url_of(promotions))
    add(page, "call me")
    number = page.get_by_role("dialog").get_by_label("Number")
    expect(number).to_be_focused()
    expect(number).to_have_attribute("aria-invalid", "true")
    assert "error" in (number.get_attribute("aria-describedby") or "")
    assert_accessible(page)


def test_an_entry_is_removed_and_put_back_by_keyboard(
    page_as: PageAs, promotions
) -> None:
    opt_out(ASHA, promotions)
    page = page_as("Agent", url_of(promotions))
    trash = page.get_by_role("button", name=f"Remove {ASHA}")
    expect(trash).to_have_css("opacity", "0")
    tab_to(page, trash)
    expect(trash).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="No, keep it")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody is on this list yet")).to_be_visible()
    assert not live_entries().exists()
    undo = page.get_by_role("button", name="Undo")
    tab_to(page, undo)
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=ASHA)).to_be_visible()
    assert live_entries().count() == 1


def test_the_safe_answer_keeps_the_entry(page_as: PageAs, promotions) -> None:
    opt_out(ASHA, promotions)
    page = page_as("Agent", url_of(promotions))
    trash = page.get_by_role("button", name=f"Remove {ASHA}")
    trash.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="No, keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    expect(trash).to_be_focused()
    assert live_entries().count() == 1


def test_removing_what_the_person_asked_for_takes_a_reason(
    page_as: PageAs, promotions
) -> None:
    opt_out(ASHA, promotions, source=Source.KEYWORD, reason=Reason.PERSON)
    page = page_as("Agent", url_of(promotions))
    page.get_by_role("button", name=f"Remove {ASHA}").click()
    dialog = page.get_by_role("alertdialog")
    dialog.get_by_role("button", name="Yes, remove").click()
    expect(dialog.get_by_label("Reason")).to_be_focused()
    assert live_entries().count() == 1
    dialog.get_by_label("Reason").select_option(label="Asked us in chat")
    dialog.get_by_role("button", name="Yes, remove").click()
    expect(toast(page, "was removed")).to_be_visible()


def test_all_that_match_are_removed_at_once(page_as: PageAs, promotions) -> None:
    for last in range(60):
        opt_out(f"+346001110{last:02d}", promotions)
    page = page_as("Compliance", url_of(promotions))
    page.get_by_label("Tick every row").check()
    page.get_by_role("button", name="Select all 60 matching").click()
    expect(page.get_by_text("60 selected")).to_be_visible()
    page.get_by_role("button", name="Remove from list").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Remove 60 entries?")
    dialog.get_by_role("button", name="Yes, remove").click()
    expect(toast(page, "60 removed")).to_be_visible()
    assert not live_entries().exists()


def test_ticked_rows_alone_are_removed(page_as: PageAs, promotions) -> None:
    opt_out(ASHA, promotions)
    opt_out(RAHUL, promotions)
    page = page_as("Compliance", url_of(promotions))
    page.get_by_label(f"Tick {ASHA}").check()
    page.get_by_role("button", name="Remove from list").click()
    page.get_by_role("button", name="Yes, remove").click()
    expect(page.get_by_role("row", name=ASHA)).to_be_hidden()
    expect(page.get_by_role("row", name=RAHUL)).to_be_visible()


def test_search_and_filters_narrow_the_table(page_as: PageAs, promotions) -> None:
    opt_out(ASHA, promotions)
    opt_out(RAHUL, promotions, source=Source.API)
    page = page_as("Agent", url_of(promotions))
    page.keyboard.press("/")
    page.keyboard.type("0034 600 111 222")
    expect(page.get_by_role("row", name=RAHUL)).to_be_hidden()
    expect(page.get_by_role("row", name=ASHA)).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    page.get_by_label("Source").select_option(label="API")
    expect(page.get_by_role("row", name=ASHA)).to_be_hidden()
    expect(page.get_by_role("row", name=RAHUL)).to_be_visible()
    assert "source=api" in page.url
    assert_accessible(page)


def test_removed_entries_stay_to_be_put_back(page_as: PageAs, promotions) -> None:
    opt_out(ASHA, promotions)
    page = page_as("Agent", url_of(promotions))
    page.get_by_role("button", name=f"Remove {ASHA}").click()
    page.get_by_role("button", name="Yes, remove").click()
    page.get_by_role("link", name="Removed", exact=True).click()
    expect(page.get_by_role("row", name=ASHA)).to_contain_text("agent")
    assert_accessible(page)
    page.get_by_role("button", name="Put back").click()
    expect(toast(page, "was put back")).to_be_visible()


def test_the_menu_of_a_list_leads_to_its_export(page_as: PageAs, promotions) -> None:
    opt_out(ASHA, promotions)
    page = page_as("Compliance", url_of(promotions))
    page.get_by_role("button", name="Actions for Promotions").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert ASHA in download.value.path().read_text(encoding="utf-8-sig")


def test_without_scripts_entries_are_added_and_removed_on_pages(
    page_as: PageAs, promotions
) -> None:
    page = page_as("Agent", url_of(promotions), scripts=False)
    page.get_by_role("link", name="Add to opt-out list").first.click()
    page.get_by_label("Number").fill(ASHA)
    page.get_by_label("Channel").select_option(label="All channels")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text(f"{ASHA} was added")).to_be_visible()
    page.get_by_role("button", name=f"Remove {ASHA}").click()
    page.get_by_role("button", name="Yes, remove").click()
    expect(page.get_by_text(f"{ASHA} was removed")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name=ASHA)).to_be_visible()
