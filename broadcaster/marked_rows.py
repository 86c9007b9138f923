"""Rows of a file that are marked as opted out elsewhere: a list may take them."""

from collections.abc import Iterator
from contextlib import closing

from broadcaster import audiences, broadcasts, preparing
from broadcaster.audiences import Left
from broadcaster.broadcasts import BroadcastError
from broadcaster.models import Broadcast, Stage
from optout import imports
from optout.actors import Actor
from optout.import_kinds import KINDS
from optout.imports import Choices, Upload
from optout.models import ImportJob, ImportState, OptOutList

_CAME_TO_NOTHING = {ImportState.FAILED, ImportState.UNDONE, ImportState.CLEARING}


def import_of(broadcast: Broadcast) -> ImportJob | None:
    """The import that took the marked rows; None before, and once it is undone."""
    job = broadcast.marked_import
    return job if job and job.state not in _CAME_TO_NOTHING else None


def can_be_added(broadcast: Broadcast) -> bool:
    """Whether there are marked rows that no list took yet."""
    is_read = broadcast.stage == Stage.READY and broadcast.rows_marked
    return bool(is_read) and import_of(broadcast) is None


def add_to_list(
    broadcast: Broadcast, opt_out_list: OptOutList, *, actor: Actor
) -> ImportJob:
    """Opt the marked people out of a list, on all channels, by an import of them alone.

    A few are added before this returns; many are counted by a worker, and the import's
    page starts it. A repeat gives the import that was begun. Raises BroadcastError
    `no_marked_rows`.
    """
    if begun := import_of(broadcast):
        return begun
    if not can_be_added(broadcast):
        raise BroadcastError("no_marked_rows", "No row of the file is marked.")
    job = _draft(broadcast, opt_out_list, actor)
    if not _claim(broadcast, job):
        imports.discard(job)
        broadcast.refresh_from_db()
        return add_to_list(broadcast, opt_out_list, actor=actor)
    imports.count(job, job.mapping, Choices())
    if job.state == ImportState.READY:
        imports.start(job, actor=actor)
    return job


def _claim(broadcast: Broadcast, job: ImportJob) -> bool:
    """Let this import be the one; False where another was quicker."""
    before = broadcast.marked_import_id
    row = Broadcast.objects.filter(pk=broadcast.pk, attempt=broadcast.attempt)
    claimed = row.filter(marked_import=before).update(marked_import=job)
    broadcast.marked_import = job
    return bool(claimed)


def _draft(broadcast: Broadcast, opt_out_list: OptOutList, actor: Actor) -> ImportJob:
    role = audiences.role_for(broadcast.channel.address_kind)
    file = audiences.rows_file({role: raw} for raw in _marked(broadcast))
    upload = Upload(file, f"Marked rows of {broadcast.file_name}")
    return imports.create(
        KINDS["entries"], upload, opt_out_list=opt_out_list, actor=actor
    )


def _marked(broadcast: Broadcast) -> Iterator[str]:
    """The addresses of the marked rows, as they are written."""
    layout, dialect = preparing.layout_of(broadcast), broadcasts.dialect_of(broadcast)
    with (
        broadcasts.open_recipients(broadcast) as file,
        closing(audiences.read_rows(file, dialect, layout)) as rows,
    ):
        for row in rows:
            if isinstance(row, Left) and row.is_marked:
                yield row.raw
