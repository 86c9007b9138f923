"""Importing entries: exact counts, once each, resumed after a crash, undone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import timezone

from optout import entries, import_kinds, import_work, imports, invariants, lifts
from optout.import_kinds import ImportRefused
from optout.imports import Choices
from optout.lifts import Power
from optout.models import (
    Entry,
    ImportJob,
    ImportProblem,
    ImportState,
    LedgerEvent,
    LedgerKind,
    OptOutList,
    OutgoingMessage,
    Reason,
    Source,
    WebhookDelivery,
    Workspace,
    default_list,
    live_entries,
)
from tests.factories import ASHA, LEENA, RAHUL, make_channel, make_list, opt_out
from tests.importing import (
    MARIA,
    counted,
    done,
    error_rows,
    file_of,
    imported,
    planned,
    undone,
    uploaded,
    work,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db
HOOK = "https://example.org/hook"


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _nothing_is_broken() -> Iterator[None]:
    """After each test everything holds that must hold in the data at any time."""
    yield
    broken = [found for found in invariants.check() if not found.holds]
    assert broken == []


@pytest.fixture
def hooked() -> OptOutList:
    row = make_list()
    row.webhook_url = HOOK
    row.save()
    return row


def numbers(count: int) -> list[str]:
    return [f"+1415555{index:04d}" for index in range(count)]


def addresses_on(listed: OptOutList | None = None) -> set[str]:
    found = live_entries().filter(list=listed or default_list())
    return set(found.values_list("address", flat=True))


def use_region(code: str) -> None:
    Workspace.load()
    Workspace.objects.update(default_region=code)


# Counting


def test_the_dry_run_tells_what_the_import_then_does() -> None:
    opt_out(RAHUL)
    rows = [ASHA, "0034 600-111-222", RAHUL, "tel:+34600111333", "nobody", LEENA]
    job = counted(file_of(rows))
    expected = {"added": 1, "already": 1, "duplicate": 2, "bad": 2, "marked": 6}
    assert planned(job) == expected
    assert addresses_on() == {RAHUL}
    imports.start(job, actor=MARIA)
    job.refresh_from_db()
    assert done(job) == {"added": 1, "already": 1, "duplicate": 2}
    assert addresses_on() == {ASHA, RAHUL}


def test_a_number_and_an_email_of_a_row_are_two_entries_and_one_post(hooked) -> None:
    job = imported(file_of([f"{ASHA};{LEENA}"], "Teléfono;Correo"), listed=hooked)
    assert done(job) == {"added": 2}
    assert addresses_on(hooked) == {ASHA, LEENA}
    body = WebhookDelivery.objects.get().body
    assert ASHA[1:] in body and LEENA in body


def test_a_bad_email_does_not_keep_the_number_out() -> None:
    job = imported(file_of([f"{ASHA};nobody@"], "number;email"))
    assert addresses_on() == {ASHA}
    [[row, wrong, *cells]] = error_rows(job)
    assert (row, cells) == ("2", [f"'{ASHA}", "nobody@"])
    assert "Email" in wrong and "The rest of the row was taken." in wrong


def test_a_number_of_two_readings_is_a_bad_row_that_names_both() -> None:
    use_region("DE")
    job = imported(file_of(["4915123456789", "030 123456"]))
    [[row, wrong, cell]] = error_rows(job)
    assert (row, cell) == ("2", "4915123456789")
    assert "+4915123456789 or +" in wrong or "or +4915123456789" in wrong
    assert addresses_on() == {"+4930123456"}


def test_only_marked_rows_are_added_where_a_column_marks_them() -> None:
    rows = [f"{ASHA},yes", f"{RAHUL},no", "+34600111444,2024-05-01", "+34600111555,"]
    job = imported(file_of(rows, "number,unsubscribed"))
    assert planned(job) == {"added": 2, "marked": 2, "unmarked": 2}
    assert addresses_on() == {ASHA, "+34600111444"}


def test_an_error_file_can_be_mended_and_imported_again() -> None:
    first = imported(file_of(["nobody;by phone"], "number;note"))
    lines = "".join(imports.error_lines(first)).replace("nobody", RAHUL)
    second = imported(lines.encode())
    assert done(second) == {"added": 1}
    entry = Entry.objects.get()
    assert (entry.address, entry.note) == (RAHUL, "by phone")


def test_the_error_file_runs_in_no_spreadsheet() -> None:
    job = counted(file_of(['"=HYPERLINK(1)"', '"@SUM(A1)"']))
    assert [row[2] for row in error_rows(job)] == ["'=HYPERLINK(1)", "'@SUM(A1)"]


def test_counting_again_with_other_columns_forgets_the_first_count() -> None:
    job = counted(file_of([f"{ASHA},x", "nobody,x"], "number,other"))
    imports.reopen(job)
    imports.count(job, job.mapping, Choices())
    assert planned(job) == {"added": 1, "bad": 1, "marked": 2}
    assert ImportProblem.objects.count() == 1


@pytest.mark.parametrize(
    "mapping", [{"number": ""}, {"number": "note"}, {"number": "email", "b": "email"}]
)
def test_columns_that_lead_nowhere_are_refused(mapping) -> None:
    job = uploaded(file_of([f"{ASHA},x"], "number,b"))
    with pytest.raises(ImportRefused):
        imports.count(job, mapping, Choices())
    job.refresh_from_db()
    assert job.state == ImportState.DRAFT


# What an imported entry is


def test_an_imported_entry_says_how_and_by_whom() -> None:
    imported(file_of([f"{ASHA};called us"], "phone;note"))
    entry = Entry.objects.get()
    assert (entry.source, entry.reason_code) == (Source.IMPORT, Reason.IMPORTED)
    assert (entry.actor_label, entry.note, entry.raw) == ("maria", "called us", ASHA)


def test_no_message_goes_to_anybody(sandbox_phone) -> None:
    imported(file_of(numbers(20)), channel_id=sandbox_phone.pk)
    assert live_entries().filter(channel=sandbox_phone).count() == 20
    assert not OutgoingMessage.objects.exists()


def test_a_chunk_is_one_event_of_the_ledger_that_names_its_entries() -> None:
    opt_out(ASHA)
    job = imported(file_of([*numbers(3), ASHA]))
    event = LedgerEvent.objects.get(kind=LedgerKind.IMPORTED)
    made = set(Entry.objects.filter(source=Source.IMPORT).values_list("pk", flat=True))
    assert set(event.facts["entries"]) == made
    assert len(event.facts["repeated"]) == 1
    assert (event.facts["import"], event.actor) == (job.pk, "maria")


def test_webhooks_are_paced(hooked) -> None:
    imported(file_of(numbers(21)), listed=hooked)
    due = list(WebhookDelivery.objects.order_by("id").values_list("next_at", flat=True))
    assert len(due) == 21
    assert due[-1] - due[0] >= timedelta(seconds=1)


def test_webhooks_are_left_out_where_that_is_chosen(hooked) -> None:
    imported(file_of(numbers(3)), listed=hooked, posts_webhooks=False)
    assert not WebhookDelivery.objects.exists()


def test_a_list_that_is_deleted_meanwhile_passes_its_rows_on(hooked) -> None:
    job = counted(file_of(numbers(2)), listed=hooked)
    OptOutList.objects.filter(pk=hooked.pk).update(
        state="archived", replaced_by=default_list(), archived_at=timezone.now()
    )
    imports.start(job, actor=MARIA)
    assert len(addresses_on()) == 2


# Crashes and races


class Crash(BaseException):
    """The worker is gone."""


def crash_at_the_second(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """The second call does its work, and the worker dies before the commit."""
    right = getattr(owner, name)
    calls = iter((False, True))

    def call(*args: Any, **more: Any) -> Any:
        result = right(*args, **more)
        if next(calls, False):
            raise Crash
        return result

    monkeypatch.setattr(owner, name, call)


def let_the_lease_end() -> None:
    ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_kinds, "CHUNK_ADDRESSES", 4)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("owner", "name"),
    [(entries, "enter_imported"), (import_work, "_hold")],
)
def test_a_crash_inside_a_chunk_adds_each_row_once(
    owner, name, hooked, monkeypatch
) -> None:
    job = counted(file_of([*numbers(10), *numbers(3)]), listed=hooked)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_at_the_second(patch, owner, name)
        imports.start(job, actor=MARIA)
    assert Entry.objects.count() == WebhookDelivery.objects.count() == 4
    let_the_lease_end()
    work()
    job.refresh_from_db()
    assert done(job) == {"added": 10, "duplicate": 3}
    assert Entry.objects.count() == WebhookDelivery.objects.count() == 10


@pytest.mark.usefixtures("small_chunks")
def test_a_crash_while_counting_counts_each_row_once(monkeypatch) -> None:
    job = uploaded(file_of([*numbers(10), "nobody"]))
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_at_the_second(patch, import_kinds, "keep_problems")
        imports.count(job, job.mapping, Choices())
    let_the_lease_end()
    work()
    job.refresh_from_db()
    assert planned(job) == {"added": 10, "bad": 1, "marked": 11}


@pytest.mark.usefixtures("small_chunks")
def test_a_crash_inside_an_undo_counts_each_entry_once(monkeypatch) -> None:
    job = imported(file_of(numbers(3)))
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_at_the_second(patch, import_work, "_hold")
        patch.setattr(lifts, "CHUNK", 1)
        imports.undo(job, actor=MARIA)
    let_the_lease_end()
    work()
    job.refresh_from_db()
    assert job.counts["undone"] == {"removed": 3, "kept": 0}


def test_a_worker_that_lost_its_lease_writes_nothing(monkeypatch) -> None:
    job = counted(file_of(numbers(3)))
    right = entries.enter_imported

    def overtaken(*args: Any, **more: Any) -> Any:
        ImportJob.objects.filter(pk=job.pk).update(attempt=99)
        return right(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(entries, "enter_imported", overtaken)
        imports.start(job, actor=MARIA)
    assert not Entry.objects.exists()


def test_a_second_start_changes_nothing() -> None:
    job = imported(file_of(numbers(3)))
    assert not imports.start(job, actor=MARIA)
    assert done(job) == {"added": 3}


def test_two_imports_of_one_file_add_up() -> None:
    first, second = (counted(file_of(numbers(5))) for _ in range(2))
    for job in (first, second):
        imports.start(job, actor=MARIA)
    assert done(first) == {"added": 5}
    assert done(second) == {"already": 5}
    assert Entry.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_add_up(hooked, monkeypatch) -> None:
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 0)
    monkeypatch.setattr(import_kinds, "CHUNK_ADDRESSES", 20)
    jobs = [counted(file_of(numbers(200)), listed=hooked) for _ in range(2)]
    for job in jobs:
        imports.start(job, actor=MARIA)
    at_once(work, 4)
    for job in jobs:
        job.refresh_from_db()
        assert sum(done(job).values()) == 200
    assert sum(done(job).get("added", 0) for job in jobs) == 200
    assert Entry.objects.count() == WebhookDelivery.objects.count() == 200


def test_a_file_that_is_gone_fails_and_says_so() -> None:
    job = counted(file_of(numbers(3)))
    job.file.storage.delete(str(job.file))
    imports.start(job, actor=MARIA)
    assert (job.state, "gone" in job.error) == (ImportState.FAILED, True)


def test_an_import_in_hand_does_not_keep_another_waiting(monkeypatch) -> None:
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 0)
    monkeypatch.setattr(import_work, "CHUNKS_A_TURN", 1)
    monkeypatch.setattr(import_kinds, "CHUNK_ADDRESSES", 2)
    large, small = uploaded(file_of(numbers(9))), uploaded(file_of(numbers(1)))
    for job in (large, small):
        imports.count(job, job.mapping, Choices())
    for _ in range(3):
        import_work.work_due()
    states = ImportJob.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [ImportState.COUNTING, ImportState.READY]


# Undo


def test_undo_ends_what_the_import_made_and_nothing_else() -> None:
    opt_out(ASHA)
    job = imported(file_of([ASHA, RAHUL, *numbers(3)]))
    assert undone(job) == {"removed": 4, "kept": 0}
    assert addresses_on() == {ASHA}
    assert job.state == ImportState.UNDONE


@pytest.mark.parametrize("asked", [{"reason": Reason.PERSON}, {"reason": Reason.STAFF}])
def test_undo_keeps_what_was_asked_for_again(asked) -> None:
    job = imported(file_of([ASHA, RAHUL]))
    opt_out(ASHA, **asked)
    assert undone(job) == {"removed": 1, "kept": 1}
    assert addresses_on() == {ASHA}


def test_undo_keeps_what_another_import_names_until_that_one_is_undone() -> None:
    first = imported(file_of([ASHA, RAHUL]))
    second = imported(file_of([ASHA]))
    assert undone(first) == {"removed": 1, "kept": 1}
    assert addresses_on() == {ASHA}
    assert undone(second) == {"removed": 1, "kept": 0}
    assert addresses_on() == set()


def test_undo_counts_what_was_removed_before_as_kept() -> None:
    job = imported(file_of([ASHA, RAHUL]))
    entry = Entry.objects.get(address=ASHA)
    lifts.lift([entry.pk], source=Source.PAGE, power=Power())
    assert undone(job) == {"removed": 1, "kept": 1}
    entry.refresh_from_db()
    assert entry.ended_source == Source.PAGE


def test_what_undo_posts_comes_after_what_the_import_posts(hooked) -> None:
    hooked.webhook_on_lift = True
    hooked.save()
    undone(imported(file_of(numbers(5)), listed=hooked))
    due = list(WebhookDelivery.objects.order_by("next_at").values_list("event", "body"))
    assert [event for event, _ in due] == ["opted_out"] * 5 + ["lifted"] * 5


def test_undo_of_a_silent_import_posts_nothing(hooked) -> None:
    hooked.webhook_on_lift = True
    hooked.save()
    undone(imported(file_of(numbers(5)), listed=hooked, posts_webhooks=False))
    assert not WebhookDelivery.objects.exists()


# Files


def stored_files() -> list[Path]:
    return list(Path(configured.MEDIA_ROOT).rglob("*.csv"))


def test_the_file_is_deleted_once_it_was_imported() -> None:
    job = counted(file_of(numbers(3)))
    assert len(stored_files()) == 1
    imports.start(job, actor=MARIA)
    assert stored_files() == []


def test_a_discarded_import_leaves_nothing() -> None:
    job = counted(file_of([*numbers(3), "nobody"]))
    imports.discard(job)
    work()
    assert stored_files() == []
    assert not ImportJob.objects.exists()
    assert not ImportProblem.objects.exists()


def test_a_draft_that_nobody_starts_is_forgotten() -> None:
    counted(file_of(numbers(3)))
    ImportJob.objects.update(created_at=timezone.now() - timedelta(days=8))
    imports.forget_old()
    work()
    assert not ImportJob.objects.exists()
    assert stored_files() == []


def test_what_has_begun_cannot_be_discarded() -> None:
    job = imported(file_of(numbers(3)))
    with pytest.raises(ImportRefused):
        imports.discard(job)


@pytest.fixture
def sandbox_phone() -> Any:
    return make_channel(900)
