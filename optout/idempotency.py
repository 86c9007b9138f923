"""Requests that carry an idempotency key: claimed once, their answers kept a while."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from optout.models import ApiKey, IdempotentRequest
from optout.models.fields import seal, unseal

KEPT = timedelta(hours=48)
# Longer than any request lives: who claimed before that is gone.
LEASE = timedelta(minutes=5)


class InFlight(Exception):
    """The first request with this key has not been answered yet."""


class Mismatch(Exception):
    """The key was used before, for another request."""


class LostClaim(Exception):
    """Another request has taken over: what this one did must not count."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request was answered; kept encrypted, as it may hold secrets."""

    status: int
    body: Any


def claim(api_key: ApiKey, key: str, *, fingerprint: str) -> IdempotentRequest | Answer:
    """The right to do the request, or the answer it got before.

    Of concurrent requests with one key exactly one gets the right. A claim whose
    process died is open again after the lease. Raises InFlight and Mismatch.
    """
    row, is_new = IdempotentRequest.objects.get_or_create(
        api_key=api_key, key=key, defaults={"fingerprint": fingerprint}
    )
    if is_new:
        return row
    if row.fingerprint != fingerprint:
        raise Mismatch
    if row.status is not None:
        return Answer(row.status, unseal(row.body))
    if not _take_over(row):
        raise InFlight
    return row


def _take_over(row: IdempotentRequest) -> bool:
    now = timezone.now()
    if row.created_at > now - LEASE:
        return False
    taken = _claimed(row).update(created_at=now)
    row.created_at = now
    return bool(taken)


def finish(row: IdempotentRequest, answer: Answer) -> None:
    """Keep the answer; in the transaction of the effect, where there is one.

    Raises LostClaim when another request took over after the lease.
    """
    kept = _claimed(row).update(status=answer.status, body=seal(answer.body))
    if not kept:
        raise LostClaim


def release(row: IdempotentRequest) -> None:
    """Forget a request that failed: its key may try again, also with other data."""
    _claimed(row).delete()


def forget_old() -> int:
    """Remove requests older than KEPT; how many."""
    old = IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def _claimed(row: IdempotentRequest) -> Any:
    """The row as long as it is this request's: the time of the claim is the fence."""
    return IdempotentRequest.objects.filter(
        pk=row.pk, status=None, created_at=row.created_at
    )
