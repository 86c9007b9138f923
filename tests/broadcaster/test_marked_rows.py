"""Rows of a file that are marked as opted out elsewhere, and the list they go to."""

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster import broadcasts, marked_rows, preparing
from broadcaster.broadcasts import BroadcastError
from broadcaster.models import Broadcast
from optout import imports
from optout.access import Role
from optout.actors import NOBODY
from optout.models import (
    Entry,
    ImportJob,
    OutgoingMessage,
    Source,
    WebhookDelivery,
    default_list,
    live_entries,
)
from tests.broadcaster.conftest import csv_of, numbers
from tests.factories import opt_out
from tests.page_clients import browser_of, text_of

pytestmark = pytest.mark.django_db
FILE = [f"{number},{'yes' if n else ''}" for n, number in enumerate(numbers(4))]


@pytest.fixture
def marked(draft) -> Broadcast:
    """A prepared draft of four rows, three of them marked."""
    made = draft(FILE, header="number,unsubscribed")
    preparing.prepare(made)
    assert (made.rows_marked, made.batch.messages.count()) == (3, 1)
    return made


def add(browser: Client, broadcast: Broadcast, pk: int) -> str:
    page = reverse("broadcast-marked", args=[broadcast.pk])
    return text_of(browser.post(page, {"list": pk}, follow=True))


def listed() -> list[str]:
    return sorted(live_entries().values_list("address", flat=True))


def test_the_review_offers_the_marked_rows_to_a_list_and_tells_what_came(marked):
    opt_out(numbers(2)[1])
    browser = browser_of(Role.MARKETER)
    review = reverse("broadcast-review", args=[marked.pk])
    assert "Add these 3 to the list" in text_of(browser.get(review))
    told = add(browser, marked, default_list().pk)
    assert "2 people were added to “Default opt-out list”" in told
    assert "2 added, 1 there before" in told and "Add these" not in told
    assert listed() == numbers(4)[1:]


def test_they_come_in_as_imported_with_a_webhook_and_no_message(marked, promotions):
    promotions.webhook_url = "https://example.org/hook"
    promotions.save()
    sent_before = OutgoingMessage.objects.count()
    marked_rows.add_to_list(marked, promotions, actor=NOBODY)
    assert set(Entry.objects.values_list("source", "channel_id")) == {
        (Source.IMPORT, 0)
    }
    assert WebhookDelivery.objects.count() == 3
    assert OutgoingMessage.objects.count() == sent_before


def test_a_second_click_begins_no_second_import(marked, promotions):
    browser = browser_of(Role.ADMIN)
    add(browser, marked, promotions.pk)
    add(browser, marked, default_list().pk)
    assert ImportJob.objects.get().list == promotions
    assert Entry.objects.filter(list=default_list()).count() == 0


def test_two_clicks_at_once_begin_one_import(marked, promotions):
    stale = Broadcast.objects.get(pk=marked.pk)
    first = marked_rows.add_to_list(marked, promotions, actor=NOBODY)
    assert marked_rows.add_to_list(stale, promotions, actor=NOBODY) == first
    assert imports.shown().count() == 1


def test_after_an_undo_they_are_offered_again(marked, promotions):
    job = marked_rows.add_to_list(marked, promotions, actor=NOBODY)
    imports.undo(job, actor=NOBODY)
    marked.refresh_from_db()
    assert marked_rows.can_be_added(marked)
    marked_rows.add_to_list(marked, promotions, actor=NOBODY)
    assert listed() == numbers(4)[1:]


def test_another_file_has_marked_rows_of_its_own(marked, promotions):
    marked_rows.add_to_list(marked, promotions, actor=NOBODY)
    file = csv_of(["+14155559999,yes"], "number,unsubscribed")
    broadcasts.set_recipients(marked, file, file_name="b.csv")
    preparing.prepare(marked)
    assert marked_rows.can_be_added(marked)


def test_many_are_counted_first_and_started_on_the_imports_page(marked, monkeypatch):
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 1)
    told = add(browser_of(Role.MARKETER), marked, default_list().pk)
    job = ImportJob.objects.get()
    assert (job.state, listed()) == ("counting", [])
    assert "Marked rows of people.csv" in told


def test_without_marked_rows_nothing_is_offered(draft):
    made = draft()
    preparing.prepare(made)
    with pytest.raises(BroadcastError, match="No row"):
        marked_rows.add_to_list(made, default_list(), actor=NOBODY)


def test_an_agent_adds_nobody_in_bulk(marked):
    page = reverse("broadcast-marked", args=[marked.pk])
    answer = browser_of(Role.AGENT).post(page, {"list": default_list().pk})
    assert (answer.status_code, listed()) == (403, [])


def test_a_list_that_is_not_there_is_refused(marked):
    page = reverse("broadcast-marked", args=[marked.pk])
    browser = browser_of(Role.MARKETER)
    found = [browser.post(page, {"list": pk}).status_code for pk in ("99999", "²", "")]
    assert (found, listed()) == ([404, 404, 404], [])
