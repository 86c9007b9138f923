"""Audience files: which column is the address, and whom each row leads to."""

import csv
import io
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, BinaryIO

from django.db.models import TextChoices

from optout import addresses, column_names, content, csv_tables
from optout.addresses import AddressKind, InvalidAddress
from optout.csv_files import BadFile, Dialect, Record, records
from optout.csv_tables import cells_of, has_extra_cells, is_marked
from optout.exports import plain_cell
from optout.outbox import Recipient


class Role(TextChoices):
    """What a column is for."""

    NUMBER = "number", "Number"
    EMAIL = "email", "Email"
    OPTED_OUT = "opted_out", "Opted out elsewhere"
    VARIABLE = "variable", "Variable"


@dataclass(frozen=True, slots=True)
class Audience:
    """What a file holds, read through to its end once."""

    dialect: Dialect
    columns: list[str]
    mapping: dict[str, str]
    row_count: int


@dataclass(frozen=True)
class Layout:
    """How the rows of a file become recipients of one channel."""

    columns: Sequence[str]
    mapping: Mapping[str, str]
    kind: AddressKind
    region: str | None = None
    names: Sequence[str] = ()

    @cached_property
    def address_column(self) -> str:
        """The column written to; a mapping has exactly one of the role that fits."""
        wanted = role_for(self.kind)
        return next(name for name in self.columns if self.mapping[name] == wanted)

    @cached_property
    def marking_columns(self) -> list[str]:
        """The columns that mark who opted out at another place."""
        return [n for n in self.columns if self.mapping.get(n) == Role.OPTED_OUT]


@dataclass(frozen=True, slots=True)
class Left:
    """A row that gets no message: invalid, or marked as opted out elsewhere."""

    number: int
    raw: str
    reason: str
    is_marked: bool = False


def role_for(kind: str) -> Role:
    """The role of the column that holds addresses of this kind."""
    return Role.EMAIL if kind == AddressKind.EMAIL else Role.NUMBER


def examine(file: BinaryIO, *, kind: AddressKind, region: str | None) -> Audience:
    """Read a file through and guess its columns; raises BadFile naming what is wrong.

    A column is the address by its name, in several languages, else by what stands in
    it. A row of the wrong length or with a bad address is no reason to refuse a file.
    """
    table = csv_tables.read(file)
    mapping = _roles(table.headers, table.columns)
    if role_for(kind) not in mapping.values():
        found = table.column_of(kind, region=region)
        mapping[_required(found, table.columns, kind)] = role_for(kind)
    return Audience(table.dialect, table.columns, mapping, table.row_count)


def _roles(headers: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for header, name in zip(headers, columns, strict=True):
        role = _role(header)
        is_second = role in (Role.NUMBER, Role.EMAIL) and role in roles.values()
        roles[name] = Role.VARIABLE if is_second else role
    return roles


def _role(header: str) -> Role:
    if column_names.names_number(header):
        return Role.NUMBER
    if column_names.names_email(header):
        return Role.EMAIL
    if column_names.names_opted_out(header):
        return Role.OPTED_OUT
    return Role.VARIABLE


def _required(found: str | None, columns: Sequence[str], kind: AddressKind) -> str:
    if found:
        return found
    what, name = ("emails", "email") if kind == "email" else ("phone numbers", "number")
    raise BadFile(
        "no_address_column",
        f"No column holds {what}. Name one of them “{name}” in the first row, which"
        f" now reads: {', '.join(columns[:8])}.",
    )


# Rows


def read_rows(
    file: BinaryIO, dialect: Dialect, layout: Layout, *, skip: int = 0
) -> Generator[Recipient | Left]:
    """Whom each row leads to, from the row after the first `skip` ones on."""
    for record in islice(records(file, dialect), skip + 1, None):
        yield read_row(record, layout)


def read_row(record: Record, layout: Layout) -> Recipient | Left:
    """Whom one row leads to, with the values of the variables that are used."""
    row = cells_of(record, layout.columns)
    raw = plain_cell(row.get(layout.address_column, ""))
    if has_extra_cells(record, layout.columns):
        return Left(record.number, raw, "This row has more cells than the header.")
    if is_marked(row, layout.marking_columns):
        return Left(record.number, raw, "Marked as opted out.", is_marked=True)
    try:
        found = addresses.parse(raw, region=layout.region, kind=layout.kind)
    except InvalidAddress as error:
        return Left(record.number, raw, error.message)
    values = content.used_values(layout.names, row)
    return Recipient(found.key, found.address, values)


# Addresses that come without a file


def pasted_file(text: str, *, kind: AddressKind) -> BinaryIO:
    """Pasted addresses as a file of one column; commas, semicolons and lines part."""
    found = [part.strip() for part in re.split(r"[,;\r\n]+", text)]
    return rows_file([{role_for(kind): part} for part in found if part])


def rows_file(rows: Iterable[Mapping[str, Any]]) -> BinaryIO:
    """Rows of names and values as a CSV file with every name as a column.

    Raises BadFile for no rows, and NUL characters, as `examine` does for the rest.
    """
    table = list(rows)
    names = list(dict.fromkeys(name for row in table for name in row))
    if not names:
        raise BadFile("no_rows", "Give at least one number or email.")
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(table)
    return io.BytesIO(text.getvalue().encode("utf-8", errors="replace"))
