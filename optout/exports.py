"""CSV that goes out: streamed row by row, and inert when a spreadsheet opens it."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from optout.addresses import AddressKind
from optout.models import Entry

CHUNK = 2000
_BOM = "\ufeff"  # without it Excel reads UTF-8 as the system's old code page
# What makes a spreadsheet take a cell for a formula, after any spaces; a quote in
# front of it makes it text. OWASP "CSV Injection", read November 2026.
_TRIGGER = r"(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])"
_UNSAFE = re.compile(rf"'*{_TRIGGER}")
_QUOTED = re.compile(rf"'(?='*{_TRIGGER})")

ENTRY_COLUMNS = (
    "address",
    "number",
    "email",
    "provider_id",
    "list",
    "channel_id",
    "channel",
    "source",
    "wording",
    "reason_code",
    "added_by",
    "note",
    "since",
    "ended_at",
    "ended_reason",
    "ended_by",
    "ended_note",
)


def safe_cell(value: object) -> str:
    """The value as text that no spreadsheet runs; times in ISO 8601, None as empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if _UNSAFE.match(text) else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given: a reader of our exports takes the quote off again."""
    return _QUOTED.sub("", text, count=1) if _QUOTED.match(text) else text


class _Line:
    """A file that hands each written line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a CSV file; every cell is quoted, as `;` separates cells elsewhere.

    Cells are written as they are: make them by `safe_cell`.
    """
    writer = csv.writer(_Line(), quoting=csv.QUOTE_ALL)
    yield _BOM + writer.writerow(columns)
    for row in rows:
        yield writer.writerow(row)


def entry_lines(entries: QuerySet[Entry]) -> Iterator[str]:
    """Entries as CSV, newest first, read in short queries whatever their number.

    `number` is the plain E.164 form, so that the file can be imported again: a
    spreadsheet takes it for a number and drops the plus, which keeps the meaning.
    """
    return csv_lines(ENTRY_COLUMNS, map(_entry_row, _in_chunks(entries)))


def _in_chunks(entries: QuerySet[Entry]) -> Iterator[Entry]:
    found = entries.select_related("list", "channel").order_by("-pk")
    chunk = list(found[:CHUNK])
    while chunk:
        yield from chunk
        chunk = list(found.filter(pk__lt=chunk[-1].pk)[:CHUNK])


def _entry_row(entry: Entry) -> list[str]:
    of_kind = {entry.address_kind: entry.address}
    number = of_kind.get(AddressKind.PHONE, "")
    cells: list[Any] = [
        of_kind.get(AddressKind.EMAIL),
        of_kind.get(AddressKind.OPAQUE),
        entry.list.name,
        entry.channel.public_id,
        entry.channel.name,
        entry.source,
        entry.wording,
        entry.reason_code,
        entry.actor_label,
        entry.note,
        entry.created_at,
        entry.ended_at,
        entry.ended_reason,
        entry.ended_label,
        entry.ended_note,
    ]
    return [safe_cell(entry.address), number, *map(safe_cell, cells)]
