"""The work of imports: chunk by chunk, leased, going on exactly where it stopped."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import islice
from typing import BinaryIO, cast

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from optout import barrier, gate, import_undo
from optout.csv_files import BadFile, Dialect, Record, records
from optout.import_kinds import Part, kind_of
from optout.models import MOVING, ImportedKey, ImportJob, ImportProblem, ImportState
from optout.refusals import Refused
from optout.stopping import stopping

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)  # a chunk takes seconds
CHUNKS_A_TURN = 100  # then another import has its turn
CLEAR_ROWS = 500
PLANNED, DONE = "planned", "done"  # the two ways through a file
GONE = "The file is gone from the server. Upload it again."


class LeaseLost(Exception):
    """The job was changed meanwhile, or another worker has it: nothing is written."""


def work_due() -> bool:
    """Take the import that waited longest one turn further; False when none waits."""
    waiting = _waiting().order_by(F("claimed_at").asc(nulls_first=True), "id")
    pk = waiting.values_list("pk", flat=True).first()
    if pk is None:
        return False
    _take_turn(pk)
    return True


def work_on(job: ImportJob) -> None:
    """Work off one import before this returns, unless a worker has it."""
    while _waiting().filter(pk=job.pk).exists():
        _take_turn(job.pk)


def _waiting() -> QuerySet[ImportJob]:
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    return ImportJob.objects.filter(free, state__in=MOVING)


def _take_turn(pk: int) -> None:
    job = _claim(pk)
    if job is None:
        return
    try:
        is_through = _WORK[ImportState(job.state)](job)
    except LeaseLost:
        logger.info("Import %s was changed, or is worked on elsewhere", pk)
    except (BadFile, Refused) as error:
        _give_up(job, error.message)
    except FileNotFoundError:
        _give_up(job, GONE)
    else:
        if not is_through:
            _mine(job).update(lease_until=None)


def _claim(pk: int) -> ImportJob | None:
    now = timezone.now()
    claimed = (
        _waiting()
        .filter(pk=pk)
        .update(attempt=F("attempt") + 1, lease_until=now + LEASE, claimed_at=now)
    )
    if not claimed:
        return None
    return ImportJob.objects.select_related("list").get(pk=pk)


def _mine(job: ImportJob) -> QuerySet[ImportJob]:
    return ImportJob.objects.filter(pk=job.pk, attempt=job.attempt, state=job.state)


def _hold(job: ImportJob, **changes: object) -> None:
    """Renew the lease and write progress, in the transaction of what was done."""
    values = {"lease_until": timezone.now() + LEASE, **changes}
    if not _mine(job).update(**values):
        raise LeaseLost
    for name, value in changes.items():
        setattr(job, name, value)


def _give_up(job: ImportJob, message: str) -> None:
    """What was done stays done and can be undone."""
    _mine(job).update(
        state=ImportState.FAILED,
        error=message[:300],
        lease_until=None,
        finished_at=timezone.now(),
    )


# Through the file


@contextmanager
def open_file(job: ImportJob) -> Iterator[BinaryIO]:
    """The uploaded file from its beginning, as bytes."""
    with job.file.storage.open(str(job.file)) as stored:
        yield cast(BinaryIO, stored.file)


def _count(job: ImportJob) -> bool:
    """Count what would be done; what an earlier count has noted is forgotten first."""
    if not job.part and not job.position:
        _forget(job)
    if not _go_through(job, PLANNED):
        return False
    with transaction.atomic():
        _hold(job, state=ImportState.READY, lease_until=None)
    return True


def _run(job: ImportJob) -> bool:
    gate.require_our_key()
    if not _go_through(job, DONE):
        return False
    _finish(job, ImportState.DONE)
    delete_file(job)
    return True


def delete_file(job: ImportJob) -> None:
    """Delete the uploaded file; a repeat finds nothing."""
    job.file.storage.delete(str(job.file))
    ImportJob.objects.filter(pk=job.pk).update(file="")


def _finish(job: ImportJob, state: ImportState) -> None:
    now = timezone.now()
    with transaction.atomic():
        _hold(job, state=state, lease_until=None, finished_at=now)


def _go_through(job: ImportJob, phase: str) -> bool:
    """Do what is left of each part; False when the turn ends before the file does."""
    left = CHUNKS_A_TURN
    parts = kind_of(job).parts(job)
    while job.part < len(parts):
        part = parts[job.part]
        for chunk in _chunks(job, part.chunk_rows):
            if not left or stopping.is_set():
                return False
            _do_chunk(job, part, chunk, phase)
            left -= 1
        with transaction.atomic():
            _hold(job, part=job.part + 1, position=0)
    return True


def _chunks(job: ImportJob, size: int) -> Iterator[list[Record]]:
    dialect = Dialect(job.encoding, job.delimiter)
    with open_file(job) as file, closing(records(file, dialect)) as rows:
        left = islice(rows, 1 + job.position, None)
        while chunk := list(islice(left, size)):
            yield chunk


def _do_chunk(job: ImportJob, part: Part, chunk: Sequence[Record], phase: str) -> None:
    """The rows and how far we are, in one transaction."""
    with transaction.atomic(durable=True):
        take = part.plan if phase == PLANNED else part.carry_out
        done = take(job, chunk)
        job.add_to_tally(phase, part.name, done.tally)
        _hold(
            job,
            position=job.position + len(chunk),
            counts=job.counts,
            webhooks_until=job.webhooks_until,
        )
    barrier.wait_for_sends(done.keys)


# Back again


def _undo(job: ImportJob) -> bool:
    for _ in range(CHUNKS_A_TURN):
        if stopping.is_set():
            return False
        chunk = import_undo.next_chunk(job)
        if not chunk:
            _finish(job, ImportState.UNDONE)
            return True
        undone = import_undo.end(job, chunk)
        for name, number in undone.items():
            counts = job.counts.setdefault("undone", {})
            counts[name] = counts.get(name, 0) + number
        with transaction.atomic():
            _hold(job, position=chunk[-1].pk, counts=job.counts)
    return False


def _forget(job: ImportJob) -> None:
    """Drop what was noted of the file, in short transactions."""
    for model in (ImportedKey, ImportProblem):
        rows = model.objects.filter(job=job).order_by("pk")
        while ids := list(rows.values_list("pk", flat=True)[:CLEAR_ROWS]):
            with transaction.atomic():
                _hold(job)
                model.objects.filter(pk__in=ids).delete()


def _clear(job: ImportJob) -> bool:
    _forget(job)
    if not _mine(job).delete()[0]:
        raise LeaseLost
    job.file.storage.delete(str(job.file))
    return True


_WORK: dict[ImportState, Callable[[ImportJob], bool]] = {
    ImportState.COUNTING: _count,
    ImportState.RUNNING: _run,
    ImportState.UNDOING: _undo,
    ImportState.CLEARING: _clear,
}
