"""Rows of an import: what each column is for, and what a row says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import TextChoices

from optout import addresses, column_names, csv_tables
from optout.addresses import Address, AddressKind, InvalidAddress
from optout.csv_files import Record
from optout.csv_tables import Table, cells_of, has_extra_cells
from optout.exports import plain_cell
from optout.models import ImportJob

WHOLE = "The rest of the row was taken."
TOO_MANY_CELLS = "This row has more cells than the header."
NO_ADDRESS = "There is no number and no email in this row."


class Role(TextChoices):
    """What a column of an import is for; other floors know roles beyond these."""

    IGNORED = "", "Not used"
    NUMBER = "number", "Number"
    EMAIL = "email", "Email"
    OPTED_OUT = "opted_out", "Opted out"
    NOTE = "note", "Note"


ADDRESS_KINDS: Mapping[str, AddressKind] = {
    Role.NUMBER: AddressKind.PHONE,
    Role.EMAIL: AddressKind.EMAIL,
}
_NOTE = """
    note notes comment comments remark remarks reason nota notas observaciones
    commentaire remarque notiz bemerkung kommentar opmerking
"""
_NOTE_NAMES = frozenset(_NOTE.split())


def guess(table: Table, *, region: str | None) -> dict[str, str]:
    """The role of each column, by its name, else by the addresses that stand in it."""
    roles = {
        name: _role(header)
        for name, header in zip(table.columns, table.headers, strict=True)
    }
    for role, kind in ADDRESS_KINDS.items():
        if role in roles.values():
            continue
        found = table.column_of(kind, region=region)
        if found and roles[found] == Role.IGNORED:
            roles[found] = role
    return roles


def _role(header: str) -> str:
    if column_names.names_number(header):
        return Role.NUMBER
    if column_names.names_email(header):
        return Role.EMAIL
    if column_names.names_opted_out(header):
        return Role.OPTED_OUT
    return Role.NOTE if column_names.plain(header) in _NOTE_NAMES else Role.IGNORED


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was understood; `problem` tells what of it was not."""

    number: int
    cells: Sequence[str]
    values: Mapping[str, str]
    addresses: tuple[Address, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Layout:
    """What the columns of a file mean; `region` is the one it was counted with."""

    columns: Sequence[str]
    mapping: Mapping[str, str]
    region: str | None = None

    @classmethod
    def of(cls, job: ImportJob) -> "Layout":
        return cls(job.columns, job.mapping, job.region or None)

    @cached_property
    def by_role(self) -> dict[str, list[str]]:
        """The columns of each role, from left to right."""
        found: dict[str, list[str]] = {}
        for name in self.columns:
            found.setdefault(self.mapping.get(name, ""), []).append(name)
        return found

    def columns_of(self, role: str) -> list[str]:
        return self.by_role.get(role, [])

    @cached_property
    def address_columns(self) -> list[tuple[str, AddressKind]]:
        return [
            (name, kind)
            for role, kind in ADDRESS_KINDS.items()
            for name in self.columns_of(role)
        ]

    def is_marked(self, row: Row) -> bool:
        """Whether the row says that this person opted out at another place."""
        return csv_tables.is_marked(row.values, self.columns_of(Role.OPTED_OUT))

    def note_of(self, row: Row) -> str:
        """What the columns for notes say."""
        said = (row.values.get(name, "") for name in self.columns_of(Role.NOTE))
        return " · ".join(filter(None, said))


def read(record: Record, layout: Layout) -> Row:
    """Read one row. A bad address does not keep the row's other one from being read."""
    values = cells_of(record, layout.columns)
    if has_extra_cells(record, layout.columns):
        return Row(record.number, record.cells, values, problem=TOO_MANY_CELLS)
    found: list[Address] = []
    wrong: list[str] = []
    for name, kind in layout.address_columns:
        raw = plain_cell(values.get(name, ""))
        try:
            if raw:
                found.append(addresses.parse(raw, region=layout.region, kind=kind))
        except InvalidAddress as error:
            wrong.append(f"{kind.label}: {error.message}")
    if not found and not wrong:
        wrong.append(NO_ADDRESS)
    elif found and wrong:
        wrong.append(WHOLE)
    return Row(
        record.number, record.cells, values, tuple(_once(found)), " ".join(wrong)
    )


def _once(found: Sequence[Address]) -> list[Address]:
    """Two columns may hold the same address."""
    return list({address.key: address for address in found}.values())
