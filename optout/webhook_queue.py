"""The states a webhook delivery goes through: claimed, recorded, held, sent again.

`pending → delivering → delivered | retry → … → exhausted`, or `held`. A result counts
only for the claim it belongs to.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from random import uniform
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from optout import notices, wake
from optout.models import DeliveryState, OptOutList, WebhookDelivery
from optout.prepared import DATABASE_TIME, Prepared, Row, among, database_time_after

# Each after the previous try, about 76 hours in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_RETRY_AFTER = timedelta(hours=24)
# A claimed delivery is nobody else's for this long. No try starts so late that it
# could end after the lease: what a slow receiver leaves over is given back.
LEASE = timedelta(seconds=90)
CLAIM_PER_LIST = 50
_JITTER = 0.1
_TRIES_KEPT = 40
_OPEN = (DeliveryState.PENDING, DeliveryState.RETRY)
RESENDABLE = (DeliveryState.EXHAUSTED, DeliveryState.DELIVERED, DeliveryState.RETRY)


@dataclass(frozen=True, slots=True)
class Try:
    """What one try met; `retry_after` is as the receiver wrote it."""

    delivery: WebhookDelivery
    facts: dict[str, Any]
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= int(self.facts.get("status", 0)) < 300

    @property
    def is_gone(self) -> bool:
        return self.facts.get("status") == 410

    @property
    def is_last(self) -> bool:
        return self.delivery.attempts > len(WAITS)

    @property
    def all_tries(self) -> list[dict[str, Any]]:
        return [*self.delivery.tries, self.facts][-_TRIES_KEPT:]


# Claiming


# A list whose receiver fails is tried by one process at a time.
_WHICH = """
FROM optout_webhookdelivery d JOIN optout_optoutlist l ON l.id = d.list_id
WHERE d.state IN ('pending', 'retry') AND d.next_at <= %(now)s
  AND l.webhook_disabled_at IS NULL
  AND NOT (l.webhook_failing_since IS NOT NULL AND EXISTS (
      SELECT 1 FROM optout_webhookdelivery o
      WHERE o.list_id = l.id AND o.state = 'delivering' AND o.lease_until > {now}))
"""
_DUE = _WHICH.format(now=DATABASE_TIME)
_OLDEST = """
SELECT d.id, d.list_id, l.webhook_failing_since {due} ORDER BY d.next_at LIMIT %(most)s
"""
_TAKE = """
WITH chosen AS MATERIALIZED (
    SELECT d.id {due} AND d.id {among_ids} ORDER BY d.id {lock})
UPDATE optout_webhookdelivery
SET state = 'delivering', attempts = attempts + 1, lease_until = {lease}
WHERE id IN (SELECT id FROM chosen)
RETURNING id
"""
_oldest = Prepared(_OLDEST.format(due=_DUE))


@cache
def _taking(lease: timedelta) -> Prepared:
    return Prepared(
        _TAKE.format(
            due=_DUE,
            among_ids=among("ids"),
            lease=database_time_after(lease),
            lock="" if connection.vendor == "sqlite" else "FOR UPDATE OF d SKIP LOCKED",
        )
    )


def claim(limit: int, *, lists: int) -> list[list[WebhookDelivery]]:
    """Lease due deliveries, a few of each of some lists; another process takes others.

    A list whose receiver fails is tried by one process at a time and one by one, so
    that it cannot hold up all of them.
    """
    now = {"now": timezone.now()}
    with transaction.atomic(durable=True):
        chosen = _choice(_oldest.fetch_all(now | {"most": limit * 10}), limit, lists)
        rows = _taking(LEASE).fetch_all(now | {"ids": chosen}) if chosen else []
    # Prefetched: deliveries of one list share it, secrets deciphered once.
    taken = WebhookDelivery.objects.filter(pk__in=[pk for (pk,) in rows])
    by_list: dict[int, list[WebhookDelivery]] = defaultdict(list)
    for delivery in taken.prefetch_related("list").order_by("id"):
        by_list[delivery.list_id].append(delivery)
    return list(by_list.values())


def _choice(oldest_first: Sequence[Row], limit: int, lists: int) -> list[int]:
    """Which are next: at most `limit`, of so many lists, and of each so many."""
    chosen: dict[int, list[int]] = {}
    for pk, list_id, failing_since in oldest_first:
        if list_id not in chosen and len(chosen) == lists:
            continue
        of_list = chosen.setdefault(list_id, [])
        if len(of_list) < (1 if failing_since else CLAIM_PER_LIST):
            of_list.append(pk)
    return [pk for of_list in chosen.values() for pk in of_list][:limit]


def _this_claim(*deliveries: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    """Deliveries of one claim, as long as it counts: a later one has another lease."""
    return WebhookDelivery.objects.filter(
        pk__in=[delivery.pk for delivery in deliveries],
        lease_until=deliveries[0].lease_until,
        state=DeliveryState.DELIVERING,
    )


def give_back(deliveries: Sequence[WebhookDelivery]) -> None:
    """Nothing was posted: due as before, the attempt returned."""
    if not deliveries:
        return
    was_tried = When(attempts__gt=1, then=Value(DeliveryState.RETRY))
    _this_claim(*deliveries).update(
        state=Case(was_tried, default=Value(DeliveryState.PENDING)),
        attempts=F("attempts") - 1,
        lease_until=None,
    )


def sweep_leases() -> int:
    """Deliveries whose worker is gone are due again with the same id; their number."""
    lost = WebhookDelivery.objects.filter(
        state=DeliveryState.DELIVERING, lease_until__lte=Now()
    )
    return lost.update(
        state=DeliveryState.RETRY, next_at=timezone.now(), lease_until=None
    )


# Results


def record(tries: Sequence[Try]) -> None:
    """Write down what tries of one list met, in one transaction."""
    if not tries:
        return
    with transaction.atomic(durable=True):
        _record_successes([one for one in tries if one.is_success])
        for one in tries:
            if not one.is_success:
                _record_failure(one)
        _note_health(tries[-1])
    for one in tries:
        if one.is_last and not one.is_success:
            notices.webhook_failed(one.delivery)


def _note_health(last: Try) -> None:
    """Since when the list's URL has been failing, by the latest try."""
    health = OptOutList.objects.filter(
        pk=last.delivery.list_id, webhook_failing_since__isnull=not last.is_success
    )
    since = None if last.is_success else timezone.now()
    health.update(webhook_failing_since=since)


_RECORD_SUCCESS = Prepared("""
UPDATE optout_webhookdelivery
SET state = 'delivered', tries = %(tries)s, delivered_at = %(now)s, lease_until = NULL
WHERE id = %(id)s AND lease_until = %(lease)s AND state = 'delivering'
""")


def _record_successes(done: Sequence[Try]) -> None:
    now = timezone.now()
    _RECORD_SUCCESS.run_many(
        [
            {
                "id": one.delivery.pk,
                "lease": one.delivery.lease_until,
                "tries": json.dumps(one.all_tries),
                "now": now,
            }
            for one in done
        ]
    )


def _record_failure(failed: Try) -> None:
    """Wait for the next try, or show the delivery as failed after the last."""
    delivery = failed.delivery
    changes: dict[str, Any] = {
        "state": DeliveryState.EXHAUSTED if failed.is_last else DeliveryState.RETRY,
        "tries": failed.all_tries,
        "lease_until": None,
    }
    if not failed.is_last:
        wait = WAITS[delivery.attempts - 1] * uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
        wait = max(wait, _asked_wait(failed.retry_after))
        changes["next_at"] = timezone.now() + wait
    _this_claim(delivery).update(**changes)


def _asked_wait(retry_after: str | None) -> timedelta:
    """Retry-After of RFC 9110, seconds or a date, at most a day; unreadable is zero."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(timedelta(seconds=int(text)), LONGEST_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(text) - timezone.now()
    except (TypeError, ValueError):
        return timedelta(0)
    return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)


# What people do


def resend(deliveries: QuerySet[WebhookDelivery]) -> int:
    """Try these again from the start, same id and body; how many were queued.

    What is held waits for its list; what is being tried is left alone.
    """
    queued = deliveries.filter(state__in=RESENDABLE).update(
        state=DeliveryState.PENDING, attempts=0, next_at=timezone.now()
    )
    wake.hint(wake.DELIVER_WEBHOOKS)
    return queued


def disable(opt_out_list: OptOutList) -> None:
    """Hold the list's deliveries, present and future, until `enable`."""
    with transaction.atomic():
        OptOutList.objects.filter(pk=opt_out_list.pk, webhook_disabled_at=None).update(
            webhook_disabled_at=timezone.now()
        )
        WebhookDelivery.objects.filter(list=opt_out_list, state__in=_OPEN).update(
            state=DeliveryState.HELD
        )


def enable(opt_out_list: OptOutList) -> None:
    """Post to the list's URL again; what was held goes first, oldest first."""
    with transaction.atomic():
        OptOutList.objects.filter(pk=opt_out_list.pk).update(
            webhook_disabled_at=None, webhook_failing_since=None
        )
        WebhookDelivery.objects.filter(
            list=opt_out_list, state=DeliveryState.HELD
        ).update(state=DeliveryState.PENDING, next_at=F("created_at"))
    wake.hint(wake.DELIVER_WEBHOOKS)


def settle_held() -> None:
    """Hold what came open while its list was disabled, free what was held too long.

    An event announced, or a try that ended, in the moment of `enable` or `disable`.
    """
    WebhookDelivery.objects.filter(
        state=DeliveryState.HELD, list__webhook_disabled_at=None
    ).update(state=DeliveryState.PENDING)
    WebhookDelivery.objects.filter(
        state__in=_OPEN, list__webhook_disabled_at__isnull=False
    ).update(state=DeliveryState.HELD)
