"""Turning an audience into queued recipients: in chunks, leased, resumable."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from broadcaster import audiences, broadcasts, readiness, sources
from broadcaster.audiences import Layout, Left
from broadcaster.broadcasts import BroadcastError
from broadcaster.contact_audiences import AudienceError
from broadcaster.models import Broadcast, Stage, all_broadcasts
from broadcaster.sources import Source
from optout import outbox, selected_rows, wake
from optout.actors import Actor
from optout.addresses import AddressKind
from optout.csv_files import BadFile
from optout.models import BatchState, Content, Workspace
from optout.outbox import Recipient
from optout.selected_rows import Selected

logger = logging.getLogger(__name__)

# SQLite has one writer, whom an opt-out must not wait for. PostgreSQL has many, and
# what a chunk costs besides its rows is lost among 5,000.
CHUNK_ROWS = 5_000 if connection.vendor == "postgresql" else 500
LEASE = timedelta(seconds=60)
# So many are prepared while the page waits; a longer audience by a worker.
ROWS_AT_ONCE = 5_000
PREPARE_BROADCASTS = "broadcaster.tasks.prepare_broadcasts"


class LeaseLost(Exception):
    """The draft was changed meanwhile, or another worker has it: nothing is written."""


def prepare(broadcast: Broadcast) -> None:
    """Begin reading the audience; a small one is read before this returns.

    A repeat while it is being read, or once it is ready, changes nothing. Raises
    BroadcastError with the first problem that stands against it.
    """
    if wrong := readiness.problems(broadcast):
        raise BroadcastError(wrong[0].code, wrong[0].message)
    if _begin(broadcast):
        broadcast.refresh_from_db()
        if broadcast.row_count <= ROWS_AT_ONCE:
            _prepare_one(broadcast.pk)
        else:
            wake.hint(PREPARE_BROADCASTS)
    broadcast.refresh_from_db()


def _begin(broadcast: Broadcast) -> bool:
    """Freeze the words and let a worker claim the draft; False if that was done."""
    source = sources.of(broadcast)
    row_count = source.rows().count() if source else broadcast.row_count
    with transaction.atomic():
        row = broadcasts.locked(broadcast)
        if not row.is_editable or row.stage != Stage.DRAFT:
            return False
        broadcasts.unprepare(row)
        row.stage = Stage.PREPARING
        row.row_count = row_count
        row.content = Content.objects.create(
            subject=row.subject, text=row.text, html=row.html
        )
        row.save()
    return True


def launch(broadcast: Broadcast, *, actor: Actor) -> bool:
    """Prepare what is not prepared, then launch: at once, or when it is ready."""
    if broadcast.is_editable:
        prepare(broadcast)
    return broadcasts.launch(broadcast, actor=actor)


def prepare_due() -> int:
    """Read each audience that waits for it, launch what waited for that; how many."""
    done = 0
    while found := _due().first():
        done += 1
        _prepare_one(found.pk)
    for row in all_broadcasts().filter(
        stage=Stage.READY, launch_when_ready=True, batch__state=BatchState.DRAFT
    ):
        _launch(row)
    return done


def _due() -> QuerySet[Broadcast]:
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    return Broadcast.objects.filter(free, stage=Stage.PREPARING).order_by("id")


def _prepare_one(pk: int) -> None:
    row = _claim(pk)
    if row is None:
        return
    try:
        _forget_recipients(row)
        _put_recipients(row)
    except LeaseLost:
        logger.info("Broadcast %s was changed, or is prepared elsewhere", pk)
    except (AudienceError, BadFile, OSError) as error:
        _give_up(row, str(error))
    else:
        row.refresh_from_db()
        if row.launch_when_ready:
            _launch(row)


def _claim(pk: int) -> Broadcast | None:
    until = timezone.now() + LEASE
    claimed = _due().filter(pk=pk).update(attempt=F("attempt") + 1, lease_until=until)
    return all_broadcasts().get(pk=pk) if claimed else None


def _hold(row: Broadcast, **changes: object) -> None:
    """Renew the lease and write progress, in the transaction of what was done.

    Asks for columns of the row alone: PostgreSQL checks them again after waiting for
    whoever changed the row meanwhile.
    """
    held = Broadcast.objects.filter(
        pk=row.pk, attempt=row.attempt, stage=Stage.PREPARING
    ).update(lease_until=timezone.now() + LEASE, **changes)
    if not held:
        raise LeaseLost


def _forget_recipients(row: Broadcast) -> None:
    """Drop what an earlier preparation put, unless this one goes on after a crash."""
    forgotten = not (row.rows_read or row.last_id)
    while forgotten:
        with transaction.atomic():
            _hold(row)
            forgotten = bool(outbox.empty(row.batch, limit=CHUNK_ROWS))


def _put_recipients(row: Broadcast) -> None:
    if source := sources.of(row):
        _put_from_rows(row, source)
    else:
        _put_from_file(row)
    _finish(row)


# From a file


def _put_from_file(row: Broadcast) -> None:
    dialect = broadcasts.dialect_of(row)
    with broadcasts.open_recipients(row) as file:
        rows = audiences.read_rows(file, dialect, layout_of(row), skip=row.rows_read)
        with closing(rows):
            while chunk := list(islice(rows, CHUNK_ROWS)):
                _put_chunk(row, chunk)


def layout_of(row: Broadcast) -> Layout:
    """How the rows of this broadcast's file become recipients."""
    return Layout(
        columns=row.columns,
        mapping=row.mapping,
        kind=AddressKind(row.channel.address_kind),
        region=Workspace.load().region,
        names=readiness.variable_names(row),
    )


def _put_chunk(row: Broadcast, chunk: Sequence[Recipient | Left]) -> None:
    left = [item for item in chunk if isinstance(item, Left)]
    marked = sum(item.is_marked for item in left)
    with transaction.atomic():
        _hold(
            row,
            rows_read=F("rows_read") + len(chunk),
            rows_invalid=F("rows_invalid") + len(left) - marked,
            rows_marked=F("rows_marked") + marked,
        )
        assert row.content is not None  # noqa: S101 (frozen when preparing began)
        outbox.put_many(row.batch, row.content, _recipients(chunk))


def _recipients(chunk: Iterable[Recipient | Left]) -> list[Recipient]:
    return [item for item in chunk if isinstance(item, Recipient)]


# From contacts and other broadcasts


def _put_from_rows(row: Broadcast, source: Source) -> None:
    """One statement a chunk. Raises AudienceError for what went in the meantime."""
    names = readiness.variable_names(row)
    for ids, last_id in _chunks(source, after=row.last_id):
        with transaction.atomic():
            put = _put_rows(row, source.of_ids(ids, names)) if ids else 0
            _hold(
                row,
                last_id=last_id,
                rows_read=F("rows_read") + len(ids),
                rows_invalid=F("rows_invalid") + len(ids) - put,
            )
    if gone := source.problems():
        raise AudienceError("gone", gone[0])


def _put_rows(row: Broadcast, selected: Selected) -> int:
    assert row.content is not None  # noqa: S101 (frozen when preparing began)
    return selected_rows.put(row.batch, row.content, selected)


def _chunks(source: Source, *, after: int) -> Iterator[tuple[list[int], int]]:
    """Ids that were not walked through yet, and up to which id the walk then came.

    Each question is for a range of ids, so that no plan reads more than it, however
    the rows are chosen; where few are found the next range is longer.
    """
    first, last = source.span()
    after, width = max(after, first), CHUNK_ROWS
    while after < last:
        upto = min(after + width, last)
        ids = source.ids(after, upto, limit=CHUNK_ROWS)
        after = ids[-1] if len(ids) == CHUNK_ROWS else upto
        yield ids, after
        width *= 2 if len(ids) * 2 < CHUNK_ROWS else 1


def _finish(row: Broadcast) -> None:
    """Ready: what is neither invalid nor marked nor queued was there twice."""
    queued = row.batch.messages.count()
    used = F("rows_read") - F("rows_invalid") - F("rows_marked")
    with transaction.atomic():
        _hold(
            row,
            stage=Stage.READY,
            rows_duplicate=used - queued,
            row_count=F("rows_read"),
        )


def _give_up(row: Broadcast, message: str) -> None:
    """A draft again, with the reason: the file changed or went since it was read."""
    Broadcast.objects.filter(pk=row.pk, attempt=row.attempt).update(
        stage=Stage.DRAFT, launch_when_ready=False, error=message[:300]
    )


def _launch(row: Broadcast) -> None:
    try:
        broadcasts.launch(row, actor=Actor(label=row.launched_label))
    except BroadcastError as error:
        Broadcast.objects.filter(pk=row.pk, stage=Stage.READY).update(
            launch_when_ready=False, error=error.message[:300]
        )
