"""Writing a mail, trying it on a recipient and on oneself, and launching it later."""

from io import BytesIO

import pytest
from playwright.sync_api import Page, expect

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout.actors import NOBODY
from optout.models import SandboxMessage
from tests.browser.conftest import NARROW, PageAs, assert_accessible
from tests.factories import drain

pytestmark = pytest.mark.browser

CSV = b"email,name\nana@example.org,Ana\nbo@example.org,Bo\n"


@pytest.fixture
def letter(mailbox) -> Broadcast:
    """A draft to two people that is ready to be launched."""
    made = broadcasts.create(name="Letter", channel=mailbox, actor=NOBODY)
    words = Words(subject="For {{name}}", html="<h2>Dear {{name}}</h2>")
    broadcasts.write(made, words)
    broadcasts.set_recipients(made, BytesIO(CSV), file_name="people.csv")
    preparing.prepare(made)
    made.refresh_from_db()
    return made


def in_frame(page: Page):
    return page.frame_locator("iframe[name=mail-frame]").locator("body")


def test_a_mail_is_previewed_as_it_is_typed_and_tried_on_oneself(
    page_as: PageAs, letter
) -> None:
    page = page_as("Marketer", f"/broadcaster/{letter.pk}/message/")
    expect(in_frame(page)).to_have_text("Dear Ana")
    page.get_by_label("HTML").fill("<h2>Good day</h2>")
    page.get_by_label("Fallback where it is empty").fill("you")
    page.get_by_label("Subject").fill("")
    page.get_by_role("button", name="{{name}}").click()
    expect(page.get_by_label("Subject")).to_have_value("{{name|you}}")
    page.get_by_label("As it is read by").select_option(label="bo@example.org")
    expect(in_frame(page)).to_have_text("Good day")
    expect(page.locator(".mail")).to_contain_text("to bo@example.org")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Email", exact=False).last.fill("me@example.org")
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_role("status").filter(has_text="Queued")).to_be_visible()
    drain()
    expect(page.get_by_role("status").filter(has_text="Sent")).to_be_visible()
    sent = SandboxMessage.objects.get()
    assert (sent.address, sent.subject) == ("me@example.org", "Bo")
    assert not [url for url in asked if "example.org" in url]
    assert_accessible(page)


def test_who_is_no_recipient_is_told_where_it_was_typed(
    page_as: PageAs, letter
) -> None:
    page = page_as("Marketer", f"/broadcaster/{letter.pk}/message/")
    typed = page.get_by_label("Or by another recipient")
    typed.fill("nobody@example.org")
    typed.press("Enter")
    expect(typed).to_have_attribute("aria-invalid", "true")
    typed.fill("BO@example.org")
    typed.press("Enter")
    expect(in_frame(page)).to_have_text("Dear Bo")


def test_a_launch_is_put_off_in_the_browsers_zone(page_as: PageAs, letter) -> None:
    page = page_as("Marketer", f"/broadcaster/{letter.pk}/review/")
    own = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    page.get_by_role("region", name="How fast").get_by_text("Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Messages a second").fill("1")
    assert_accessible(page)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 message a second")).to_be_visible()
    page.get_by_text("Send later").click()
    expect(page.get_by_label("Time zone")).to_have_value(own)
    page.get_by_label("Begin at").fill("2099-07-01T10:00")
    page.get_by_role("button", name="Launch to 2 recipients").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Launch").click()
    expect(page.locator(".badge", has_text="Scheduled")).to_be_visible()
    letter.refresh_from_db()
    assert (letter.zone, letter.batch.rate) == (own, 1)


@pytest.mark.parametrize(("scheme", "size"), [("dark", (1280, 860)), ("light", NARROW)])
def test_message_review_and_pace_can_be_used_by_all(
    page_as: PageAs, letter, scheme, size
) -> None:
    page = page_as(
        "Admin", f"/broadcaster/{letter.pk}/message/", size=size, scheme=scheme
    )
    assert_accessible(page)
    page.goto(f"/broadcaster/{letter.pk}/review/")
    assert_accessible(page)
    page.goto(f"/broadcaster/{letter.pk}/pace/")
    assert_accessible(page)


def test_without_scripts_the_saved_mail_is_shown_for_the_chosen(
    page_as: PageAs, letter
) -> None:
    page = page_as("Marketer", f"/broadcaster/{letter.pk}/message/", scripts=False)
    page.get_by_label("As it is read by").select_option(label="bo@example.org")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".mail")).to_contain_text("For Bo")
    expect(page.frame_locator("noscript iframe").locator("body")).to_contain_text(
        "Dear"
    )
