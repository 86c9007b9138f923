"""Removing many entries: what is chosen, what stays, and the job for very many."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from optout import bulk_removals
from optout.access import Role
from optout.actors import Actor
from optout.bulk_removals import Decision, Selection
from optout.models import (
    BulkRemoval,
    Entry,
    OptOutList,
    Reason,
    Source,
    default_list,
    live_entries,
)
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out
from tests.page_clients import HTMX, browser_of, errors_of, text_of

pytestmark = pytest.mark.django_db

ALL = "?all_matching=1&live=true"


@pytest.fixture
def browser() -> Client:
    return browser_of(Role.ADMIN)


@pytest.fixture
def listed() -> OptOutList:
    return make_list()


def fill(listed: OptOutList, number: int) -> list[Entry]:
    """Entries as a large list has them, made in one statement."""
    pattern = opt_out(ASHA, listed).entries[0]
    values = {
        "list": listed, "channel_id": 0, "address_kind": "phone", "source": Source.API,
        "reason_code": Reason.STAFF, "created_at": pattern.created_at,
        "updated_at": pattern.updated_at,
    }  # fmt: skip
    rows = [
        Entry(key=f"{row:032x}", address=f"+3460{row:07}", **values)
        for row in range(1, number)
    ]
    return [pattern, *Entry.objects.bulk_create(rows)]


def remove(browser: Client, listed: OptOutList, query: str = ALL, **values: Any) -> Any:
    return browser.post(f"/opt-out/{listed.pk}/remove/{query}", values)


def ticked(*entries: Entry) -> str:
    return "?" + "&".join(f"ids={entry.pk}" for entry in entries)


def left(listed: OptOutList) -> set[str]:
    return set(live_entries().filter(list=listed).values_list("address", flat=True))


def test_only_ticked_entries_of_this_list_end(
    browser: Client, listed: OptOutList
) -> None:
    first, second, third = fill(listed, 3)
    other = opt_out(RAHUL).entries[0]
    remove(browser, listed, ticked(first, second, other))
    assert left(listed) == {third.address}
    assert left(default_list()) == {RAHUL}


def test_no_tick_removes_nothing(browser: Client, listed: OptOutList) -> None:
    fill(listed, 3)
    answer = remove(browser, listed, "?live=true")
    assert "Tick entries first" in text_of(answer)
    assert len(left(listed)) == 3


def test_all_matching_means_the_filters_of_the_page(
    browser: Client, listed: OptOutList
) -> None:
    fill(listed, 3)
    opt_out(LEENA, listed)
    remove(browser, listed, "?all_matching=1&live=true&search=%2B3460")
    assert left(listed) == {LEENA}


def test_a_filter_that_makes_no_sense_removes_nothing(
    browser: Client, listed: OptOutList
) -> None:
    fill(listed, 3)
    remove(browser, listed, "?all_matching=1&source=bogus")
    assert len(left(listed)) == 3


def test_what_was_added_after_the_question_stays(
    browser: Client, listed: OptOutList
) -> None:
    upper = fill(listed, 3)[-1].pk
    opt_out(LEENA, listed)
    remove(browser, listed, upper=upper)
    assert left(listed) == {LEENA}
    assert BulkRemoval.objects.get().total == 3


def test_the_question_names_how_many_the_persons_made(
    browser: Client, listed: OptOutList
) -> None:
    fill(listed, 3)
    opt_out(LEENA, listed, reason=Reason.PERSON)
    words = text_of(browser.get(f"/opt-out/{listed.pk}/remove/{ALL}"))
    assert "Remove 4 entries?" in words
    assert "1 of them is there because the person" in words


def test_what_the_persons_made_stays_unless_ticked(
    browser: Client, listed: OptOutList
) -> None:
    fill(listed, 3)
    opt_out(LEENA, listed, reason=Reason.PERSON)
    remove(browser, listed, reason="test")
    assert left(listed) == {LEENA}


def test_ticking_them_needs_a_reason(browser: Client, listed: OptOutList) -> None:
    opt_out(LEENA, listed, reason=Reason.PERSON)
    answer = remove(browser, listed, include_guarded="on")
    assert list(errors_of(answer)) == ["reason"]
    assert left(listed) == {LEENA}


def test_ticked_with_a_reason_they_end(browser: Client, listed: OptOutList) -> None:
    opt_out(LEENA, listed, reason=Reason.PERSON)
    remove(browser, listed, include_guarded="on", reason="asked_by_phone")
    assert Entry.objects.get().ended_reason == "asked_by_phone"


@pytest.mark.parametrize(
    ("role", "stays"),
    [
        (Role.MARKETER, {ASHA, RAHUL}),
        (Role.COMPLIANCE, {RAHUL}),
        (Role.ADMIN, set()),
    ],
)
def test_roles_end_in_bulk_what_they_may_end(
    listed: OptOutList, role: Role, stays: set[str]
) -> None:
    opt_out(LEENA, listed)
    opt_out(ASHA, listed, reason=Reason.PERSON)
    opt_out(RAHUL, listed, reason=Reason.LEGAL)
    remove(browser_of(role), listed, include_guarded="on", reason="test")
    assert left(listed) == stays


def test_an_agent_removes_nothing_in_bulk(listed: OptOutList) -> None:
    opt_out(ASHA, listed)
    assert remove(browser_of(Role.AGENT), listed).status_code == 403
    assert left(listed) == {ASHA}


@pytest.mark.parametrize("typed", ["", "100", "all"])
def test_over_a_hundred_the_number_is_typed(
    browser: Client, listed: OptOutList, typed: str
) -> None:
    fill(listed, 101)
    answer = remove(browser, listed, typed=typed)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["typed"]
    assert len(left(listed)) == 101


def test_the_typed_number_lets_them_go(browser: Client, listed: OptOutList) -> None:
    fill(listed, 101)
    remove(browser, listed, typed="101")
    assert not left(listed)


def test_a_bulk_removal_is_undone_from_its_toast(
    browser: Client, listed: OptOutList
) -> None:
    entries = fill(listed, 3)
    url = f"/opt-out/{listed.pk}/remove/{ALL}"
    told = json.loads(browser.post(url, headers=HTMX)["HX-Trigger"])
    assert told["toast"]["text"] == "3 removed from “Promotions”."
    browser.post(told["toast"]["undo"])
    assert left(listed) == {entry.address for entry in entries}


# The job


def start_job(browser: Client, listed: OptOutList, **values: Any) -> BulkRemoval:
    fill(listed, 1001)
    remove(browser, listed, typed="1,001", **values)
    return BulkRemoval.objects.get()


def work_off() -> None:
    while bulk_removals.work_due():
        pass


def test_over_a_thousand_is_a_job_with_progress(
    browser: Client, listed: OptOutList
) -> None:
    job = start_job(browser, listed)
    assert len(left(listed)) == 1001
    bulk_removals.work_due()
    words = text_of(browser.get(f"/opt-out/removals/{job.pk}/"))
    assert "500 of 1,001" in words


def test_the_job_ends_what_was_shown(browser: Client, listed: OptOutList) -> None:
    job = start_job(browser, listed)
    opt_out(LEENA, listed)
    work_off()
    job.refresh_from_db()
    assert left(listed) == {LEENA}
    assert (job.done, job.kept, job.is_running) == (1001, 0, False)


def test_who_asks_again_while_the_job_runs_stays(
    browser: Client, listed: OptOutList
) -> None:
    opt_out(ASHA, listed, reason=Reason.PERSON)
    job = start_job(browser, listed, include_guarded="on", reason="test")
    opt_out(ASHA, listed, reason=Reason.PERSON, asked_at=timezone.now())
    work_off()
    job.refresh_from_db()
    assert left(listed) == {ASHA}
    assert (job.done, job.kept) == (1000, 1)


def test_what_is_put_back_while_the_job_runs_stays(
    browser: Client, listed: OptOutList
) -> None:
    start_job(browser, listed)
    bulk_removals.work_due()
    gone = Entry.objects.exclude(ended_at=None).first()
    assert gone
    browser.post(f"/opt-out/entries/{gone.pk}/put-back/")
    work_off()
    assert left(listed) == {gone.address}


def test_a_chunk_that_was_interrupted_is_counted_once(
    browser: Client, listed: OptOutList
) -> None:
    job = start_job(browser, listed)
    bulk_removals.work_due()
    first = Entry.objects.exclude(ended_at=None).values_list("pk", flat=True)
    # The worker died after the entries ended and before it wrote its progress.
    BulkRemoval.objects.update(
        chunk=list(first), done=0, below_id=job.upper_id + 1,
        lease_until=timezone.now(),
    )  # fmt: skip
    work_off()
    job.refresh_from_db()
    assert (job.done, job.kept) == (1001, 0)


def test_a_job_in_work_is_left_to_its_worker(
    browser: Client, listed: OptOutList
) -> None:
    start_job(browser, listed)
    BulkRemoval.objects.update(lease_until=timezone.now() + bulk_removals.LEASE)
    assert not bulk_removals.work_due()


def test_the_list_page_tells_of_a_running_job(
    browser: Client, listed: OptOutList
) -> None:
    start_job(browser, listed)
    words = text_of(browser.get(f"/opt-out/{listed.pk}/"))
    assert "A removal is running: 0 of 1,001 entries" in words


def test_a_removal_without_the_tick_keeps_guarded_entries_in_the_job(
    listed: OptOutList,
) -> None:
    fill(listed, 1001)
    opt_out(LEENA, listed, reason=Reason.PERSON)
    selection = Selection(listed, bulk_removals.newest_id(listed))
    job = bulk_removals.begin(selection, Decision(), actor=Actor(label="compliance"))
    work_off()
    job.refresh_from_db()
    assert left(listed) == {LEENA}
    assert (job.done, job.kept) == (1001, 1)
