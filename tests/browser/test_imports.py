"""An import from the list's page to its undo, as a marketer does it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from optout import import_work, imports
from optout.models import default_list, live_entries
from tests.browser.conftest import NARROW, PageAs, assert_accessible
from tests.factories import ASHA, RAHUL, opt_out
from tests.importing import counted, file_of, imported

pytestmark = pytest.mark.browser
ROWS = ["+34 600 111 444", RAHUL, "0034600111333", ASHA, "nobody"]
CSV = file_of([f"{row};llamó" for row in ROWS], "Teléfono;Nota")


def tile(page: Page, label: str) -> Locator:
    return page.locator(".tile", has_text=label).locator(".tile-value")


def upload(page: Page) -> None:
    """From the menu of the list to the columns as they were guessed."""
    page.get_by_role("button", name="Actions for Default opt-out list").click()
    page.get_by_role("link", name="Import").click()
    assert_accessible(page)
    file = {"name": "bajas.csv", "mimeType": "text/csv", "buffer": CSV}
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="bajas.csv")).to_be_visible()
    expect(page.get_by_label("Teléfono")).to_have_value("number")


def test_an_import_leads_from_the_file_to_the_list_and_back(page_as: PageAs) -> None:
    opt_out(ASHA)
    page = page_as("Marketer", f"/opt-out/{default_list().pk}/")
    upload(page)
    assert_accessible(page)
    page.get_by_role("button", name="Check the rows").click()
    expect(tile(page, "To be added")).to_have_text("2")
    assert_accessible(page)
    page.get_by_role("button", name="Import 5 rows").click()
    for label, number in {"Added": 2, "Already": 1, "Duplicate": 1, "Bad": 1}.items():
        expect(tile(page, label)).to_have_text(str(number))
    with page.expect_download() as download:
        page.get_by_role("link", name="Error file").click()
    assert "nobody" in download.value.path().read_text(encoding="utf-8-sig")
    assert_accessible(page)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 2 removed")).to_be_visible()
    assert live_entries().get().address == ASHA


def test_a_running_import_is_followed_until_it_is_done(
    page_as: PageAs, monkeypatch
) -> None:
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 0)
    job = counted(CSV)
    page = page_as("Marketer", f"/imports/{job.pk}/")
    page.get_by_role("button", name="Import 5 rows").click()
    expect(page.get_by_role("progressbar", name="Importing")).to_be_visible()
    assert_accessible(page)
    import_work.work_due()
    expect(tile(page, "Added")).to_have_text("3")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_imports_can_be_used_by_all(page_as: PageAs, scheme) -> None:
    imported(CSV)
    page = page_as("Marketer", "/imports/", size=NARROW, scheme=scheme)
    assert_accessible(page)
    page.get_by_role("link", name="people.csv").click()
    expect(tile(page, "Added")).to_have_text("3")
    assert_accessible(page)
