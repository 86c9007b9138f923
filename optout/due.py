"""What is due to be sent, and which batch is next."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone

from optout import hours
from optout.models import OutgoingBatch, SendingHours
from optout.prepared import Prepared, among

# A claim paces by about a second. What stands far ahead was written by a clock that
# went wrong, and must not silence the channel until then.
LONGEST_PACE = timedelta(minutes=1)

# Parts of statements, with `now` and `longest_pace` of `clock`.
_IS_UNPACED = """
({row}.paced_until IS NULL OR {row}.paced_until <= %(now)s
 OR {row}.paced_until > %(longest_pace)s)
"""
IS_DUE = "m.state = 'queued' AND m.next_at <= %(now)s"
IS_FREE = f"c.is_active AND {_IS_UNPACED.format(row='c')}"
MAY_GO_ON = f"b.state = 'running' AND {_IS_UNPACED.format(row='b')}"
_WAITS = """
FROM optout_outgoingbatch b JOIN optout_channel c ON c.channel_id = b.channel_id
WHERE b.state = 'running' AND (b.starts_at IS NULL OR b.starts_at <= %(now)s)
  AND (b.hours_id IS NULL OR NOT b.hours_id {are_closed})
  AND EXISTS (SELECT 1 FROM optout_outgoingmessage m
              WHERE m.batch_id = b.id AND {is_due})
"""
_NEXT_BATCHES = """
SELECT b.id {waits} AND {is_free} AND {may_go_on} AND b.channel_id NOT IN ({busy})
ORDER BY
    CASE WHEN b.purpose IN ('list_message', 'reply', 'smart_reply') THEN 0 ELSE 1 END,
    b.claimed_at ASC NULLS FIRST, b.id
LIMIT 10
"""
_ANYTHING_WAITS = "SELECT EXISTS (SELECT 1 {waits} AND c.is_active)"

_waits = _WAITS.format(is_due=IS_DUE, are_closed=among("closed"))
_anything_waits = Prepared(_ANYTHING_WAITS.format(waits=_waits))


def clock(now: datetime) -> dict[str, Any]:
    """The parameters of the parts above."""
    return {"now": now, "longest_pace": now + LONGEST_PACE}


def _asked() -> dict[str, Any]:
    """The clock, and which hours are closed by it, whoever the recipient is.

    That is reckoned anew each time: a million messages wait for their hours without
    being looked at, and no row keeps what a clock that went wrong made of it.
    """
    now = timezone.now()
    rows = SendingHours.objects.filter(by_recipient=False)
    closed = [row.pk for row in rows if hours.closed_for_all(row, now)]
    return clock(now) | {"closed": closed}


class Batches:
    """Which batches are next. What is read of one and its channel is read once.

    Rate and hours of a running batch may change: a claim reads them anew.
    """

    def __init__(self) -> None:
        self._known: dict[int, OutgoingBatch] = {}

    def next(self, *, busy: Collection[int] = ()) -> list[OutgoingBatch]:
        """Batches with something due on a channel that may send now, next one first.

        Answers to people go before all else, then whoever waited longest since its
        turn. Channels that are `busy` are left out.
        """
        ids = [pk for (pk,) in _next(tuple(busy)).fetch_all(_asked())]
        if unknown := set(ids) - self._known.keys():
            found = OutgoingBatch.objects.select_related("channel").in_bulk(unknown)
            self._known |= found
        return [self._known[pk] for pk in ids]


@lru_cache(maxsize=64)
def _next(busy: tuple[int, ...]) -> Prepared:
    ids = ", ".join(str(int(pk)) for pk in busy) or "-1"
    return Prepared(
        _NEXT_BATCHES.format(
            waits=_waits, is_free=IS_FREE, may_go_on=MAY_GO_ON, busy=ids
        )
    )


def something_waits() -> bool:
    """Whether anything is due in its hours, be it that a pace lets nothing out now."""
    return bool(_anything_waits.fetch_one(_asked())[0])
