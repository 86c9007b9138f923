"""What a broadcast would do, is doing and did: counts and recipients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from broadcaster import audiences, broadcasts, preparing
from broadcaster.audiences import Left
from broadcaster.models import Broadcast, all_broadcasts
from optout import addresses, outbox, withholding
from optout.addresses import AddressKind, InvalidAddress
from optout.exports import csv_lines, safe_cell
from optout.models import MessageState, OptOutList, OutgoingMessage, resolve

PAGE_SIZE = 50
EXPORT_CHUNK = 2_000
WAITING = (MessageState.QUEUED, MessageState.SENDING)
TAKEN = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
EXPORT_COLUMNS = (
    "address",
    "number",
    "status",
    "error",
    "error_code",
    "opt_out_list",
    "source",
    "opted_out_at",
    "sent_at",
    "delivered_at",
    "read_at",
)
LEFT_COLUMNS = ("row", "address_as_written", "reason")


@dataclass(frozen=True, slots=True)
class ListCount:
    """How many recipients stand on a list."""

    opt_out_list: OptOutList
    count: int


@dataclass(frozen=True, slots=True)
class Review:
    """What a launch would do with each row of the audience; nothing is written.

    rows = invalid + marked + duplicate + to_send + withheld, and withheld is the sum of
    `by_list` and `under_review`. `not_selected` are lists of some who would get it.
    """

    rows: int
    invalid: int
    marked: int
    duplicate: int
    to_send: int
    withheld: int
    under_review: int
    by_list: list[ListCount]
    not_selected: list[ListCount]

    @property
    def left_out(self) -> int:
        """Rows that lead to nobody, or to somebody who opted out elsewhere."""
        return self.invalid + self.marked


def review(broadcast: Broadcast) -> Review:
    """Exact counts of a prepared draft. Raises GateClosed as the launch would."""
    preview = withholding.preview(broadcast.batch)
    return Review(
        rows=broadcast.rows_read,
        invalid=broadcast.rows_invalid,
        marked=broadcast.rows_marked,
        duplicate=broadcast.rows_duplicate,
        to_send=preview.to_send,
        withheld=preview.withheld,
        under_review=preview.under_review,
        by_list=_by_list(preview.by_list),
        not_selected=_by_list(preview.not_selected),
    )


def _by_list(counts: Mapping[int, int]) -> list[ListCount]:
    """A deleted list's count stands with the list that took its place."""
    found: dict[OptOutList, int] = {}
    for pk, row in resolve(counts).items():
        found[row] = found.get(row, 0) + counts[pk]
    rows = [ListCount(row, count) for row, count in found.items()]
    return sorted(rows, key=lambda row: -row.count)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far sending is. Each recipient is counted in exactly one state."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return self.counts["total"]

    @property
    def waiting(self) -> int:
        return sum(self.counts[state] for state in WAITING)

    @property
    def handed_over(self) -> int:
        """What a provider took, however far it came."""
        return sum(self.counts[state] for state in TAKEN)

    @property
    def done(self) -> int:
        return self.total - self.waiting


def progress(broadcast: Broadcast) -> Progress:
    """How far sending is, now."""
    return Progress(outbox.counts(broadcast.batch))


def progress_of(by_state: Mapping[str, int]) -> Progress:
    """The same from counts by state that are known already."""
    return Progress({"total": sum(by_state.values()), **by_state})


def with_progress(rows: Sequence[Broadcast]) -> list[tuple[Broadcast, Progress]]:
    """Each broadcast with its counts, all of them in one query."""
    counts = {row.batch_id: dict.fromkeys(MessageState.values, 0) for row in rows}
    found = OutgoingMessage.objects.filter(batch__in=counts).order_by()
    counted = found.values_list("batch", "state").annotate(Count("id"))
    for batch, state, count in counted:
        counts[batch][state] = count
    return [(row, progress_of(counts[row.batch_id])) for row in rows]


def latest(limit: int) -> list[tuple[Broadcast, Progress]]:
    """The newest broadcasts with their counts."""
    return with_progress(list(all_broadcasts()[:limit]))


# Recipients


def recipients(
    broadcast: Broadcast, *, state: str = "", search: str = ""
) -> QuerySet[OutgoingMessage]:
    """The recipients in the order of the file, with what withheld them.

    `search` finds an address in any spelling, or a part of one.
    """
    rows = broadcast.batch.messages.select_related(
        "entry__list", "entry__channel", "hold"
    ).order_by("id")
    if state:
        rows = rows.filter(state=state)
    return rows.filter(_matches(broadcast, search)) if search.strip() else rows


def _matches(broadcast: Broadcast, search: str) -> Q:
    wanted = search.strip().replace("\0", "")[: addresses.MAX_RAW_CHARS]
    part = Q(address__icontains=wanted)
    region = preparing.layout_of(broadcast).region
    kind = AddressKind(broadcast.channel.address_kind)
    try:
        return part | Q(key=addresses.parse(search, region=region, kind=kind).key)
    except InvalidAddress:
        return part


@dataclass(frozen=True, slots=True)
class Page:
    """Some recipients, and the ids to go on from in both directions."""

    rows: Sequence[OutgoingMessage]
    before: int | None
    after: int | None


def page(
    rows: QuerySet[OutgoingMessage],
    *,
    after: int | None = None,
    before: int | None = None,
) -> Page:
    """The rows next to an id: cost does not grow with the page's depth."""
    if before is not None:
        found = list(rows.filter(id__lt=before).order_by("-id")[: PAGE_SIZE + 1])[::-1]
        has_before, has_after = len(found) > PAGE_SIZE, True
        found = found[-PAGE_SIZE:]
    else:
        found = list(rows.filter(id__gt=after or 0)[: PAGE_SIZE + 1])
        has_before, has_after = bool(after), len(found) > PAGE_SIZE
        found = found[:PAGE_SIZE]
    return Page(
        rows=found,
        before=found[0].pk if found and has_before else None,
        after=found[-1].pk if found and has_after else None,
    )


def export_lines(rows: QuerySet[OutgoingMessage]) -> Iterator[str]:
    """The report as CSV, in the order of the file, read in short queries."""
    return csv_lines(EXPORT_COLUMNS, map(_export_row, _in_chunks(rows)))


def _in_chunks(rows: QuerySet[OutgoingMessage]) -> Iterator[OutgoingMessage]:
    chunk = list(rows[:EXPORT_CHUNK])
    while chunk:
        yield from chunk
        chunk = list(rows.filter(id__gt=chunk[-1].pk)[:EXPORT_CHUNK])


def _export_row(row: OutgoingMessage) -> list[str]:
    entry = row.entry
    cells: list[object] = [
        row.get_state_display(),
        row.error,
        row.error_code,
        entry.list.name if entry else None,
        entry.get_source_display() if entry else None,
        entry.created_at if entry else None,
        row.sent_at,
        row.delivered_at,
        row.read_at,
    ]
    number = row.address if row.address.startswith("+") else ""
    return [safe_cell(row.address), number, *map(safe_cell, cells)]


def left_lines(broadcast: Broadcast) -> Iterator[str]:
    """The error file: each row that got no message, its raw address, and why."""
    return csv_lines(LEFT_COLUMNS, _left_rows(broadcast))


def _left_rows(broadcast: Broadcast) -> Iterator[list[str]]:
    layout = preparing.layout_of(broadcast)
    dialect = broadcasts.dialect_of(broadcast)
    with broadcasts.open_recipients(broadcast) as file:
        for row in audiences.read_rows(file, dialect, layout):
            if isinstance(row, Left):
                yield [str(row.number), safe_cell(row.raw), safe_cell(row.reason)]
