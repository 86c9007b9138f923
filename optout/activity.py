"""What happened on this floor lately, as the dashboard shows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Count, F
from django.db.models.functions import TruncDate
from django.utils import timezone

from optout.models import (
    DeliveryState,
    Entry,
    MessageState,
    OutgoingMessage,
    Source,
    WebhookDelivery,
    live_entries,
)

DAYS = 30
KEPT_SECONDS = 60  # counting millions of entries takes seconds

# The doors of `Source` in the few groups that a chart can tell apart.
DOORS: Mapping[str, frozenset[Source]] = {
    "Messages": frozenset({Source.KEYWORD, Source.REVIEW, Source.MESSAGE}),
    "Links": frozenset(
        {Source.LINK, Source.ONE_CLICK, Source.MAILTO, Source.PREFERENCES}
    ),
    "Staff": frozenset({Source.PAGE, Source.PANEL, Source.ADMIN}),
    "Systems": frozenset(
        {Source.API, Source.IMPORT, Source.CONNECTOR, Source.SMART_REPLY}
    ),
    "Providers": frozenset({Source.PROVIDER}),
}
_WAITING = (DeliveryState.PENDING, DeliveryState.DELIVERING, DeliveryState.RETRY)
_WAITING_OR_FAILED = (*_WAITING, DeliveryState.HELD, DeliveryState.EXHAUSTED)

Counted = TypeVar("Counted")


@dataclass(frozen=True, slots=True)
class OptOuts:
    """Opt-outs of each day, oldest first, by the door they came through."""

    days: tuple[date, ...]
    by_door: Mapping[str, tuple[int, ...]]

    @property
    def total(self) -> int:
        return sum(map(sum, self.by_door.values()))

    @property
    def rows(self) -> list[tuple[date, list[int]]]:
        """Each day, newest first, with its count for each door and its sum."""
        columns = zip(self.days, *self.by_door.values(), strict=True)
        return [(day, [*row, sum(row)]) for day, *row in columns][::-1]


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Webhook deliveries that no receiver has taken yet."""

    waiting: int
    held: int
    failed: int


def people() -> int:
    """How many addresses stand on at least one list; at most a minute old."""
    return _kept("people", live_entries().values("key").distinct().count)


def opt_outs() -> OptOuts:
    """Entries made in the last DAYS days, ended ones too; at most a minute old."""
    return _kept("opt-outs", _count_opt_outs)


def deliveries() -> Deliveries:
    """How many webhook deliveries wait, are held, or were given up."""
    found = WebhookDelivery.objects.filter(state__in=_WAITING_OR_FAILED).order_by()
    counts = dict(found.values_list("state").annotate(Count("id")))
    return Deliveries(
        waiting=sum(counts.get(state, 0) for state in _WAITING),
        held=counts.get(DeliveryState.HELD, 0),
        failed=counts.get(DeliveryState.EXHAUSTED, 0),
    )


def unknown_messages() -> int:
    """How many messages nobody knows the fate of: the provider did not answer."""
    return OutgoingMessage.objects.filter(state=MessageState.UNKNOWN).count()


def _kept(name: str, count: Callable[[], Counted]) -> Counted:
    key = f"activity.{name}"
    counted: Counted | None = cache.get(key)
    if counted is None:
        counted = count()
        cache.set(key, counted, KEPT_SECONDS)
    return counted


def _count_opt_outs() -> OptOuts:
    today = timezone.localdate()
    days = tuple(today - timedelta(days=ago) for ago in reversed(range(DAYS)))
    counts = {door: dict.fromkeys(days, 0) for door in DOORS}
    door_of = {source: door for door, group in DOORS.items() for source in group}
    for day, source, number in _by_day_and_source(days):
        counts[door_of[Source(source)]][day] += number
    return OptOuts(days, {door: tuple(row.values()) for door, row in counts.items()})


def _by_day_and_source(days: Sequence[date]) -> list[tuple[date, str, int]]:
    """Without the marks that a START leaves, and what was copied to another list."""
    since = timezone.now() - timedelta(days=DAYS + 1)
    made = Entry.objects.filter(created_at__gte=since).exclude(created_at=F("ended_at"))
    once = made.exclude(ended_source=Source.MOVE, list__ends_entries=False)
    by_day = once.annotate(day=TruncDate("created_at"))
    by_day = by_day.filter(day__gte=days[0], day__lte=days[-1])
    counted = by_day.values_list("day", "source").annotate(Count("id")).order_by()
    return list(counted)
