"""Imports: a file is uploaded, its columns mapped, counted, carried out, undone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, BinaryIO

from django.contrib.auth.models import AnonymousUser, User
from django.core.files import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from optout import addresses, csv_tables, import_work, wake
from optout.actors import Actor
from optout.csv_files import Dialect
from optout.exports import csv_lines, safe_cell
from optout.import_kinds import KINDS, ImportRefused, Kind, kind_of
from optout.models import (
    ALL_CHANNELS,
    ImportJob,
    ImportState,
    OptOutList,
    Workspace,
)

# A file of this size is worked on while the page waits; a longer one by a worker.
ROWS_AT_ONCE = 500
FORGOTTEN_AFTER = timedelta(days=7)
ERROR_COLUMNS = ("row", "what is wrong")
_CHUNK = 2_000
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class Choices:
    """What is chosen beside the columns; a kind asks for some of it."""

    channel_id: int = ALL_CHANNELS
    posts_webhooks: bool = True
    adds_marked: bool = True
    overwrites: bool = False
    list_id: int | None = None

    def apply(self, job: ImportJob) -> None:
        job.channel_id = self.channel_id
        job.posts_webhooks = self.posts_webhooks
        job.adds_marked = self.adds_marked
        job.overwrites = self.overwrites
        job.list_id = self.list_id or job.list_id


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody gave it."""

    file: BinaryIO
    name: str = field(default="import.csv")


def create(
    kind: Kind,
    upload: Upload,
    *,
    opt_out_list: OptOutList,
    target_id: int | None = None,
    actor: Actor,
) -> ImportJob:
    """Keep a file as a draft, its columns guessed; raises BadFile naming what is wrong.

    The file is read through to its end first. Nothing is kept of one that is refused.
    """
    region = Workspace.load().region
    table = csv_tables.read(upload.file)
    job = ImportJob(
        kind=kind.name,
        file_name=upload.name[:200],
        encoding=table.dialect.encoding,
        delimiter=table.dialect.delimiter,
        headers=table.headers,
        columns=table.columns,
        mapping=kind.guess(table, region=region),
        row_count=table.row_count,
        list=opt_out_list,
        target_id=target_id,
        created_by_id=actor.user_id,
        created_label=actor.label,
    )
    upload.file.seek(0)
    job.file.save("import.csv", File(upload.file), save=False)
    job.save()
    return job


def sample(job: ImportJob, *, limit: int) -> list[list[str]]:
    """The first rows of the file, a cell for each column; none once it is deleted."""
    if not job.file:
        return []
    dialect = Dialect(job.encoding, job.delimiter)
    with import_work.open_file(job) as file:
        rows = csv_tables.first_rows(file, dialect, job.columns, limit=limit)
    return [[row.get(name, "") for name in job.columns] for row in rows]


# Steps


def _change(job: ImportJob, change: Callable[[ImportJob], None]) -> None:
    """Change a job under its lock; a worker that has it in hand loses it."""
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        change(row)
        row.attempt += 1
        row.lease_until = None
        row.save()
    job.refresh_from_db()


def _begin(row: ImportJob, state: ImportState) -> None:
    row.state = state
    row.part = row.position = 0
    row.error = ""


def _go_on(job: ImportJob) -> None:
    """A small file at once, a large one by a worker."""
    if job.row_count <= ROWS_AT_ONCE:
        import_work.work_on(job)
        job.refresh_from_db()
    else:
        wake.hint(wake.WORK_IMPORTS)


def count(job: ImportJob, mapping: Mapping[str, str], choices: Choices) -> None:
    """Say what the columns mean, and count what would come of it. Changes no entry.

    Raises ImportRefused for columns that lead nowhere, and `started` for a job that
    runs or has run.
    """
    kind = kind_of(job)
    kind.check(mapping)
    region = Workspace.load().region

    def change(row: ImportJob) -> None:
        _require_changeable(row)
        row.mapping = {name: mapping.get(name, "") for name in row.columns}
        row.region = region or ""
        choices.apply(row)
        row.counts = {}
        _begin(row, ImportState.COUNTING)

    _change(job, change)
    _go_on(job)


def _require_changeable(row: ImportJob) -> None:
    if not row.is_changeable:
        raise ImportRefused("started", "This import cannot be changed any more.")


def reopen(job: ImportJob) -> None:
    """Back to the columns; what was counted does not count any more."""

    def change(row: ImportJob) -> None:
        if row.state != ImportState.COUNTING:
            _require_changeable(row)
        _begin(row, ImportState.DRAFT)

    _change(job, change)


def start(job: ImportJob, *, actor: Actor) -> bool:
    """Carry it out; False when that was begun before. Raises ImportRefused."""
    begun = False

    def change(row: ImportJob) -> None:
        nonlocal begun
        if row.was_started:
            return
        if row.state != ImportState.READY:
            raise ImportRefused("not_counted", "Wait until the rows are counted.")
        _begin(row, ImportState.RUNNING)
        row.started_by_id, row.started_label = actor.user_id, actor.label
        row.started_at = timezone.now()
        begun = True

    _change(job, change)
    if begun:
        _go_on(job)
    return begun


def discard(job: ImportJob) -> None:
    """Forget a draft and its file. Raises ImportRefused for one that was started."""

    def change(row: ImportJob) -> None:
        if row.was_started:
            raise ImportRefused("started", "This import has begun: undo it instead.")
        _begin(row, ImportState.CLEARING)

    _change(job, change)
    wake.hint(wake.WORK_IMPORTS)


def undo(job: ImportJob, *, actor: Actor) -> bool:
    """End the entries that this import made; False when there is nothing to undo.

    Entries that were there before stay, and so does what anybody asked for again.
    """
    begun = False

    def change(row: ImportJob) -> None:
        nonlocal begun
        if not can_be_undone(row):
            return
        _begin(row, ImportState.UNDOING)
        row.undone_label = actor.label
        row.undone_by_id = actor.user_id
        begun = True

    _change(job, change)
    if begun:
        _go_on(job)
    return begun


def can_be_undone(job: ImportJob) -> bool:
    """Whether the import is over and has made entries."""
    is_over = job.state in (ImportState.DONE, ImportState.FAILED)
    return is_over and job.keys.filter(entry_id__isnull=False).exists()


def forget_old() -> None:
    """Discard what nobody has started within a week, and files nobody needs any more.

    The files hold addresses.
    """
    old = timezone.now() - FORGOTTEN_AFTER
    drafts = ImportJob.objects.filter(started_at=None, created_at__lt=old)
    drafts.exclude(state=ImportState.CLEARING).update(
        state=ImportState.CLEARING, lease_until=None, part=0, position=0
    )
    over = (ImportState.DONE, ImportState.FAILED, ImportState.UNDONE)
    for job in ImportJob.objects.filter(state__in=over).exclude(file="")[:_MOST_FILES]:
        import_work.delete_file(job)


# What pages show


def shown() -> QuerySet[ImportJob]:
    """Imports that people may see, newest first."""
    found = ImportJob.objects.exclude(state=ImportState.CLEARING)
    return found.select_related("list", "channel")


def running(opt_out_list: OptOutList) -> list[ImportJob]:
    """The imports that add to this list, or are being undone, just now."""
    states = (ImportState.RUNNING, ImportState.UNDOING)
    return list(shown().filter(list=opt_out_list, state__in=states))


def visible_kinds(user: User | AnonymousUser) -> list[str]:
    """The kinds of import that this user may do, and see."""
    return [kind.name for kind in KINDS.values() if user.has_perms(kind.permissions)]


def progress(job: ImportJob) -> tuple[int, int]:
    """How far the present pass is: rows done, and rows in all."""
    if job.state == ImportState.UNDOING:
        undone = job.counts.get("undone", {})
        return sum(undone.values()), job.tally("done", "entries").get("added", 0)
    parts = len(kind_of(job).parts(job))
    return job.row_count * job.part + job.position, job.row_count * parts


def error_lines(job: ImportJob, *, masked: bool = False) -> Iterator[str]:
    """The error file: row, what is wrong, and the row's cells as they were.

    Mended, it can be imported again. `masked` hides what looks like an address.
    """
    columns = [*ERROR_COLUMNS, *map(safe_cell, job.headers)]
    return csv_lines(
        columns, _error_rows(job, addresses.masked_within if masked else str)
    )


def _error_rows(job: ImportJob, seen: Callable[[str], str]) -> Iterator[list[str]]:
    after = 0
    while chunk := list(job.problems.filter(pk__gt=after)[:_CHUNK]):
        for problem in chunk:
            cells: list[Any] = [seen(problem.message), *map(seen, problem.cells)]
            yield [str(problem.row), *map(safe_cell, cells)]
        after = chunk[-1].pk
