"""A broadcast from its name to the report, as a marketer makes it."""

from io import BytesIO

import pytest
from playwright.sync_api import Locator, Page, expect

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout import handover
from optout.actors import NOBODY
from optout.models import SandboxMessage
from tests.browser.conftest import LOOKS, PageAs, assert_accessible
from tests.factories import ASHA, drain, make_list, opt_out

pytestmark = pytest.mark.browser

# Ten people, one of them twice, and a row that is no number.
PEOPLE = [f"+34 600 111 {last}" for last in range(220, 230)]
ROWS = [*PEOPLE, "+34600111220", "nobody"]
CSV = "\n".join(["Teléfono;Name", *(f"{row};Ana" for row in ROWS)]).encode()


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def tile(page: Page, label: str) -> Locator:
    return page.locator(".tile", has_text=label).locator(".tile-value")


def begin(page: Page) -> None:
    """Name and channel, then the message."""
    page.get_by_role("link", name="New broadcast").first.click()
    page.get_by_role("textbox", name="Name").fill("Summer sale")
    page.get_by_label("Channel").select_option(value="900")
    go_on(page)
    page.get_by_label("Message").fill("Hello {{name}}, sale! Reply STOP to opt out.")
    go_on(page)


def upload(page: Page) -> None:
    """The file, and the columns as they were guessed."""
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": CSV}
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Use these").click()
    expect(page.get_by_role("heading", name="people.csv")).to_be_visible()


@pytest.fixture
def prepared(sms) -> Broadcast:
    """A broadcast that waits for its launch; one of its people has opted out."""
    opt_out(ASHA)
    made = broadcasts.create(name="Summer sale", channel=sms, actor=NOBODY)
    broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
    file = BytesIO("\n".join(["number", *PEOPLE]).encode())
    broadcasts.set_recipients(made, file, file_name="people.csv")
    preparing.prepare(made)
    made.refresh_from_db()
    return made


def test_the_wizard_leads_from_a_name_to_the_review(page_as: PageAs, sms) -> None:
    opt_out(ASHA)
    page = page_as("Marketer", "/broadcaster/")
    begin(page)
    upload(page)
    assert_accessible(page)
    go_on(page)
    default = page.get_by_label("Default opt-out list", exact=False).first
    expect(default).to_be_checked()
    expect(default).to_be_disabled()
    assert_accessible(page)
    go_on(page)
    expect(tile(page, "Will be sent")).to_have_text("9")
    expect(tile(page, "Opted out")).to_have_text("1")
    expect(tile(page, "Duplicate")).to_have_text("1")
    expect(tile(page, "Invalid")).to_have_text("1")
    assert_accessible(page)


def test_the_preview_shows_what_is_being_typed(page_as: PageAs, sms) -> None:
    page = page_as("Marketer", "/broadcaster/new/")
    page.get_by_role("textbox", name="Name").fill("Summer sale")
    page.get_by_label("Channel").select_option(value="900")
    go_on(page)
    page.get_by_label("Message").press_sequentially("Sale today")
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("Sale today")
    preview.get_by_role("button", name="Add “Reply STOP to opt out.”").click()
    expect(page.get_by_label("Message")).to_have_value(
        "Sale today\nReply STOP to opt out."
    )
    assert_accessible(page)


def test_a_file_without_addresses_is_refused_at_its_field(page_as: PageAs, sms) -> None:
    made = broadcasts.create(name="Summer sale", channel=sms, actor=NOBODY)
    page = page_as("Marketer", f"/broadcaster/{made.pk}/recipients/")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"colour\nred\n"}
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Use these").click()
    field = page.get_by_label("CSV file")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)


def test_a_list_that_is_not_ticked_is_added_on_the_review(
    page_as: PageAs, prepared
) -> None:
    opt_out(PEOPLE[5], make_list())
    page = page_as("Marketer", f"/broadcaster/{prepared.pk}/review/")
    expect(tile(page, "Will be sent")).to_have_text("9")
    page.get_by_role("button", name="Add list").click()
    expect(tile(page, "Will be sent")).to_have_text("8")


def test_the_safe_answer_launches_nothing(page_as: PageAs, prepared) -> None:
    page = page_as("Marketer", f"/broadcaster/{prepared.pk}/review/")
    page.get_by_role("button", name="Launch to 9 recipients").click()
    confirm = page.get_by_role("alertdialog")
    expect(confirm).to_contain_text("9 messages will leave by Sandbox phone")
    expect(confirm.get_by_role("button", name="Not yet")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(confirm).to_be_hidden()
    assert Broadcast.objects.get().is_editable


def test_a_launch_is_followed_until_it_is_finished(page_as: PageAs, prepared) -> None:
    page = page_as("Marketer", f"/broadcaster/{prepared.pk}/review/")
    page.get_by_role("button", name="Launch to 9 recipients").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Launch").click()
    expect(page.get_by_text("Running").first).to_be_visible()
    expect(tile(page, "Waiting")).to_have_text("9")
    assert_accessible(page)
    drain()
    handover.finish_batches()
    expect(page.get_by_text("Finished").first).to_be_visible()
    expect(tile(page, "Waiting")).to_have_text("0")
    expect(tile(page, "Opted out")).to_have_text("1")
    assert SandboxMessage.objects.count() == 9


@pytest.fixture
def finished(prepared) -> Broadcast:
    preparing.launch(prepared, actor=NOBODY)
    drain()
    handover.finish_batches()
    return prepared


def test_the_report_names_who_had_opted_out(page_as: PageAs, finished) -> None:
    page = page_as("Marketer", f"/broadcaster/{finished.pk}/report/")
    page.get_by_label("Status").select_option(label="Failed – Optout Number")
    page.wait_for_url("**status=suppressed**")
    table = page.get_by_role("region", name="Recipients")
    rows = table.get_by_role("row").filter(has=page.get_by_role("cell"))
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(ASHA)
    expect(rows).to_contain_text("Default opt-out list")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    exported = download.value.path().read_text(encoding="utf-8-sig")
    assert "Optout Number" in exported
    assert len(exported.splitlines()) == 2


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_list_and_report_can_be_used_by_all(
    page_as: PageAs, finished, scheme, size
) -> None:
    page = page_as("Admin", "/broadcaster/", size=size, scheme=scheme)
    assert_accessible(page)
    page.get_by_role("link", name="Summer sale").click()
    table = page.get_by_role("region", name="Recipients")
    expect(table.get_by_role("row", name=ASHA)).to_be_visible()
    assert_accessible(page)


def test_sending_is_paused_and_goes_on(page_as: PageAs, prepared) -> None:
    preparing.launch(prepared, actor=NOBODY)
    page = page_as("Marketer", f"/broadcaster/{prepared.pk}/report/")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    drain()
    assert not SandboxMessage.objects.exists()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    drain()
    assert SandboxMessage.objects.count() == 9
