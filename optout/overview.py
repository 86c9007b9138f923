"""What the overview tells about each list: its webhook's health and its sends."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from optout.models import (
    BatchState,
    DeliveryState,
    ListState,
    OptOutList,
    OutgoingBatch,
    Purpose,
    WebhookDelivery,
    live_lists,
)

# A send that can still write to somebody.
OPEN_SENDS = (BatchState.DRAFT, BatchState.RUNNING, BatchState.PAUSED)
_TROUBLE = (DeliveryState.EXHAUSTED, DeliveryState.RETRY, DeliveryState.HELD)


@dataclass(frozen=True, slots=True)
class Health:
    """How a list's webhook does; `tone` is a badge's."""

    text: str
    tone: str = ""
    icon: str = ""
    note: str = ""


NO_WEBHOOK = Health("None")


@dataclass(frozen=True, slots=True)
class Row:
    """One list as the overview shows it."""

    opt_out_list: OptOutList
    health: Health
    sends: int


def rows() -> list[Row]:
    """Every list with its health and sends, in a fixed number of queries."""
    shown = list(live_lists())
    troubles = _troubles()
    sends = _sends()
    return [
        Row(row, _health(row, troubles.get(row.pk, {})), sends.get(row.pk, 0))
        for row in shown
    ]


def unused_lists() -> list[OptOutList]:
    """The lists that no open send uses: people on them are still written to."""
    rows = OptOutList.objects.filter(state=ListState.ACTIVE)
    return list(rows.exclude(pk__in=_selected().values("optoutlist")))


def health_of(opt_out_list: OptOutList) -> Health:
    """How the webhook of one list does."""
    return _health(opt_out_list, _troubles([opt_out_list.pk]).get(opt_out_list.pk, {}))


def sends_of(opt_out_list: OptOutList) -> list[tuple[str, int]]:
    """The open sends that use the list: purpose in words, and how many."""
    found = opt_out_list.batches.filter(state__in=OPEN_SENDS).values_list("purpose")
    counted = found.annotate(Count("id")).order_by("purpose")
    return [(str(Purpose(purpose).label), number) for purpose, number in counted]


Users = Callable[[OptOutList], list[str]]
_users: list[Users] = []


def also_used_by(users: Users) -> None:
    """Register who else uses lists: the floors above, which we cannot import.

    It gets a list and names what uses it; a repeat counts once.
    """
    if users not in _users:
        _users.append(users)


def other_uses_of(opt_out_list: OptOutList) -> list[str]:
    """What else than sends uses the list, by name."""
    return [name for users in _users for name in users(opt_out_list)]


def _troubles(ids: Iterable[int] | None = None) -> dict[int, dict[str, int]]:
    """How many deliveries of each list are in a state that is no success."""
    found = WebhookDelivery.objects.filter(state__in=_TROUBLE)
    if ids is not None:
        found = found.filter(list__in=ids)
    troubles: dict[int, dict[str, int]] = {}
    counted = found.values_list("list", "state").annotate(Count("id")).order_by()
    for list_id, state, number in counted:
        troubles.setdefault(list_id, {})[state] = number
    return troubles


def _sends() -> dict[int, int]:
    counted = _selected().values_list("optoutlist").annotate(Count("outgoingbatch"))
    return dict(counted.order_by())


def _selected() -> QuerySet[Any]:
    """Which list is selected by which open send."""
    return OutgoingBatch.lists.through.objects.filter(
        outgoingbatch__state__in=OPEN_SENDS
    )


def _health(opt_out_list: OptOutList, troubles: dict[str, int]) -> Health:
    """The worst that holds: disabled, given up, waiting to try again."""
    if not opt_out_list.webhook_url:
        return NO_WEBHOOK
    if opt_out_list.webhook_disabled_at is not None:
        held = troubles.get(DeliveryState.HELD, 0)
        return Health("Disabled", "danger", "circle-x", f"{held:,} held")
    if failed := troubles.get(DeliveryState.EXHAUSTED):
        return Health("Failed", "danger", "circle-alert", f"{failed:,} to resend")
    waiting = troubles.get(DeliveryState.RETRY, 0)
    if waiting or opt_out_list.webhook_failing_since is not None:
        return Health("Retrying", "warn", "refresh-cw", f"{waiting:,} waiting")
    return Health("Healthy", "ok", "circle-check")
