"""How a broadcast came along: its numbers noted from time to time, for the chart."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from broadcaster import reports, withheld
from broadcaster.models import Broadcast, ProgressPoint, all_broadcasts
from broadcaster.reports import Progress
from optout.models import BatchState, MessageState

# Receipts come for days; then nobody looks at the chart any more.
FOLLOWED = timedelta(days=7)
MAX_POINTS = 300
# The older a broadcast is, the slower its numbers move: a share of its age.
LEAST = timedelta(seconds=25)
WHILE_RUNNING, AFTERWARDS = 150, 50


def note_due() -> int:
    """Note the numbers of each broadcast that it is time for; how many were looked at.

    Numbers that stand still keep one point at the beginning and one at the end of it.
    """
    now = timezone.now()
    due = [row for row in _followed(now) if _is_due(row, now)]
    counted = reports.counts_of(due)
    for row in due:
        _note(row, reports.progress_of(counted[row.pk]).by_state, now)
    return len(due)


def _followed(now: datetime) -> QuerySet[Any]:
    """What began and runs or ended lately, with the time of its latest point."""
    newest = ProgressPoint.objects.filter(broadcast=OuterRef("pk")).order_by("-at")
    under_way = Q(batch__state__in=(BatchState.RUNNING, BatchState.PAUSED))
    ended_lately = Q(batch__finished_at__gt=now - FOLLOWED)
    began = Q(batch__starts_at=None) | Q(batch__starts_at__lte=now)
    found = all_broadcasts().filter(
        under_way | ended_lately, began, launched_at__isnull=False
    )
    return found.annotate(noted_at=Subquery(newest.values("at")[:1]))


def _is_due(row: Any, now: datetime) -> bool:
    ended_at = row.batch.finished_at
    if row.noted_at is None or (ended_at and row.noted_at < ended_at):
        return True
    parts = AFTERWARDS if ended_at else WHILE_RUNNING
    spacing = max(LEAST, (now - began_at(row)) / parts)
    return bool(now - row.noted_at >= spacing)


def began_at(row: Broadcast) -> datetime:
    """When a launched broadcast began to send."""
    known = (row.launched_at or row.created_at, row.batch.starts_at)
    return max(at for at in known if at)


def _note(row: Broadcast, counts: Mapping[str, int], now: datetime) -> None:
    newest = list(row.points.order_by("-at")[:2])
    if not newest:
        _put(row, began_at(row), _in_the_beginning(row, counts))
    stands_still = [point for point in newest if _is_same(point.counts, counts)]
    if len(stands_still) == 2:
        ProgressPoint.objects.filter(pk=newest[0].pk).update(at=now)
        return
    known = newest[0].counts if newest else {}
    _put(row, now, {**counts, "withheld": _tally(row, counts, known)})
    _thin(row)


def _put(row: Broadcast, at: datetime, counts: Mapping[str, Any]) -> None:
    """Add a point; two workers that add the same one add it once."""
    point = ProgressPoint(broadcast=row, at=at, counts=counts)
    ProgressPoint.objects.bulk_create([point], ignore_conflicts=True)


def _in_the_beginning(row: Broadcast, counts: Mapping[str, int]) -> dict[str, int]:
    """Everything waited but what the launch had withheld."""
    suppressed = row.at_launch.get("withheld", counts[MessageState.SUPPRESSED])
    return {
        MessageState.QUEUED.value: sum(counts.values()) - suppressed,
        MessageState.SUPPRESSED.value: suppressed,
    }


def _is_same(noted: Mapping[str, Any], counts: Mapping[str, int]) -> bool:
    return all(noted.get(state, 0) == count for state, count in counts.items())


def _tally(
    row: Broadcast, counts: Mapping[str, int], known: Mapping[str, Any]
) -> withheld.Tally:
    """Who is withheld; read again only when more are."""
    is_known = known.get(MessageState.SUPPRESSED) == counts[MessageState.SUPPRESSED]
    if is_known and "withheld" in known:
        noted: withheld.Tally = known["withheld"]
        return noted
    return withheld.tally(row.batch)


def _thin(row: Broadcast) -> None:
    """Of too many points drop every other one, but neither the first nor the last."""
    ids = list(row.points.order_by("at").values_list("id", flat=True))
    if len(ids) > MAX_POINTS:
        ProgressPoint.objects.filter(pk__in=ids[1:-1:2]).delete()


def course(broadcast: Broadcast, now: Progress) -> list[tuple[datetime, Progress]]:
    """What was noted, and the numbers of now; empty before the first message.

    That nothing moved any more at the end is left out.
    """
    if broadcast.launched_at is None or broadcast.waits_for_its_time:
        return []
    rows = [(row.at, reports.progress_of(row.counts)) for row in broadcast.points.all()]
    if not rows:
        beginning = _in_the_beginning(broadcast, now.by_state)
        rows = [(began_at(broadcast), reports.progress_of(beginning))]
    if broadcast.is_moving or rows[-1][1] != now:
        rows.append((timezone.now(), now))
    while len(rows) > 1 and rows[-1][1] == rows[-2][1] and not broadcast.is_moving:
        rows.pop()
    return rows
