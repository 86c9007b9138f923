"""Delivering webhooks: claim what is due, post it, record each try, never drop one."""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from django.db import connections
from django.utils import timezone

from optout import egress, webhook_queue
from optout.models import WebhookDelivery
from optout.stopping import stopping
from optout.webhook_queue import Try
from optout.webhooks import signed_headers

DEADLINE_SECONDS = 15.0
MARGIN_SECONDS = 5.0
CLAIM = 200
LISTS_AT_ONCE = 20
# Results wait at most this long to be written together: a commit costs more than
# the POST it is about. A crash in between repeats those tries, with the same ids.
RECORD_SECONDS = 1.0
_LOOK_SECONDS = 1.0

_client = egress.Client()


def deliver_due(*, limit: int = CLAIM) -> int:
    """Try the deliveries that are due, lists side by side; how many were tried.

    A slow receiver holds up its own list alone: the others go on meanwhile. Several
    processes may run it.
    """
    turns = _claim_turns(limit)
    if len(turns) == 1:
        return turns[0].take(seconds=RECORD_SECONDS)
    tried = 0
    with ThreadPoolExecutor(LISTS_AT_ONCE) as pool:
        taken: set[Future[int]] = set()
        while turns or taken:
            taken |= {pool.submit(turn.take_in_thread) for turn in turns}
            done, taken = wait(taken, _LOOK_SECONDS, return_when=FIRST_COMPLETED)
            tried += sum(turn.result() for turn in done)
            turns = _claim_turns(limit, LISTS_AT_ONCE - len(taken))
    return tried


def _claim_turns(limit: int, lists: int = LISTS_AT_ONCE) -> "list[_Turn]":
    """Take what is due of so many lists in hand, with the time that is left for it."""
    if not lists or stopping.is_set():
        return []
    fence = time.monotonic() + webhook_queue.LEASE.total_seconds()
    fence -= DEADLINE_SECONDS + MARGIN_SECONDS
    claimed = webhook_queue.claim(limit, lists=lists)
    return [_Turn(deliveries, fence) for deliveries in claimed]


@dataclass(frozen=True, slots=True)
class _Turn:
    """Deliveries of one list; no try starts after the fence, on the monotonic clock."""

    deliveries: list[WebhookDelivery]
    fence: float

    def take_in_thread(self) -> int:
        try:
            return self.take()
        finally:
            connections.close_all()

    def take(self, *, seconds: float = float("inf")) -> int:
        """Try them until one fails: the next would wait as long. How many were tried.

        The rest goes back, due as it was. A receiver that is gone disables its list.
        """
        until = min(self.fence, time.monotonic() + seconds)
        left = deque(self.deliveries)
        tries: list[Try] = []
        while left and _go_on_after(tries) and time.monotonic() < until:
            tries = _try_for_a_while(left, until)
        webhook_queue.give_back(list(left))
        if any(one.is_gone for one in tries):
            webhook_queue.disable(self.deliveries[0].list)
        return len(self.deliveries) - len(left)


def _try_for_a_while(left: deque[WebhookDelivery], until: float) -> list[Try]:
    """Take and try what fits into one record; the last may have failed."""
    until = min(until, time.monotonic() + RECORD_SECONDS)
    tries: list[Try] = []
    try:
        while left and _go_on_after(tries) and time.monotonic() < until:
            tries.append(_try(left.popleft()))
    finally:
        webhook_queue.record(tries)
    return tries


def _go_on_after(tries: Sequence[Try]) -> bool:
    return not stopping.is_set() and (not tries or tries[-1].is_success)


def _try(delivery: WebhookDelivery) -> Try:
    """Sign and post. Only a 2xx answer is success; 410 disables."""
    now = timezone.now()
    try:
        answer = _client.post(
            delivery.list.webhook_url,
            body=delivery.body.encode(),
            headers=signed_headers(delivery, now),
            deadline_seconds=DEADLINE_SECONDS,
        )
    except egress.EgressError as error:
        return Try(delivery, {"at": now.isoformat(), "error": error.message})
    facts = {
        "at": now.isoformat(),
        "status": answer.status,
        "milliseconds": round(answer.seconds * 1000),
        "response": answer.body.decode("utf-8", "replace").replace("\x00", ""),
    }
    return Try(delivery, facts, answer.headers.get("retry-after"))
