"""The door in: every message of a person is stored first, then handled, once."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from optout import wake
from optout.addresses import InvalidAddress
from optout.models import Channel
from teambox import keyword_requests, smart_replies, threads
from teambox.keyword_requests import Handled
from teambox.models import EventState, InboundEvent

logger = logging.getLogger(__name__)

HANDLE_INBOUND = "teambox.tasks.handle_inbound"

# After each failed try; about 31 hours in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
MAX_TRIES = len(WAITS) + 1
CLAIM = 20
# Longer than a claim's events can take, each waiting 2 s for messages on their way. By
# the database's clock: that of a process may be wrong.
LEASE = timedelta(seconds=60)
COPY_WAITS_SECONDS = 3.0
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Received:
    """A stored event; what it did, or `stored` as long as that is still to come."""

    event: InboundEvent
    duplicate: bool

    @property
    def outcome(self) -> str:
        """The event's outcome, `stored` while it has none."""
        return self.event.outcome or EventState.STORED.value

    @property
    def lists(self) -> list[int]:
        """The lists the outcome speaks of."""
        return list(self.event.answer.get("lists", ()))


def receive(
    *,
    channel: Channel,
    sender: str,
    text: str,
    message_id: str,
    sent_at: datetime | None = None,
    payload: Mapping[str, Any] | None = None,
    already_answered: bool = False,
) -> Received:
    """Store a person's message for good, then do what it asks for.

    A copy (same channel and `message_id`, of at most 255 characters) has no second
    effect and gets the first one's answer, for which it waits up to 3 seconds. What
    fails after the message is stored waits for `handle_due`, and is no failure here.
    `already_answered` says that the provider has told the person itself.
    """
    event, is_first = _store(
        channel,
        message_id,
        sender=sender[:400],
        text=text,
        payload=dict(payload or {}),
        sent_at=sent_at,
        already_answered=already_answered,
    )
    if is_first:
        _handle(event)
    else:
        _wait_for_first(event)
    return Received(event, duplicate=not is_first)


def _store(
    channel: Channel, message_id: str, **columns: Any
) -> tuple[InboundEvent, bool]:
    """The event, committed and leased to us if it is new; whether it is."""
    columns = {name: _storable(value) for name, value in columns.items()}
    mine = {"attempts": 1, "lease_until": Now() + LEASE}
    with transaction.atomic(durable=True):
        return InboundEvent.objects.get_or_create(
            channel=channel,
            provider_event_id=_storable(message_id),
            defaults=columns | mine,
        )


def _storable(value: Any) -> Any:
    """The same without NUL and half surrogate pairs, which no database takes."""
    match value:
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case dict():
            return {_storable(name): _storable(inner) for name, inner in value.items()}
        case list():
            return [_storable(inner) for inner in value]
    return value


def _wait_for_first(event: InboundEvent) -> None:
    give_up_at = time.monotonic() + COPY_WAITS_SECONDS
    while event.is_in_hand and time.monotonic() < give_up_at:
        time.sleep(_PAUSE_SECONDS)
        event.refresh_from_db()


# Handling


def handle_due(*, limit: int = CLAIM) -> int:
    """Handle what an earlier try has left; how many were taken in hand.

    Any number of processes may run it.
    """
    claimed = _claim(limit)
    for event in claimed:
        _handle(event)
    return len(claimed)


def _claim(limit: int) -> list[InboundEvent]:
    """Lease events that are due; those whose worker is gone are due again."""
    with transaction.atomic(durable=True):
        due = InboundEvent.objects.filter(
            Q(lease_until=None) | Q(lease_until__lte=Now()),
            state=EventState.STORED,
            next_at__lte=timezone.now(),
        )
        rows = due.order_by("next_at").select_for_update(skip_locked=True)
        ids = list(rows.values_list("id", flat=True)[:limit])
        InboundEvent.objects.filter(pk__in=ids).update(
            attempts=F("attempts") + 1, lease_until=Now() + LEASE
        )
    found = InboundEvent.objects.filter(pk__in=ids).select_related("channel")
    return list(found.order_by("id"))


def _handle(event: InboundEvent) -> None:
    """Try a claimed event once. Raises nothing: what is stored is not lost."""
    columns = _attempt(event)
    open_still = InboundEvent.objects.filter(pk=event.pk, state=EventState.STORED)
    try:
        open_still.update(lease_until=None, **columns)
        event.refresh_from_db()
    except DatabaseFailure:
        logger.exception("Inbound event %s waits for its lease to end", event.pk)


def _attempt(event: InboundEvent) -> dict[str, Any]:
    """Handle it; answers the columns that tell what became of it.

    What the keywords did stands whatever happens to the conversation and to smart
    replies afterwards.
    """
    if event.attempts > MAX_TRIES:
        return _failed(event, "Its worker stopped each time.")
    did: dict[str, Any] = {}
    try:
        handled = keyword_requests.handle(event)
        did = _did(handled)
        conversation = threads.take_in(event, handled)
        smart_replies.respond(event, handled, conversation)
    except InvalidAddress as error:
        return did | _failed(event, error.message)
    except Exception as error:  # whatever it is, the message stays for another try
        logger.exception("Inbound event %s could not be handled", event.pk)
        return did | _later(event, f"{type(error).__name__}: {error}")
    return did | {"state": EventState.DONE, "error": ""}


def _did(handled: Handled) -> dict[str, Any]:
    answer = {"lists": handled.lists, "rule": handled.rule_id}
    return {"outcome": handled.outcome, "answer": answer}


def _later(event: InboundEvent, reason: str) -> dict[str, Any]:
    if event.attempts == MAX_TRIES:
        return _failed(event, reason)
    wait = WAITS[event.attempts - 1]
    return {"next_at": timezone.now() + wait, "error": reason[:300]}


def _failed(event: InboundEvent, reason: str) -> dict[str, Any]:
    logger.error("Inbound event %s needs a person: it was given up", event.pk)
    return {"state": EventState.FAILED, "error": reason[:300]}


def given_up() -> int:
    """How many events failed for good, until somebody lets them be tried again."""
    return InboundEvent.objects.filter(state=EventState.FAILED).count()


def retry(event: InboundEvent) -> bool:
    """Let a failed event be tried from the start; False if it is not failed."""
    freed = InboundEvent.objects.filter(pk=event.pk, state=EventState.FAILED).update(
        state=EventState.STORED, attempts=0, next_at=timezone.now(), lease_until=None
    )
    wake.hint(HANDLE_INBOUND)
    return bool(freed)
