"""Recipients on whom a draft's words are tried: the first ones, or a chosen one."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count, islice
from uuid import UUID

from broadcaster import audiences, broadcasts, sources
from broadcaster.audiences import Layout
from broadcaster.broadcasts import BroadcastError
from broadcaster.models import Broadcast
from broadcaster.sources import Source
from optout import addresses, csv_files
from optout.addresses import Address, AddressKind, InvalidAddress
from optout.csv_files import Record
from optout.exports import plain_cell
from optout.models import Workspace
from optout.outbox import Recipient

FIRST = 10
# A file is read through for an address that was typed, but no longer than a moment.
MOST_ROWS_SEARCHED = 200_000
_TAIL = 4  # digits that every spelling of a number ends in


@dataclass(frozen=True, slots=True)
class Sample:
    """A recipient with the values of all columns; `place` finds it again."""

    place: str
    to: Recipient


def first(broadcast: Broadcast) -> list[Sample]:
    """The first recipients; rows that lead to nobody are left out."""
    if source := sources.of(broadcast):
        return _chosen(source, limit=FIRST)
    return list(islice(_from(broadcast, 0), FIRST))


def at(broadcast: Broadcast, place: str) -> Sample | None:
    """The recipient at this place, as long as there is one."""
    if source := sources.of(broadcast):
        key = _key(place)
        return next(iter(_chosen(source, key=key)), None) if key else None
    is_row = place.isascii() and place.isdigit() and len(place) < 9
    return next(_from(broadcast, int(place)), None) if is_row else None


def find(broadcast: Broadcast, typed: str) -> Sample:
    """The recipient with this address, in any spelling.

    Raises BroadcastError of the field `find`: what is no address, or is not in the
    audience as far as it is searched.
    """
    kind = AddressKind(broadcast.channel.address_kind)
    try:
        wanted = addresses.parse(typed, region=Workspace.load().region, kind=kind)
    except InvalidAddress as error:
        raise BroadcastError(error.code, error.message, "find") from None
    source = sources.of(broadcast)
    found = (
        next(iter(_chosen(source, key=wanted.key)), None)
        if source
        else _row_of(broadcast, wanted)
    )
    if found is None:
        message = "This address is not among the recipients."
        if source is None and broadcast.row_count > MOST_ROWS_SEARCHED:
            message = f"Not among the first {MOST_ROWS_SEARCHED:,} recipients."
        raise BroadcastError("no_recipient", message, "find")
    return found


# Contacts, and another broadcast's recipients: the place is the address's key


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _chosen(source: Source, *, key: UUID | None = None, limit: int = 1) -> list[Sample]:
    found = source.recipients(source.names())
    if key:
        found = found.filter(key=key)
    return [
        Sample(str(key), Recipient(key, address, values))
        for key, address, values in found[:limit]
    ]


# The audience file: the place is the row's number


def layout_of(broadcast: Broadcast) -> Layout | None:
    """How the rows are read with every column as a variable; None before there are."""
    role = audiences.role_for(broadcast.channel.address_kind)
    if not broadcast.recipients or role not in broadcast.mapping.values():
        return None
    return Layout(
        columns=broadcast.columns,
        mapping=broadcast.mapping,
        kind=AddressKind(broadcast.channel.address_kind),
        region=Workspace.load().region,
        names=broadcast.columns,
    )


def _records(broadcast: Broadcast, start: int) -> Iterator[tuple[int, Record]]:
    """Rows with their places, from one on."""
    with broadcasts.open_recipients(broadcast) as file:
        found = csv_files.records(file, broadcasts.dialect_of(broadcast))
        yield from zip(count(start), islice(found, start + 1, None), strict=False)


def _from(broadcast: Broadcast, start: int) -> Iterator[Sample]:
    layout = layout_of(broadcast)
    rows = _records(broadcast, start) if layout else iter(())
    for place, record in islice(rows, MOST_ROWS_SEARCHED):
        assert layout is not None  # noqa: S101 (there are no rows without one)
        to = audiences.read_row(record, layout)
        if isinstance(to, Recipient):
            yield Sample(str(place), to)


def _row_of(broadcast: Broadcast, wanted: Address) -> Sample | None:
    with closing(_maybe(broadcast, wanted)) as rows:
        return next((each for each in rows if each.to.key == wanted.key), None)


def _maybe(broadcast: Broadcast, wanted: Address) -> Generator[Sample]:
    """Rows that may lead to an address: reading each in full takes far longer."""
    layout = layout_of(broadcast)
    if layout is None:
        return
    index = layout.columns.index(layout.address_column)
    for place, record in islice(_records(broadcast, 0), MOST_ROWS_SEARCHED):
        cell = record.cells[index] if index < len(record.cells) else ""
        if not _may_be(plain_cell(cell), wanted):
            continue
        to = audiences.read_row(record, layout)
        if isinstance(to, Recipient):
            yield Sample(str(place), to)


def _may_be(cell: str, wanted: Address) -> bool:
    if not cell.isascii():
        return True
    if wanted.kind == AddressKind.EMAIL:
        return wanted.address.partition("@")[0] in cell.lower()
    digits = "".join(filter(str.isdigit, cell))
    has_letters = any(map(str.isalpha, cell))  # +1 800 FLOWERS
    return has_letters or digits.endswith(wanted.address[-_TAIL:])
