"""What a broadcast would do, is doing and did: counts and recipients."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, QuerySet

from broadcaster import audiences, broadcasts, preparing
from broadcaster.audiences import Left
from broadcaster.models import Broadcast, ProgressPoint, all_broadcasts
from optout import attribution, outbox, withholding
from optout.exports import csv_lines, safe_cell
from optout.models import (
    Entry,
    MessageState,
    OptOutList,
    OutgoingMessage,
    resolve,
)

WAITING = (MessageState.QUEUED, MessageState.SENDING)
TAKEN = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
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

    @property
    def opted_out(self) -> int:
        """Those on a selected list; who is under review alone is not among them."""
        return self.withheld - self.under_review


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
    def suppressed(self) -> int:
        return self.counts[MessageState.SUPPRESSED]

    @property
    def by_state(self) -> Mapping[str, int]:
        """The same without the total."""
        return {state: self.counts[state] for state in MessageState.values}

    @property
    def arrived(self) -> int:
        """What a provider says was delivered, read or not."""
        return self.counts[MessageState.DELIVERED] + self.counts[MessageState.READ]

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


def with_progress(rows: Sequence[Broadcast]) -> list[tuple[Broadcast, Progress]]:
    """Each broadcast with its counts.

    Of what ended, a noted point tells how many got nothing, which stays so; the others
    are counted, all of them in one query.
    """
    settled = _settled(rows)
    counted = counts_of([row for row in rows if row.pk not in settled])
    found = counted | settled
    return [(row, progress_of(found[row.pk])) for row in rows]


def progress_of(by_state: Mapping[str, int]) -> Progress:
    """Progress from counts by state that are known already."""
    counts = {state: by_state.get(state, 0) for state in MessageState.values}
    return Progress({"total": sum(counts.values()), **counts})


def counts_of(rows: Collection[Broadcast]) -> dict[int, dict[str, int]]:
    """Recipients by state, by the broadcast's id, counted now in one query."""
    by_batch = {row.batch_id: row.pk for row in rows}
    counts: dict[int, dict[str, int]] = {row.pk: {} for row in rows}
    found = OutgoingMessage.objects.filter(batch__in=by_batch).order_by()
    counted = found.values_list("batch", "state").annotate(Count("id"))
    for batch, state, count in counted if by_batch else ():
        counts[by_batch[batch]][state] = count
    return counts


def _settled(rows: Collection[Broadcast]) -> dict[int, dict[str, int]]:
    """The latest noted counts of broadcasts in which nothing is open any more."""
    ended = [row.pk for row in rows if row.batch.finished_at]
    found = {row.broadcast_id: row.counts for row in latest_points(ended)}
    return {pk: counts for pk, counts in found.items() if not _is_open(counts)}


def _is_open(counts: Mapping[str, int]) -> bool:
    return any(counts.get(state) for state in (*WAITING, MessageState.UNKNOWN))


def latest_points(broadcast_ids: Collection[int]) -> QuerySet[ProgressPoint]:
    """The latest point of each of these broadcasts that has one."""
    own = ProgressPoint.objects.filter(broadcast=OuterRef("broadcast"))
    newest = own.order_by("-at").values("at")[:1]
    return ProgressPoint.objects.filter(broadcast__in=broadcast_ids, at=newest)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a broadcast: its counts, and who opted out because of it."""

    broadcast: Broadcast
    progress: Progress
    caused: int


def results(rows: Sequence[Broadcast]) -> list[Result]:
    """The results as they are now, all of them in as many queries as of one."""
    counted = counts_of(rows)
    caused = attribution.caused_counts([row.batch for row in rows])
    return [
        Result(row, progress_of(counted[row.pk]), caused[row.batch_id]) for row in rows
    ]


def caused_opt_outs(broadcast: Broadcast) -> QuerySet[Entry]:
    """The entries of those who opted out because of it, the newest first."""
    rows = attribution.caused_by([broadcast.batch]).select_related("list", "channel")
    # By "-id" PostgreSQL would walk back over all entries to find these few.
    return rows.order_by((F("id") + 0).desc())


def latest(limit: int) -> list[tuple[Broadcast, Progress]]:
    """The newest broadcasts with their counts."""
    return with_progress(list(all_broadcasts()[:limit]))


# The error file


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
