"""A broadcast from draft to finished: counts, launch once, pause, resume, cancel."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection

from broadcaster import broadcasts, preparing, reports
from broadcaster.broadcasts import BroadcastError, Words
from broadcaster.models import Broadcast, Stage
from optout import holds
from optout.actors import Actor
from optout.addresses import parse
from optout.csv_files import BadFile
from optout.models import (
    BatchState,
    LedgerEvent,
    LedgerKind,
    SandboxMessage,
    default_list,
)
from optout.selection import SelectionError
from tests.broadcaster.conftest import csv_of, numbers
from tests.factories import drain, opt_out

pytestmark = pytest.mark.django_db
STAFF = Actor(label="mara")


def send_all() -> list[str]:
    drain()
    return sorted(SandboxMessage.objects.values_list("address", flat=True))


def mixed_rows() -> list[str]:
    good = numbers(10)
    return [f"{n},no" for n in good] + [
        f"{good[0][:2]} (415) 555-0000,",  # the first one again, spelt otherwise
        "not a number,",
        "+14155559999,yes",
    ]


def test_review_counts_every_row_once(draft, promotions):
    made = draft(mixed_rows(), header="number,unsubscribed")
    opt_out("+14155550001")
    opt_out("+1 415 555 0002", promotions)
    preparing.prepare(made)
    review = reports.review(made)
    assert (review.rows, review.invalid, review.marked, review.duplicate) == (
        13,
        1,
        1,
        1,
    )
    assert (review.to_send, review.withheld) == (9, 1)
    assert [(r.opt_out_list, r.count) for r in review.not_selected] == [(promotions, 1)]


def test_the_report_agrees_with_the_review(draft, promotions):
    made = draft(mixed_rows(), header="number,unsubscribed")
    broadcasts.set_lists(made, [promotions.pk])
    opt_out("+14155550001")
    opt_out("+1 415 555 0002", promotions, default_list())
    holds.hold(
        address=parse("+14155550003"), channel_id=900, text="stop?", reason="unclear"
    )
    preparing.prepare(made)
    review = reports.review(made)
    broadcasts.launch(made, actor=STAFF)
    send_all()
    counts = reports.progress(made).counts
    assert (counts["sent"], counts["suppressed"]) == (review.to_send, review.withheld)
    assert (review.to_send, review.withheld, review.under_review) == (7, 3, 1)


def test_an_opt_out_after_the_launch_is_honoured(draft):
    made = draft(numbers(2))
    preparing.launch(made, actor=STAFF)
    opt_out("+1-415-555-0001")
    assert send_all() == ["+14155550000"]


def test_a_double_click_launches_once(draft):
    made = draft()
    assert preparing.launch(made, actor=STAFF)
    launched_at = made.launched_at
    assert preparing.launch(made, actor=STAFF)
    assert made.launched_at == launched_at
    assert send_all() == numbers(3)


def test_pause_stops_and_resume_goes_on(draft):
    made = draft()
    preparing.launch(made, actor=STAFF)
    assert broadcasts.pause(made)
    assert send_all() == []
    assert broadcasts.resume(made)
    assert send_all() == numbers(3)


def test_cancel_ends_what_is_queued(draft):
    made = draft()
    preparing.launch(made, actor=STAFF)
    assert broadcasts.cancel(made)
    assert send_all() == []
    assert reports.progress(made).counts["cancelled"] == 3


def test_a_discarded_draft_cannot_be_launched(draft):
    made = draft()
    broadcasts.cancel(made)
    made.refresh_from_db()
    broadcasts.launch(made, actor=STAFF)
    assert send_all() == []
    assert made.status == BatchState.CANCELLED


def test_a_launched_broadcast_cannot_be_changed(draft):
    made = draft()
    preparing.launch(made, actor=STAFF)
    with pytest.raises(BroadcastError, match="cannot be changed"):
        broadcasts.write(made, Words(text="Other words. Reply STOP."))


def test_lists_only_grow_after_the_launch(draft, promotions):
    made = draft(numbers(2))
    opt_out("+14155550001", promotions)
    preparing.launch(made, actor=STAFF)
    with pytest.raises(BroadcastError):
        broadcasts.set_lists(made, [promotions.pk])
    broadcasts.add_list(made, promotions)
    assert send_all() == ["+14155550000"]


@pytest.mark.parametrize(
    "change",
    [
        lambda made: broadcasts.write(made, Words(text="Hi {{name|you}}. Reply STOP.")),
        lambda made: broadcasts.set_recipients(
            made, csv_of(numbers(5)[3:]), file_name="b.csv"
        ),
    ],
)
def test_a_change_asks_for_preparing_anew(draft, change):
    made = draft()
    preparing.prepare(made)
    change(made)
    assert made.stage == Stage.DRAFT
    with pytest.raises(BroadcastError, match="not prepared"):
        broadcasts.launch(made, actor=STAFF)
    preparing.launch(made, actor=STAFF)
    assert len(send_all()) == made.rows_read


def test_another_choice_of_lists_needs_no_preparing(draft, promotions):
    made = draft()
    preparing.prepare(made)
    broadcasts.set_lists(made, [promotions.pk])
    assert made.stage == Stage.READY
    assert set(made.batch.lists.all()) == {default_list(), promotions}


def test_leaving_out_the_default_list_is_written_to_the_ledger(draft, promotions):
    made = draft()
    broadcasts.set_lists(made, [promotions.pk], skip_default="Legal notice")
    preparing.launch(made, actor=STAFF)
    event = LedgerEvent.objects.get(kind=LedgerKind.DEFAULT_SKIPPED)
    assert (event.actor, event.facts["reason"]) == ("mara", "Legal notice")


def test_leaving_out_the_default_list_needs_another_one(draft):
    with pytest.raises(SelectionError):
        broadcasts.set_lists(draft(), [default_list().pk], skip_default="Because")


def test_the_unsubscribe_list_is_one_of_the_selected(draft, promotions):
    with pytest.raises(BroadcastError, match="selected list"):
        broadcasts.set_lists(
            draft(), [default_list().pk], unsubscribe_list_id=promotions.pk
        )


@pytest.mark.parametrize(
    ("rows", "words", "code"),
    [
        (numbers(1), Words(), "message_required"),
        (numbers(1), Words(text="Hi", subject="No"), "text_only"),
        (numbers(1), Words(text="Hi {{nobody}}"), "unknown_variable"),
        (["nonsense", "+1"], Words(text="Hi"), "empty_audience"),
    ],
)
def test_what_is_missing_is_named_before_the_launch(draft, rows, words, code):
    with pytest.raises(BroadcastError) as caught:
        preparing.launch(draft(rows, words=words), actor=STAFF)
    assert caught.value.code == code


def test_an_email_needs_a_subject(draft, mailbox):
    made = draft(["a@b.org"], header="email", channel=mailbox)
    with pytest.raises(BroadcastError) as caught:
        preparing.prepare(made)
    assert caught.value.code == "subject_required"


def test_a_bad_file_changes_nothing(draft):
    made = draft()
    preparing.prepare(made)
    with pytest.raises(BadFile):
        broadcasts.set_recipients(made, csv_of([], header="x"), file_name="b.csv")
    made.refresh_from_db()
    assert (made.file_name, made.stage) == ("people.csv", Stage.READY)


def test_a_long_audience_waits_for_the_worker_and_is_launched_then(draft, monkeypatch):
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 2)
    made = draft()
    assert not preparing.launch(made, actor=STAFF)
    assert made.status == Stage.PREPARING
    preparing.prepare_due()
    assert send_all() == numbers(3)


def test_a_crash_while_preparing_loses_and_doubles_nothing(draft, monkeypatch):
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    monkeypatch.setattr(preparing, "CHUNK_ROWS", 2)
    made = draft([*numbers(5), numbers(1)[0]])
    preparing.prepare(made)
    crashing = connection.execute_wrapper(at_insert(2, crash))
    with crashing, pytest.raises(DatabaseError):
        preparing.prepare_due()
    Broadcast.objects.update(lease_until=None)  # the dead worker's lease has ended
    preparing.prepare_due()
    made.refresh_from_db()
    assert (made.stage, made.rows_read, made.rows_duplicate) == (Stage.READY, 6, 1)
    assert made.batch.messages.count() == 5


def crash() -> None:
    raise DatabaseError("away")


def at_insert(number: int, act: Callable[[], None]) -> Callable[..., Any]:
    """At the database's edge: do something before the n-th insert of recipients."""
    seen = []

    def wrapper(execute, sql, params, many, context):
        if sql.startswith("INSERT") and "optout_outgoingmessage" in sql:
            seen.append(sql)
            if len(seen) == number:
                act()
        return execute(sql, params, many, context)

    return wrapper


def test_a_change_while_preparing_stops_the_old_worker(draft, monkeypatch):
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    monkeypatch.setattr(preparing, "CHUNK_ROWS", 1)
    made = draft()
    preparing.prepare(made)
    changed = Words(text="Changed. Reply STOP.")
    change = at_insert(2, lambda: broadcasts.write(made, changed))
    with connection.execute_wrapper(change):
        preparing.prepare_due()
    made.refresh_from_db()
    assert (made.stage, made.rows_read) == (Stage.DRAFT, 0)


def test_variables_are_filled_for_each_recipient(draft):
    made = draft(
        [f"{numbers(1)[0]},Ana", f"{numbers(2)[1]},"],
        header="number,First name",
        text="Hi {{first_name|friend}}! Reply STOP.",
    )
    preparing.launch(made, actor=STAFF)
    send_all()
    texts = SandboxMessage.objects.order_by("address").values_list("text", flat=True)
    assert list(texts) == ["Hi Ana! Reply STOP.", "Hi friend! Reply STOP."]


def test_an_email_carries_its_unsubscribe_link_and_headers(draft, mailbox):
    made = draft(
        ["a@b.org"],
        header="email",
        channel=mailbox,
        words=Words(subject="Sale", text="Hello", html="<p>Hello</p>"),
    )
    preparing.launch(made, actor=STAFF)
    send_all()
    mail = SandboxMessage.objects.get()
    assert "/u/" in mail.text and "/u/" in mail.html
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
