"""The pages: the wizard from name to launch, the report, who may do what."""

import csv
from io import StringIO

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from broadcaster import broadcasts, preparing, recipients
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast, Stage
from optout.access import Role
from optout.actors import NOBODY
from optout.models import BatchState, default_list
from tests.broadcaster.conftest import numbers
from tests.factories import drain, opt_out
from tests.page_clients import browser_of, errors_of, queries_of, text_of

pytestmark = pytest.mark.django_db


def url(name: str, broadcast: Broadcast) -> str:
    return reverse(f"broadcast-{name}", args=[broadcast.pk])


def upload(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("people.csv", text.encode(), "text/csv")


@pytest.mark.parametrize("act", ["launch", "pause", "resume", "cancel"])
@pytest.mark.parametrize("role", [Role.AGENT, Role.COMPLIANCE])
def test_who_may_not_send_moves_nothing(role, act, draft):
    made = draft()
    assert browser_of(role).post(url(act, made)).status_code == 403


def test_the_wizard_leads_from_name_to_launch(phone, promotions):
    browser = browser_of(Role.MARKETER)
    browser.post(reverse("broadcast-new"), {"name": "Sale", "channel": 900})
    made = Broadcast.objects.get()
    browser.post(url("message", made), {"text": "Hi {{name|you}}. Reply STOP."})
    rows = "phone,name\n" + "\n".join(f"{n},Ana" for n in numbers(3))
    browser.post(url("recipients", made), {"file": upload(rows)})
    browser.post(url("columns", made), {"phone": "number", "name": "variable"})
    chosen = {"lists": [promotions.pk], "unsubscribe_list": default_list().pk}
    answer = browser.post(url("lists", made), chosen, follow=True)
    assert "Launch to 3 recipients" in text_of(answer)
    answer = browser.post(url("launch", made))
    assert answer["Location"] == url("report", made)
    made.refresh_from_db()
    assert set(made.batch.lists.all()) == {default_list(), promotions}


def test_the_default_list_cannot_be_unticked(draft, promotions):
    made = draft()
    sent = {"lists": [promotions.pk], "unsubscribe_list": promotions.pk}
    sent |= {"skip_default": "on", "skip_reason": "I want to"}
    browser_of(Role.MARKETER).post(url("lists", made), sent)
    assert default_list() in made.batch.lists.all()


def test_an_admin_leaves_out_the_default_list_with_a_reason_alone(draft, promotions):
    made, browser = draft(), browser_of(Role.ADMIN)
    sent = {"lists": [promotions.pk], "unsubscribe_list": promotions.pk}
    sent |= {"skip_default": "on", "skip_reason": ""}
    refused = browser.post(url("lists", made), sent)
    assert (refused.status_code, list(errors_of(refused))) == (422, ["skip_reason"])
    browser.post(url("lists", made), sent | {"skip_reason": "Recall"})
    assert list(made.batch.lists.all()) == [promotions]


def test_a_message_without_a_way_out_is_offered_one(draft):
    made, browser = draft(text="Sale!"), browser_of(Role.MARKETER)
    assert "does not say how to opt out" in text_of(browser.get(url("message", made)))
    browser.post(url("message", made), {"text": "Sale!", "add_way_out": "1"})
    made.refresh_from_db()
    assert made.text == "Sale!\nReply STOP to opt out."


def test_the_preview_shows_the_first_row_and_saves_nothing(draft):
    made = draft([f"{numbers(1)[0]},Zoé"], header="number,name")
    typed = {"text": "Hello {{name}} and {{nobody}}"}
    shown = text_of(browser_of(Role.MARKETER).post(url("preview", made), typed))
    assert "Hello Zoé and" in shown and "No column gives {{nobody}}" in shown
    made.refresh_from_db()
    assert made.text != typed["text"]


def test_hostile_cells_are_shown_as_text(draft):
    made = draft([f"{numbers(1)[0]},<script>alert(1)</script>"], header="number,name")
    broadcasts.write(made, Words(text="{{name}} {{7*7}} {% debug %} Reply STOP."))
    page = browser_of(Role.MARKETER).get(url("message", made)).content.decode()
    assert "<script>alert(1)" not in page
    assert "{{7*7}} {% debug %}" in page


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "file"),
        ({"pasted": "\x00"}, "pasted"),
        ({"file": "number"}, "file"),
        ({"file": "name\nAna"}, "file"),
    ],
)
def test_bad_recipients_are_refused_at_their_field(sent, field, draft):
    made = draft()
    sent = {k: upload(v) if k == "file" else v for k, v in sent.items()}
    refused = browser_of(Role.MARKETER).post(url("recipients", made), sent)
    assert (refused.status_code, list(errors_of(refused))) == (422, [field])
    made.refresh_from_db()
    assert made.file_name == "people.csv"


def test_the_review_offers_lists_that_are_not_selected(draft, promotions):
    made, browser = draft(), browser_of(Role.MARKETER)
    opt_out(numbers(1)[0], promotions)
    preparing.prepare(made)
    shown = text_of(browser.get(url("review", made)))
    assert "Promotions 1 recipient Add list" in shown
    browser.post(url("add-list", made), {"list": promotions.pk})
    assert "Launch to 2 recipients" in text_of(browser.get(url("review", made)))


def test_a_draft_that_lacks_something_says_what_and_is_not_launched(phone):
    made = broadcasts.create(name="Sale", channel=phone, actor=NOBODY)
    browser = browser_of(Role.MARKETER)
    assert "Choose the recipients." in text_of(browser.get(url("review", made)))
    answer = browser.post(url("launch", made))
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == ["Write the message."]


def test_a_time_that_has_passed_is_refused(draft):
    made = draft()
    preparing.prepare(made)
    sent = {"scheduled_at": "2020-01-01T10:00"}
    refused = browser_of(Role.MARKETER).post(url("launch", made), sent)
    assert (refused.status_code, made.batch.state) == (422, BatchState.DRAFT)


def test_a_scheduled_broadcast_waits_for_its_time(draft):
    made = draft()
    preparing.prepare(made)
    sent = {"scheduled_at": "2099-01-01T10:00"}
    browser_of(Role.MARKETER).post(url("launch", made), sent)
    drain()
    made = Broadcast.objects.get()
    assert made.status == "scheduled"
    assert made.batch.messages.filter(state="queued").count() == 3


def test_reading_recipients_is_polled_until_it_has_ended(draft, monkeypatch):
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    made, browser = draft(), browser_of(Role.MARKETER)
    preparing.prepare(made)
    poll = {"HX-Request": "true", "HX-Target": "progress"}
    answer = browser.get(url("review", made), headers=poll)
    assert "every 2s" in answer.content.decode() and "HX-Refresh" not in answer
    preparing.prepare_due()
    assert browser.get(url("review", made), headers=poll)["HX-Refresh"] == "true"


def launched(draft) -> Broadcast:
    made = draft(numbers(4))
    opt_out("+1 (415) 555-0001")
    preparing.launch(made, actor=NOBODY)
    drain()
    return made


def test_the_report_names_why_somebody_got_nothing(draft):
    made = launched(draft)
    report = url("report", made) + "?status=suppressed"
    answer = browser_of(Role.COMPLIANCE).get(report)
    assert [row.address for row in answer.context["page"].rows] == ["+14155550001"]
    shown = text_of(answer)
    assert "Failed – Optout Number" in shown
    assert "Default opt-out list List page" in shown
    assert b'data-panel-person="/panel/' in answer.content


@pytest.mark.parametrize("search", ["415-555-0001", "0001", "+1 (415) 555-0001"])
def test_the_report_finds_a_recipient_in_any_spelling(draft, search):
    report = url("report", launched(draft))
    answer = browser_of(Role.ADMIN).get(report, {"search": search.replace("-", "")})
    assert [row.address for row in answer.context["page"].rows] == ["+14155550001"]


def test_the_report_is_paged_in_both_directions(draft, monkeypatch):
    monkeypatch.setattr(recipients, "PAGE_SIZE", 2)
    report, browser = url("report", launched(draft)), browser_of(Role.ADMIN)
    first = browser.get(report).context["page"]
    second = browser.get(report, {"after": first.after}).context["page"]
    back = browser.get(report, {"before": second.before}).context["page"]
    seen = [[row.address for row in page.rows] for page in (first, second, back)]
    assert seen == [numbers(4)[:2], numbers(4)[2:], numbers(4)[:2]]


def rows_of(answer) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def test_the_export_is_inert_and_reads_back_to_the_same_addresses(draft):
    answer = browser_of(Role.COMPLIANCE).get(url("export", launched(draft)))
    rows = rows_of(answer)
    assert [row["address"] for row in rows] == [f"'{n}" for n in numbers(4)]
    assert [row["number"] for row in rows] == numbers(4)
    assert rows[1]["error"] == "Optout Number"
    assert rows[1]["opt_out_list"] == default_list().name


def test_the_error_file_names_row_and_reason_and_is_inert(draft):
    made = draft([numbers(1)[0], "=HYPERLINK(1)", "+1"])
    rows = rows_of(browser_of(Role.MARKETER).get(url("left-out", made)))
    assert [row["row"] for row in rows] == ["3", "4"]
    assert [row["address_as_written"] for row in rows] == ["'=HYPERLINK(1)", "'+1"]


def test_pause_resume_and_cancel_move_the_broadcast(draft):
    made, browser = draft(), browser_of(Role.MARKETER)
    preparing.launch(made, actor=NOBODY)
    for act, state in [("pause", "paused"), ("resume", "running")]:
        browser.post(url(act, made))
        made.batch.refresh_from_db()
        assert made.batch.state == state
    browser.post(url("cancel", made))
    made.batch.refresh_from_db()
    assert made.batch.state == BatchState.CANCELLED


def test_a_launched_broadcast_cannot_be_edited_on_a_page(draft):
    made = launched(draft)
    answer = browser_of(Role.MARKETER).post(url("message", made), {"text": "New"})
    assert answer["Location"] == url("report", made)
    made.refresh_from_db()
    assert (made.stage, made.text) == (Stage.READY, "Sale! Reply STOP to opt out.")


def test_the_mail_is_shown_in_a_frame_that_runs_nothing(draft, mailbox):
    words = Words(subject="Sale", html="<h1>Hi</h1><script>alert(1)</script>")
    made = draft(["a@b.org"], header="email", channel=mailbox, words=words)
    answer = browser_of(Role.MARKETER).get(url("mail", made))
    assert answer["Content-Security-Policy"].startswith("sandbox allow-popups; ")


@pytest.mark.parametrize("page", ["broadcasts", "report"])
def test_twice_the_rows_ask_the_database_as_often(page, draft):
    browser: Client = browser_of(Role.ADMIN)
    made = launched(draft)
    place = reverse("broadcasts") if page == "broadcasts" else url("report", made)
    before = queries_of(browser, place)
    more = draft(numbers(8))
    preparing.launch(more, actor=NOBODY)
    if page == "report":
        place = url("report", more)
    assert queries_of(browser, place) == before


def test_an_unknown_broadcast_is_not_found(phone):
    assert browser_of().get("/broadcaster/7/report/").status_code == 404
