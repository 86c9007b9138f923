"""Who was withheld: by which list and door, and against what the launch promised."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from broadcaster import reports
from broadcaster.models import Broadcast
from broadcaster.reports import Progress
from optout.models import (
    MessageState,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    Source,
    resolve,
)

# List, door and how many; both are None for those under review. JSON keeps it.
Tally = Sequence[tuple[int | None, str | None, int]]


def tally(batch: OutgoingBatch) -> Tally:
    """Who is withheld, counted now. Reads the withheld alone."""
    rows = OutgoingMessage.objects.filter(batch=batch, state=MessageState.SUPPRESSED)
    places = rows.order_by().values_list("entry__list", "entry__source")
    return list(places.annotate(Count("id")))


@dataclass(frozen=True, slots=True)
class ListShare:
    """How many a list withheld, how many of them at the launch, and by which doors."""

    opt_out_list: OptOutList
    count: int
    at_launch: int | None
    by_door: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Those who got nothing; each stands with one list, the one of the oldest entry."""

    lists: Sequence[ListShare]
    under_review: int
    under_review_at_launch: int | None


def withheld(broadcast: Broadcast, progress: Progress) -> Withheld:
    """By list, the longest first.

    Counted anew only where more are withheld than at the latest noted point: of many
    the rows are not read for each look at the report.
    """
    counted = _noted(broadcast, progress) or tally(broadcast.batch)
    under_review = sum(count for list_id, _, count in counted if list_id is None)
    promised = broadcast.at_launch
    return Withheld(
        lists=_shares(counted, promised.get("by_list")),
        under_review=under_review,
        under_review_at_launch=promised.get("under_review"),
    )


def _noted(broadcast: Broadcast, progress: Progress) -> Tally | None:
    """What was noted when as many were withheld as now: nobody of them ever gets it."""
    for point in reports.latest_points([broadcast.pk]):
        if point.counts.get(MessageState.SUPPRESSED) == progress.suppressed:
            noted: Tally | None = point.counts.get("withheld")
            return noted
    return None


def _shares(counted: Tally, promised: Mapping[str, int] | None) -> list[ListShare]:
    """A deleted list's share stands with the list that took its place."""
    at_launch = {int(pk): count for pk, count in (promised or {}).items()}
    lists = resolve({pk for pk, _, _ in counted if pk} | set(at_launch))
    doors: dict[OptOutList, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for list_id, source, count in counted:
        if list_id and source:
            doors[lists[list_id]][Source(source).label] += count
    before: dict[OptOutList, int] = defaultdict(int)
    for pk, count in at_launch.items():
        before[lists[pk]] += count
    shares = [
        _share(row, found, before[row] if promised is not None else None)
        for row, found in doors.items()
    ]
    return sorted(shares, key=lambda share: -share.count)


def _share(
    row: OptOutList, doors: Mapping[str, int], at_launch: int | None
) -> ListShare:
    by_door = sorted(doors.items(), key=lambda door: -door[1])
    return ListShare(row, sum(doors.values()), at_launch, by_door)


@dataclass(frozen=True, slots=True)
class Promise:
    """What the review said at the launch, and how many were withheld since.

    to_send + withheld = total, then and now: those of `since` are of `to_send`.
    """

    total: int
    to_send: int
    opted_out: int
    under_review: int
    since: int


def promise(broadcast: Broadcast, progress: Progress) -> Promise | None:
    """The counts at the launch beside those of now; None where none were kept."""
    kept: dict[str, Any] = broadcast.at_launch
    if not kept:
        return None
    withheld_then, held = kept.get("withheld", 0), kept.get("under_review", 0)
    return Promise(
        total=kept.get("total", progress.total),
        to_send=kept.get("to_send", 0),
        opted_out=withheld_then - held,
        under_review=held,
        since=max(progress.suppressed - withheld_then, 0),
    )
