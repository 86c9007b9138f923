"""What can be imported: each floor registers its kinds, as it does its actions."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from optout.csv_files import Record
from optout.csv_tables import Table
from optout.import_rows import Role
from optout.models import ImportedKey, ImportJob, ImportProblem
from optout.refusals import Refused

CHUNK_ADDRESSES = 500


class ImportRefused(Refused):
    """A wish that an import's state or columns refuse; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a chunk came to, and the addresses whose sends are to be waited for."""

    tally: dict[str, int]
    keys: Collection[UUID] = field(default=())


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of an import, as a tile shows it."""

    label: str
    number: int
    tone: str = ""
    note: str = ""


class Part(ABC):
    """One way through the file. Both passes run inside the transaction of a chunk."""

    name: ClassVar[str]
    label: ClassVar[str]
    chunk_rows: int = CHUNK_ADDRESSES

    @abstractmethod
    def plan(self, job: ImportJob, records: Sequence[Record]) -> Done:
        """Count what would come of these rows, keeping their problems."""

    @abstractmethod
    def carry_out(self, job: ImportJob, records: Sequence[Record]) -> Done:
        """Do it."""


class Kind(ABC):
    """One kind of import.

    `main_part` is the one whose numbers stand in a table of imports; `asks` names the
    choices that are offered beyond columns; `about` tells on the first page what is
    done with the rows, `stays` what of it an undo leaves.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    main_part: ClassVar[str]
    permissions: ClassVar[tuple[str, ...]]
    asks: ClassVar[frozenset[str]]
    about: ClassVar[str] = ""
    stays: ClassVar[str] = ""

    @abstractmethod
    def roles(self) -> list[tuple[str, str]]:
        """What a column may be for, as choices."""

    @abstractmethod
    def guess(self, table: Table, *, region: str | None) -> dict[str, str]:
        """What the columns of a file seem to be for."""

    @abstractmethod
    def check(self, mapping: Mapping[str, str]) -> None:
        """Raise ImportRefused for columns that lead nowhere."""

    @abstractmethod
    def parts(self, job: ImportJob) -> list[Part]:
        """What is to be done, in order."""

    @abstractmethod
    def figures(self, job: ImportJob, phase: str) -> list[Figure]:
        """What would come of it (`planned`), or what has (`done`)."""

    @abstractmethod
    def upload_url(self, job: ImportJob) -> str:
        """The page where the next file of this kind is uploaded."""

    @abstractmethod
    def result_url(self, job: ImportJob) -> tuple[str, str]:
        """Where what came of it is seen: the page's name and URL."""


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Offer a kind of import. A second one of the name is an error."""
    if kind.name in KINDS:
        raise ValueError(f"There is a kind of import {kind.name} already.")
    KINDS[kind.name] = kind


def kind_of(job: ImportJob) -> Kind:
    """The kind that a job was made for."""
    return KINDS[job.kind]


# What kinds and parts share


def entry_figures(job: ImportJob, phase: str) -> list[Figure]:
    """What the rows are to the list; a row with a number and an email counts twice."""
    tally = job.tally(phase, "entries")
    label = "Added" if phase == "done" else "To be added"
    is_both = len({Role.NUMBER, Role.EMAIL} & set(job.mapping.values())) > 1
    return [
        Figure(
            label,
            tally.get("added", 0),
            "ok",
            note="numbers and emails" if is_both else "",
        ),
        Figure("Already on the list", tally.get("already", 0)),
        Figure("Duplicate", tally.get("duplicate", 0)),
    ]


def bad_rows(job: ImportJob, part: str) -> Figure:
    """The rows of the error file."""
    return Figure("Bad rows", job.tally("planned", part).get("bad", 0), "danger")


def require_address_column(mapping: Mapping[str, str]) -> None:
    """Raise ImportRefused where no column holds numbers or emails."""
    if not {Role.NUMBER, Role.EMAIL} & set(mapping.values()):
        raise ImportRefused(
            "no_address_column", "Choose the column that holds the number or the email."
        )


def stage(job: ImportJob, part: str, rows: Mapping[UUID, int]) -> set[UUID]:
    """Note the first row of each address; the addresses not seen in a row before."""
    seen = set(
        ImportedKey.objects.filter(job=job, part=part, key__in=rows).values_list(
            "key", flat=True
        )
    )
    fresh = {key: row for key, row in rows.items() if key not in seen}
    ImportedKey.objects.bulk_create(
        ImportedKey(job=job, part=part, key=key, row=row) for key, row in fresh.items()
    )
    return set(fresh)


def first_rows(job: ImportJob, part: str, keys: Collection[UUID]) -> dict[UUID, int]:
    """The first row of each of these addresses, as the dry run has noted it."""
    rows = ImportedKey.objects.filter(job=job, part=part, key__in=keys)
    return dict(rows.values_list("key", "row"))


def keep_problems(
    job: ImportJob, found: Sequence[tuple[int, Sequence[str], str]]
) -> None:
    """Keep rows for the error file: number, cells, and what is wrong."""
    ImportProblem.objects.bulk_create(
        ImportProblem(job=job, row=number, cells=list(cells), message=message[:500])
        for number, cells, message in found
    )
