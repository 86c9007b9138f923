"""The overview of the opt-out lists: making, editing and deleting a list."""

import pytest
from playwright.sync_api import Page, expect

from optout import lists
from optout.models import OptOutList, live_entries, live_lists
from tests.browser.conftest import LOOKS, PageAs, assert_accessible, toast
from tests.factories import ASHA, make_list, opt_out

pytestmark = pytest.mark.browser


def fill_new_list(page: Page, name: str, keyword: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Opt-out list name").fill(name)
    dialog.get_by_label("Opt-out keyword").fill(keyword)
    dialog.get_by_label("Opt-out message").fill("You get no more offers.")
    dialog.get_by_role("button", name="Create").click()


def open_menu(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Actions for {name}").click()


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_the_overview_can_be_used_by_all(page_as: PageAs, scheme, size) -> None:
    opt_out(ASHA, make_list("Summer sale", "SUMMER OFF"))
    lists.roll_up_counts()
    page = page_as("Admin", "/opt-out/", size=size, scheme=scheme)
    expect(page.get_by_role("row", name="Summer sale")).to_contain_text("SUMMER OFF")
    assert_accessible(page)


def test_a_new_list_is_made_in_a_popup(page_as: PageAs) -> None:
    page = page_as("Compliance", "/opt-out/")
    page.get_by_role("link", name="Create New Opt List").click()
    assert_accessible(page)
    fill_new_list(page, "Promotions", "PROMO OFF")
    page.wait_for_url("**/opt-out/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Promotions")
    page.goto("/opt-out/")
    expect(page.get_by_role("row", name="Promotions")).to_contain_text("PROMO OFF")


def test_a_refused_list_says_so_at_its_field(page_as: PageAs) -> None:
    page = page_as("Compliance", "/opt-out/")
    page.get_by_role("link", name="Create New Opt List").click()
    fill_new_list(page, "Promotions", "STOP")
    keyword = page.get_by_role("dialog").get_by_label("Opt-out keyword")
    expect(keyword).to_have_attribute("aria-invalid", "true")
    expect(keyword).to_be_focused()
    assert "error" in (keyword.get_attribute("aria-describedby") or "")
    assert_accessible(page)
    assert OptOutList.objects.count() == 1


def test_a_list_is_edited_from_its_menu(page_as: PageAs) -> None:
    make_list()
    page = page_as("Compliance", "/opt-out/")
    open_menu(page, "Promotions")
    page.get_by_role("link", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Opt-out list name").fill("Offers")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Offers")).to_be_visible()


def test_the_default_list_offers_no_deletion(page_as: PageAs) -> None:
    make_list()
    page = page_as("Admin", "/opt-out/")
    open_menu(page, "Promotions")
    expect(page.get_by_role("link", name="Delete List")).to_be_visible()
    page.keyboard.press("Escape")
    open_menu(page, "Default opt-out list")
    expect(page.get_by_role("link", name="Export")).to_be_visible()
    expect(page.get_by_role("link", name="Delete List")).to_be_hidden()


def test_deleting_a_list_moves_its_entries_to_the_default_list(page_as: PageAs) -> None:
    opt_out(ASHA, make_list())
    page = page_as("Compliance", "/opt-out/")
    open_menu(page, "Promotions")
    page.get_by_role("link", name="Delete List").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    assert_accessible(page)
    dialog.get_by_role("button", name="Delete List").click()
    expect(toast(page, "“Promotions” was deleted")).to_be_visible()
    assert [entry.list.is_default for entry in live_entries()] == [True]
    assert live_lists().count() == 1


def test_a_marketer_may_import_and_changes_no_list(page_as: PageAs) -> None:
    make_list()
    page = page_as("Marketer", "/opt-out/")
    open_menu(page, "Promotions")
    expect(page.get_by_role("link", name="Import")).to_be_visible()
    for name in ("Edit", "Export", "Delete List"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
