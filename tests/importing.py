"""A file on its way into the tables: uploaded, counted, carried out."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

from optout import import_work, imports
from optout.actors import Actor
from optout.import_kinds import KINDS
from optout.imports import Choices, Upload
from optout.models import ImportJob, OptOutList, default_list

MARIA = Actor(label="maria")


def file_of(rows: Sequence[str], header: str = "number") -> bytes:
    """A CSV file of these lines."""
    return "\n".join([header, *rows]).encode()


def uploaded(
    data: bytes, *, kind: str = "entries", listed: OptOutList | None = None
) -> ImportJob:
    """A draft with its columns as they are guessed."""
    return imports.create(
        KINDS[kind],
        Upload(BytesIO(data), "people.csv"),
        opt_out_list=listed or default_list(),
        actor=MARIA,
    )


def work() -> None:
    """What a worker does."""
    while import_work.work_due():
        pass


def counted(data: bytes, *, kind: str = "entries", **choices: Any) -> ImportJob:
    """A job that waits for its start."""
    job = uploaded(data, kind=kind, listed=choices.pop("listed", None))
    imports.count(job, choices.pop("mapping", job.mapping), Choices(**choices))
    work()
    job.refresh_from_db()
    return job


def imported(data: bytes, *, kind: str = "entries", **choices: Any) -> ImportJob:
    """A job that has run to its end."""
    job = counted(data, kind=kind, **choices)
    imports.start(job, actor=MARIA)
    work()
    job.refresh_from_db()
    return job


def undone(job: ImportJob) -> dict[str, int]:
    """Undo a job; what that came to."""
    imports.undo(job, actor=MARIA)
    work()
    job.refresh_from_db()
    found: dict[str, int] = job.counts.get("undone", {})
    return found


def planned(job: ImportJob, part: str = "entries") -> dict[str, int]:
    return _without_zeros(job.tally("planned", part))


def done(job: ImportJob, part: str = "entries") -> dict[str, int]:
    return _without_zeros(job.tally("done", part))


def _without_zeros(tally: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in tally.items() if number}


def error_rows(job: ImportJob) -> list[list[str]]:
    """The error file without its header."""
    text = "".join(imports.error_lines(job)).removeprefix("\ufeff")
    return list(csv.reader(StringIO(text)))[1:]
