"""The review: when, how fast, and a launch of exactly what was seen."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from broadcaster import broadcasts, pacing, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast, Stage
from optout.access import Role
from optout.actors import NOBODY
from optout.models import BatchState, SandboxMessage, default_list
from tests.broadcaster.conftest import numbers
from tests.broadcaster.test_wizard_message import url
from tests.factories import drain, opt_out
from tests.page_clients import HTMX, browser_of, errors_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(draft) -> Broadcast:
    made = draft(numbers(4))
    preparing.prepare(made)
    return made


@pytest.fixture
def browser():
    return browser_of(Role.MARKETER)


def hidden(page) -> dict[str, object]:
    """What the review's form sends along of what it shows."""
    made, review = page.context["broadcast"], page.context["review"]
    return {"attempt": made.attempt, "to_send": review.to_send}


def told(answer) -> list[str]:
    return [str(each) for each in get_messages(answer.wsgi_request)]


# When


def test_a_time_is_read_and_shown_by_the_clock_of_its_zone(ready, browser):
    sent = {"scheduled_at": "2099-07-01T10:00", "zone": "America/New_York"}
    answer = browser.post(url("launch", ready), sent)
    assert told(answer) == ["Scheduled. 4 messages go out."]
    ready.refresh_from_db()
    assert ready.scheduled_at == datetime(2099, 7, 1, 14, tzinfo=UTC)
    assert ready.batch.starts_at == ready.scheduled_at
    assert ready.zone == "America/New_York"


@pytest.mark.parametrize(
    ("at", "zone", "field", "words"),
    [
        ("2099-03-29T02:30", "Europe/Madrid", "scheduled_at", "skip this time"),
        ("2020-01-01T10:00", "UTC", "scheduled_at", "has passed"),
        ("tomorrow", "UTC", "scheduled_at", "valid"),
        ("2099-01-01T10:00+02:00", "UTC", "scheduled_at", "valid"),
        ("9999-12-31T23:59", "America/New_York", "scheduled_at", "valid"),
        ("2099-01-01T10:00", "Mars/Base", "zone", "valid"),
    ],
)
def test_a_time_that_is_none_is_refused(ready, browser, at, zone, field, words):
    answer = browser.post(url("launch", ready), {"scheduled_at": at, "zone": zone})
    assert answer.status_code == 422
    assert words in errors_of(answer)[field][0]
    ready.refresh_from_db()
    assert (ready.status, ready.scheduled_at) == (Stage.READY, None)


def test_a_time_that_comes_twice_is_the_first_of_both(ready, browser):
    sent = {"scheduled_at": "2099-10-25T02:30", "zone": "Europe/Madrid"}
    browser.post(url("launch", ready), sent)
    ready.refresh_from_db()
    assert ready.scheduled_at == datetime(2099, 10, 25, 0, 30, tzinfo=UTC)


def test_a_schedule_stands_in_the_form_again_in_its_zone(ready, browser):
    at = datetime(2099, 7, 1, 14, tzinfo=UTC)
    broadcasts.schedule(ready, at, "Asia/Tokyo")
    page = browser.get(url("review", ready)).content.decode()
    assert 'value="2099-07-01T23:00"' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert "data-propose-zone" not in page


def test_the_browsers_zone_is_proposed_before_one_was_chosen(ready, browser):
    assert "data-propose-zone" in browser.get(url("review", ready)).content.decode()


# How fast


def test_pace_and_hours_are_set_and_shown(ready, browser):
    sent = {"rate": "2", "hours_from": "09:00", "hours_until": "20:00"}
    sent |= {"hours_zone": "Europe/Madrid", "hours_days": ["1", "2"]}
    answer = browser.post(url("pace", ready), sent, headers=HTMX)
    assert answer["HX-Redirect"] == url("review", ready)
    ready.refresh_from_db()
    batch = ready.batch
    assert (batch.rate, batch.hours.opens, batch.hours.days) == (2, time(9), "12")
    shown = text_of(browser.get(url("review", ready)))
    assert "2 messages a second, less than a minute for 4" in shown
    assert "09:00 to 20:00, Mon, Tue, Europe/Madrid" in shown


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"rate": "0"}, "rate"),
        ({"rate": "10001"}, "rate"),
        ({"rate": "fast"}, "rate"),
        (
            {"hours_from": "20:00", "hours_until": "09:00", "hours_days": "1"},
            "hours_until",
        ),
        ({"hours_from": "25:00"}, "hours_from"),
    ],
)
def test_a_pace_that_is_none_is_refused_at_its_field(ready, browser, sent, field):
    answer = browser.post(url("pace", ready), sent)
    assert (answer.status_code, list(errors_of(answer))) == (422, [field])
    ready.refresh_from_db()
    assert (ready.batch.rate, ready.batch.hours) == (None, None)


def test_the_pace_of_a_running_broadcast_changes_without_a_pause(ready, browser):
    preparing.launch(ready, actor=NOBODY)
    answer = browser.post(url("pace", ready), {"rate": "3"})
    assert answer["Location"] == url("report", ready)
    ready.batch.refresh_from_db()
    assert (ready.batch.rate, ready.batch.state) == (3, BatchState.RUNNING)


def test_the_pace_of_an_ended_broadcast_is_refused(ready, browser):
    preparing.launch(ready, actor=NOBODY)
    broadcasts.cancel(ready)
    answer = browser.post(url("pace", ready), {"rate": "3"})
    assert answer.status_code == 422 and "has ended" in text_of(answer)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "less than a minute"),
        (60, "about a minute"),
        (61, "about 2 min"),
        (7_800, "about 2 h 10 min"),
        (3_600, "about 1 h"),
        (90_000, "about 1 d 1 h"),
    ],
)
def test_how_long_it_takes_is_told_in_words(seconds, words):
    assert pacing.in_words(timedelta(seconds=seconds)) == words


# The launch


def test_what_opted_out_since_the_page_is_told_after_the_launch(ready, browser):
    sent = hidden(browser.get(url("review", ready)))
    opt_out(numbers(1)[0])
    answer = browser.post(url("launch", ready), sent)
    assert told(answer) == [
        "Launched. Since you saw the counts 1 more opted out: 3 messages go out."
    ]
    drain()
    assert SandboxMessage.objects.count() == 3


def test_the_same_counts_are_told_shortly(ready, browser):
    sent = hidden(browser.get(url("review", ready)))
    answer = browser.post(url("launch", ready), sent)
    assert told(answer) == ["Launched. 4 messages go out."]


def test_other_words_since_the_page_are_not_launched(ready, browser):
    sent = hidden(browser.get(url("review", ready)))
    broadcasts.write(ready, Words(text="Other words. Reply STOP."))
    for _ in range(2):
        answer = browser.post(url("launch", ready), sent)
        assert "changed since you saw" in told(answer)[-1]
        preparing.prepare(ready)  # as another tab may do meanwhile
    ready.batch.refresh_from_db()
    assert ready.batch.state == BatchState.DRAFT


def test_a_second_click_launches_nothing_more(ready, browser):
    sent = hidden(browser.get(url("review", ready)))
    for _ in range(2):
        answer = browser.post(url("launch", ready), sent)
        assert answer["Location"] == url("report", ready)
        drain()
    assert SandboxMessage.objects.count() == 4


def test_a_list_added_while_it_runs_counts_at_once(ready, browser, promotions):
    opt_out(numbers(1)[0], promotions)
    preparing.launch(ready, actor=NOBODY)
    answer = browser.post(url("add-list", ready), {"list": promotions.pk}, follow=True)
    assert "“Promotions” is selected." in text_of(answer)
    assert ready.batch.messages.filter(state="suppressed").count() == 1
    sent = {"lists": [], "unsubscribe_list": default_list().pk}
    browser.post(url("lists", ready), sent)
    assert set(ready.batch.lists.all()) == {default_list(), promotions}
    drain()
    assert SandboxMessage.objects.count() == 3


# Another like it


@pytest.mark.parametrize("is_launched", [False, True])
def test_a_broadcast_is_duplicated_from_its_menu(ready, browser, is_launched):
    page = "report" if is_launched else "review"
    if is_launched:
        preparing.launch(ready, actor=NOBODY)
    assert url("duplicate", ready) in browser.get(url(page, ready)).content.decode()
    answer = browser.post(url("duplicate", ready))
    copy = Broadcast.objects.latest("pk")
    assert answer["Location"] == reverse("broadcast-name", args=[copy.pk])
    assert told(answer) == ["This is a copy of “Sale”. Nothing of it was sent."]
    assert browser.get(answer["Location"]).status_code == 200


def test_the_copy_of_one_past_the_default_list_says_it_is_back(
    ready, browser, promotions
):
    broadcasts.set_lists(ready, [promotions.pk], skip_default="Recall")
    answer = browser.post(url("duplicate", ready))
    assert told(answer)[0].endswith("The default list is selected again.")
    assert default_list() in Broadcast.objects.latest("pk").batch.lists.all()
