"""The states a message goes through from the claim to the receipt.

`queued → sending → sent → delivered → read`; `sending → suppressed | failed |
queued | unknown`; `unknown → sent | queued` by the provider's answer. A result counts
only for the attempt that was claimed, so a sender that lost its lease changes nothing
but may still turn `unknown` into `sent`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from optout import marking
from optout.marking import Claimed
from optout.models import (
    OPTOUT_NUMBER,
    BatchState,
    Channel,
    ErrorCode,
    MessageState,
    OutgoingBatch,
    OutgoingMessage,
    Purpose,
)
from optout.prepared import DATABASE_TIME, Prepared, among

MAX_ATTEMPTS = 5
WAITS = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10))

Message = OutgoingMessage | Claimed


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages of one batch, marked `sending` and committed, for one sender."""

    batch: OutgoingBatch
    messages: list[Claimed]


def claim(batch: OutgoingBatch, limit: int) -> Claim:
    """Mark up to `limit` due messages `sending`, with a lease, and pace the channel.

    Empty when another sender was quicker. Committed before it returns, so that an
    opt-out which looks for `sending` messages finds them.
    """
    with transaction.atomic(durable=True):
        return Claim(batch, marking.mark(batch, limit))


def _sending() -> QuerySet[OutgoingMessage]:
    """What a provider call may be taking out now: marked, with a live lease."""
    return OutgoingMessage.objects.filter(
        state=MessageState.SENDING, lease_until__gt=Now()
    )


_ON_THEIR_WAY = """
SELECT id FROM optout_outgoingmessage
WHERE key {among_keys} AND state = 'sending' AND lease_until > {now}
"""
_on_their_way = Prepared(
    _ON_THEIR_WAY.format(among_keys=among("keys"), now=DATABASE_TIME)
)


def on_their_way(keys: Collection[UUID]) -> set[int]:
    """Ids of the messages to these keys that are leaving now."""
    return {pk for (pk,) in _on_their_way.fetch_all({"keys": list(keys)})}


def still_on_their_way(ids: Collection[int]) -> set[int]:
    """Those of these messages that are leaving still."""
    return set(_sending().filter(pk__in=ids).values_list("id", flat=True))


# Results of an attempt


def _attempt_of(message: Message) -> QuerySet[OutgoingMessage]:
    """The message as long as this claim of it counts.

    The lease tells it from a later claim with the same number: an attempt that was
    given back is counted again.
    """
    return OutgoingMessage.objects.filter(
        pk=message.pk,
        attempt=message.attempt,
        lease_until=message.lease_until,
        state=MessageState.SENDING,
    )


def give_back(message: Message, wait: timedelta = timedelta(0)) -> None:
    """Nothing was sent: queued again with the attempt returned, or cancelled."""
    _attempt_of(message).update(
        state=_queued_or_cancelled(),
        attempt=F("attempt") - 1,
        next_at=timezone.now() + wait,
        lease_until=None,
    )


def _queued_or_cancelled() -> Case:
    cancelled = OutgoingBatch.objects.filter(
        pk=OuterRef("batch_id"), state=BatchState.CANCELLED
    )
    return Case(
        When(Exists(cancelled), then=Value(MessageState.CANCELLED)),
        default=Value(MessageState.QUEUED),
    )


def suppress(message: Message, *, entry_id: int | None, hold_id: int | None) -> None:
    """The gate withheld it: shown as Failed – Optout Number, never counted failed."""
    code = ErrorCode.OPTED_OUT if entry_id else ErrorCode.UNDER_REVIEW
    _attempt_of(message).update(
        state=MessageState.SUPPRESSED,
        error=OPTOUT_NUMBER,
        error_code=code,
        entry=entry_id,
        hold=None if entry_id else hold_id,
        lease_until=None,
    )


# A receipt may have come before the result: the furthest state stands.
_RECORD_SENT = Prepared("""
UPDATE optout_outgoingmessage
SET state = CASE WHEN read_at IS NOT NULL THEN 'read'
                 WHEN delivered_at IS NOT NULL THEN 'delivered'
                 ELSE 'sent' END,
    provider_id = %(provider_id)s, sent_at = %(now)s, lease_until = NULL,
    error = '', error_code = ''
WHERE id = %(id)s AND attempt = %(attempt)s AND state IN ('sending', 'unknown')
""")


def record_sent(message: Message, provider_id: str) -> None:
    """The provider took it. Counts for a message whose lease ended meanwhile, too."""
    _RECORD_SENT.run(
        {
            "id": message.pk,
            "attempt": message.attempt,
            "provider_id": provider_id,
            "now": timezone.now(),
        }
    )


def record_failed(message: Message, reason: str, code: ErrorCode) -> None:
    """A definite no: the message will not be tried again."""
    _attempt_of(message).update(
        state=MessageState.FAILED, error=reason, error_code=code, lease_until=None
    )


def record_later(
    message: Message, reason: str, wait_seconds: float | None = None
) -> None:
    """Refused for now, nothing accepted: queued for a later try, failed at the end."""
    if message.attempt >= MAX_ATTEMPTS:
        record_failed(message, reason, ErrorCode.TRIES_USED_UP)
        return
    wait = WAITS[min(message.attempt, len(WAITS)) - 1]
    if wait_seconds is not None:
        wait = max(wait, timedelta(seconds=min(wait_seconds, 86_400)))
    _attempt_of(message).update(
        state=_queued_or_cancelled(),
        next_at=timezone.now() + wait,
        error=reason,
        lease_until=None,
    )


def record_unknown(message: Message, reason: str) -> None:
    """Nobody knows whether the provider took it: asked, never sent again blindly."""
    _attempt_of(message).update(
        state=MessageState.UNKNOWN,
        error=reason,
        error_code=ErrorCode.NO_ANSWER,
        lease_until=None,
    )


def sweep_leases() -> int:
    """Messages whose sender is gone become unknown; their number."""
    lost = OutgoingMessage.objects.filter(
        state=MessageState.SENDING, lease_until__lte=Now()
    )
    return lost.update(
        state=MessageState.UNKNOWN,
        error="The sender stopped before the provider's answer was recorded.",
        error_code=ErrorCode.NO_ANSWER,
        lease_until=None,
    )


def channels_with_unknown() -> QuerySet[Channel]:
    """Channels whose provider owes an answer about a message."""
    unknown = OutgoingMessage.objects.filter(state=MessageState.UNKNOWN)
    return Channel.objects.filter(pk__in=unknown.values("channel"))


def unknown_messages(channel_id: int, *, limit: int = 500) -> list[OutgoingMessage]:
    """What a provider that can look messages up has to be asked about."""
    unknown = OutgoingMessage.objects.filter(
        batch__channel=channel_id, state=MessageState.UNKNOWN
    )
    return list(unknown.order_by("id")[:limit])


def settle_unknown(message: Message, provider_id: str | None) -> None:
    """The provider's answer: taken (its id), or not taken (None): queued again."""
    if provider_id is not None:
        record_sent(message, provider_id)
        return
    unknown = OutgoingMessage.objects.filter(
        pk=message.pk, attempt=message.attempt, state=MessageState.UNKNOWN
    )
    unknown.update(
        state=_queued_or_cancelled(), next_at=timezone.now(), error="", error_code=""
    )


def record_receipt(
    *, message_id: int, delivered_at: datetime | None, read_at: datetime | None
) -> None:
    """What the provider tells afterwards. States only move on; repeats change nothing.

    A receipt never ends `sending`: the result does, and finds the receipt's times.
    """
    message = OutgoingMessage.objects.filter(pk=message_id)
    if delivered_at:
        message.filter(delivered_at=None).update(delivered_at=delivered_at)
    if read_at:
        message.filter(read_at=None).update(read_at=read_at)
    taken = (
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.UNKNOWN,
    )
    reached = MessageState.READ if read_at else MessageState.DELIVERED
    before = taken if read_at else (MessageState.SENT, MessageState.UNKNOWN)
    message.filter(state__in=before).update(
        state=reached,
        sent_at=Coalesce("sent_at", Value(delivered_at or read_at)),
        error="",
        error_code="",
    )


def finish_batches() -> int:
    """Running batches of which nothing is left to send are finished; their number."""
    ending = (Purpose.BROADCAST, Purpose.API, Purpose.TEST)
    left = OutgoingMessage.objects.filter(
        batch=OuterRef("pk"), state__in=(MessageState.QUEUED, MessageState.SENDING)
    )
    done = OutgoingBatch.objects.filter(
        ~Exists(left), state=BatchState.RUNNING, purpose__in=ending
    )
    return done.update(state=BatchState.FINISHED, finished_at=timezone.now())


def cancel_leftovers() -> int:
    """Cancel what a late claim left queued in a cancelled batch; the number."""
    left = OutgoingMessage.objects.filter(
        state=MessageState.QUEUED, batch__state=BatchState.CANCELLED
    )
    return left.update(state=MessageState.CANCELLED)
