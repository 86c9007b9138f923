"""The recipients of a broadcast as its report lists them: filtered, paged, exported."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict

from broadcaster.filters import RecipientFilter
from broadcaster.models import Broadcast
from optout import listing, spans
from optout.exports import csv_lines, safe_cell
from optout.models import Entry, OutgoingMessage

PAGE_SIZE = 50
EXPORT_CHUNK = 2_000
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


def of(broadcast: Broadcast) -> QuerySet[OutgoingMessage]:
    """The recipients in the order of the file, with what withheld them.

    Read from their first row on: those of other broadcasts cost nothing.
    """
    rows = broadcast.batch.messages.select_related(
        "entry__list", "entry__channel", "hold"
    ).order_by("id")
    found = spans.span([broadcast.batch_id])
    if found is None:
        return rows.none()
    return rows.filter(id__gte=found.first, id__lte=found.last)


def filtered(query: QueryDict, broadcast: Broadcast) -> QuerySet[OutgoingMessage]:
    """Those that match the filters; none where a filter makes no sense."""
    matching = RecipientFilter(query, queryset=of(broadcast))
    if not matching.is_valid():
        return OutgoingMessage.objects.none()
    found: QuerySet[OutgoingMessage] = matching.qs
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Some recipients, and the ids to go on from in both directions."""

    rows: Sequence[OutgoingMessage]
    before: int | None
    after: int | None

    def with_lists(self) -> list[tuple[OutgoingMessage, list[str]]]:
        """Each with the lists that withheld it or that the address is on now."""
        live = listing.live_by_key(row.key for row in self.rows)
        return [(row, _names(row, live.get(row.key, []))) for row in self.rows]


def _names(row: OutgoingMessage, live: Sequence[Entry]) -> list[str]:
    withheld_by = [row.entry] if row.entry else []
    return list(dict.fromkeys(entry.list.name for entry in [*withheld_by, *live]))


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
