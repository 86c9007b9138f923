"""Delivering webhooks: claim what is due, post it, record each try, never drop one."""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from email.utils import parsedate_to_datetime
from random import uniform
from typing import Any

from django.db import connections, transaction
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from optout import egress, notices, wake
from optout.models import (
    DeliveryState,
    OptOutList,
    WebhookDelivery,
)
from optout.stopping import stopping
from optout.webhooks import signed_headers

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
DEADLINE_SECONDS = 15.0
CLAIM = 20
CLAIM_PER_LIST = 5
LISTS_AT_ONCE = 20
# Longer than a claim's deliveries of one list can take one after another.
LEASE = timedelta(seconds=DEADLINE_SECONDS * CLAIM_PER_LIST + 15)
_JITTER = 0.1
_LOOK_SECONDS = 1.0
_TRIES_KEPT = 40
_OPEN = (DeliveryState.PENDING, DeliveryState.RETRY)
RESENDABLE = (DeliveryState.EXHAUSTED, DeliveryState.DELIVERED, DeliveryState.RETRY)

_client = egress.Client()


def deliver_due(*, limit: int = CLAIM) -> int:
    """Try the deliveries that are due, lists side by side; how many were tried.

    A slow receiver holds up its own list alone: the others go on meanwhile. Several
    processes may run it.
    """
    queues = _claim(limit)
    if len(queues) == 1:
        return _take_turn(queues[0])
    tried = 0
    with ThreadPoolExecutor(LISTS_AT_ONCE) as pool:
        turns: set[Future[int]] = set()
        while queues or turns:
            turns |= {pool.submit(_take_turn_in_thread, queue) for queue in queues}
            done, turns = wait(turns, _LOOK_SECONDS, return_when=FIRST_COMPLETED)
            tried += sum(turn.result() for turn in done)
            free = LISTS_AT_ONCE - len(turns)
            queues = _claim(min(limit, free)) if free and not stopping.is_set() else []
    return tried


def _take_turn_in_thread(deliveries: Sequence[WebhookDelivery]) -> int:
    try:
        return _take_turn(deliveries)
    finally:
        connections.close_all()


def _take_turn(deliveries: Sequence[WebhookDelivery]) -> int:
    """Try deliveries of one list until one fails: the next would wait as long.

    The rest goes back, due as it was. Returns how many were tried.
    """
    for tried, delivery in enumerate(deliveries):
        if stopping.is_set():
            _give_back(deliveries[tried:])
            return tried
        if not deliver(delivery):
            _give_back(deliveries[tried + 1 :])
            return tried + 1
    return len(deliveries)


def _give_back(deliveries: Sequence[WebhookDelivery]) -> None:
    disabled = OptOutList.objects.filter(
        pk=OuterRef("list_id"), webhook_disabled_at__isnull=False
    )
    for delivery in deliveries:
        before = DeliveryState.RETRY if delivery.tries else DeliveryState.PENDING
        held = When(Exists(disabled), then=Value(DeliveryState.HELD))
        _this_try(delivery).update(
            state=Case(held, default=Value(before)),
            attempts=F("attempts") - 1,
            lease_until=None,
        )


def _claim(limit: int) -> list[list[WebhookDelivery]]:
    """Lease due deliveries, a few of each list; another process takes others.

    A list whose receiver fails is tried by one process at a time, so that it cannot
    hold up all of them.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        due = WebhookDelivery.objects.filter(state__in=_OPEN, next_at__lte=now)
        due = due.exclude(list__in=_failing_in_hand())
        rows = due.order_by("next_at").select_for_update(skip_locked=True, of=("self",))
        taken: list[int] = []
        per_list: dict[int, int] = {}
        for pk, list_id in rows.values_list("id", "list_id")[: limit * 10]:
            per_list[list_id] = per_list.get(list_id, 0) + 1
            if per_list[list_id] <= CLAIM_PER_LIST and len(taken) < limit:
                taken.append(pk)
        WebhookDelivery.objects.filter(pk__in=taken).update(
            state=DeliveryState.DELIVERING,
            attempts=F("attempts") + 1,
            lease_until=Now() + LEASE,
        )
    found = WebhookDelivery.objects.filter(pk__in=taken).select_related("list")
    by_list: dict[int, list[WebhookDelivery]] = {}
    for delivery in found.order_by("id"):
        by_list.setdefault(delivery.list_id, []).append(delivery)
    return list(by_list.values())


def _failing_in_hand() -> QuerySet[WebhookDelivery, int]:
    in_hand = WebhookDelivery.objects.filter(
        state=DeliveryState.DELIVERING, lease_until__gt=Now()
    )
    failing = in_hand.filter(list__webhook_failing_since__isnull=False)
    return failing.values_list("list", flat=True)


def deliver(delivery: WebhookDelivery) -> bool:
    """One try: sign, post, record. Only a 2xx answer is success; 410 disables.

    Returns whether it was one.
    """
    now = timezone.now()
    headers = signed_headers(delivery, now)
    url = delivery.list.webhook_url
    try:
        answer = _client.post(
            url,
            body=delivery.body.encode(),
            headers=headers,
            deadline_seconds=DEADLINE_SECONDS,
        )
    except egress.EgressError as error:
        _record_failure(delivery, {"at": now.isoformat(), "error": error.message})
        return False
    tried = {
        "at": now.isoformat(),
        "status": answer.status,
        "milliseconds": round(answer.seconds * 1000),
        "response": answer.body.decode("utf-8", "replace").replace("\x00", ""),
    }
    if 200 <= answer.status < 300:
        _record_success(delivery, tried)
        return True
    _record_failure(delivery, tried, retry_after=answer.headers.get("retry-after"))
    if answer.status == 410:
        disable(delivery.list)
    return False


def _this_try(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(
        pk=delivery.pk, attempts=delivery.attempts, state=DeliveryState.DELIVERING
    )


def _record_success(delivery: WebhookDelivery, tried: dict[str, Any]) -> None:
    _this_try(delivery).update(
        state=DeliveryState.DELIVERED,
        tries=[*delivery.tries, tried][-_TRIES_KEPT:],
        delivered_at=timezone.now(),
        lease_until=None,
    )
    OptOutList.objects.filter(
        pk=delivery.list_id, webhook_failing_since__isnull=False
    ).update(webhook_failing_since=None)


def _record_failure(
    delivery: WebhookDelivery, tried: dict[str, Any], *, retry_after: str | None = None
) -> None:
    """Wait for the next try, or show the delivery as failed after the last."""
    is_last = delivery.attempts > len(WAITS)
    changes: dict[str, Any] = {
        "state": DeliveryState.EXHAUSTED if is_last else DeliveryState.RETRY,
        "tries": [*delivery.tries, tried][-_TRIES_KEPT:],
        "lease_until": None,
    }
    if not is_last:
        wait = WAITS[delivery.attempts - 1] * uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
        wait = max(wait, _asked_wait(retry_after))
        changes["next_at"] = timezone.now() + wait
    _this_try(delivery).update(**changes)
    OptOutList.objects.filter(pk=delivery.list_id, webhook_failing_since=None).update(
        webhook_failing_since=timezone.now()
    )
    if is_last:
        notices.webhook_failed(delivery)


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


def sweep_leases() -> int:
    """Deliveries whose worker is gone are due again with the same id; their number."""
    lost = WebhookDelivery.objects.filter(
        state=DeliveryState.DELIVERING, lease_until__lte=Now()
    )
    return lost.update(
        state=DeliveryState.RETRY, next_at=timezone.now(), lease_until=None
    )


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


def release_held() -> int:
    """What was announced in the moment of an `enable` does not stay held."""
    return WebhookDelivery.objects.filter(
        state=DeliveryState.HELD, list__webhook_disabled_at=None
    ).update(state=DeliveryState.PENDING)
