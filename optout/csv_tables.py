"""CSV files as tables: columns with names, rows counted, cells within limits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from optout import addresses, column_names
from optout.addresses import AddressKind, InvalidAddress
from optout.csv_files import (
    MAX_CELL_CHARS,
    MAX_COLUMNS,
    MAX_ROWS,
    BadFile,
    Dialect,
    Record,
    guess_dialect,
    records,
)

SAMPLE_ROWS = 20

# A number as short as a row's own does not make a column one of addresses.
_SHORTEST_ADDRESS = 8


@dataclass(frozen=True, slots=True)
class Table:
    """A file, read through to its end once; `columns` names its headers."""

    dialect: Dialect
    headers: list[str]
    columns: list[str]
    sample: list[Record]
    row_count: int

    def column_of(self, kind: AddressKind, *, region: str | None) -> str | None:
        """The first column in which most cells of the sample are such addresses."""

        def is_address(cell: str) -> bool:
            return _is_address(cell, kind=kind, region=region)

        return next((n for n in self.columns if self._is_mostly(n, is_address)), None)

    def _is_mostly(self, name: str, holds: Callable[[str], bool]) -> bool:
        index = self.columns.index(name)
        cells = [row.cells[index] for row in self.sample if index < len(row.cells)]
        return sum(map(holds, cells)) * 2 > len(self.sample)


def read(file: BinaryIO) -> Table:
    """Read a file through; raises BadFile naming what is wrong with it.

    A row of the wrong length is no reason to refuse a file.
    """
    dialect = guess_dialect(file)
    rows = records(file, dialect)
    headers = _headers(next(rows, Record(1, [])))
    columns = _columns(headers)
    sample = list(islice(rows, SAMPLE_ROWS))
    count = _count(chain(sample, rows), columns)
    return Table(dialect, headers, columns, sample, count)


def _headers(first: Record) -> list[str]:
    headers = [cell.strip() for cell in first.cells]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise BadFile("empty_file", "The file is empty.")
    if len(headers) > MAX_COLUMNS:
        raise BadFile("too_many_columns", f"At most {MAX_COLUMNS} columns, please.")
    return headers


def _columns(headers: Sequence[str]) -> list[str]:
    """The variable names of the headers. Raises BadFile for two that are alike."""
    names: dict[str, str] = {}
    for position, header in enumerate(headers, start=1):
        name = column_names.variable(header, position)
        if name in names:
            raise BadFile(
                "duplicate_column",
                f"Two columns are called “{header}” and “{names[name]}”: rename one.",
            )
        names[name] = header
    return list(names)


def _count(rows: Iterable[Record], columns: Sequence[str]) -> int:
    count = 0
    for count, record in enumerate(rows, start=1):
        _check_cells(record, columns)
        if count > MAX_ROWS:
            raise BadFile("too_many_rows", f"At most {MAX_ROWS:,} rows, please.")
    if not count:
        raise BadFile("no_rows", "The file has a header and no rows.")
    return count


def _check_cells(record: Record, columns: Sequence[str]) -> None:
    if max(map(len, record.cells)) <= MAX_CELL_CHARS:
        return
    index = next(i for i, c in enumerate(record.cells) if len(c) > MAX_CELL_CHARS)
    where = f"column “{columns[index]}”" if index < len(columns) else "an extra cell"
    raise BadFile(
        "cell_too_long",
        f"Row {record.number}, {where}: more than {MAX_CELL_CHARS:,} characters."
        " Is a quote not closed?",
    )


def _is_address(cell: str, *, kind: AddressKind, region: str | None) -> bool:
    try:
        found = addresses.parse(cell, region=region, kind=kind)
    except InvalidAddress:
        return False
    return len(found.match_form) > _SHORTEST_ADDRESS


def cells_of(record: Record, columns: Sequence[str]) -> dict[str, str]:
    """A row's cells by column; a short row lacks the last ones."""
    return dict(zip(columns, map(str.strip, record.cells), strict=False))


def has_extra_cells(record: Record, columns: Sequence[str]) -> bool:
    """Whether something stands to the right of the last column."""
    return any(map(str.strip, record.cells[len(columns) :]))


def is_marked(row: Mapping[str, str], columns: Sequence[str]) -> bool:
    """Whether one of the columns says that this person opted out at another place."""
    return any(column_names.is_marked(row.get(name, "")) for name in columns)


def first_rows(
    file: BinaryIO, dialect: Dialect, columns: Sequence[str], *, limit: int
) -> list[dict[str, str]]:
    """The first rows, by column."""
    rows = islice(records(file, dialect), 1, limit + 1)
    return [cells_of(row, columns) for row in rows]
