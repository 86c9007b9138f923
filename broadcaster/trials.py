"""Sending a draft's words to oneself: one message, gated, that opts nobody out."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from broadcaster.broadcasts import BroadcastError, Words
from broadcaster.models import Broadcast
from broadcaster.samples import Sample
from optout import content, outbox
from optout.actors import Actor
from optout.addresses import Address
from optout.models import (
    Content,
    OutgoingBatch,
    OutgoingMessage,
    Purpose,
    default_list,
)
from optout.outbox import Recipient

MOST_AN_HOUR = 20


def send_test(
    broadcast: Broadcast,
    words: Words,
    address: Address,
    *,
    actor: Actor,
    sample: Sample | None = None,
) -> OutgoingMessage:
    """Queue the words as the sample would read them, to an address of ours.

    It selects the default list and the broadcast's, so that who opted out gets no test
    either; its unsubscribe link is a dead one. Each call sends again. Raises
    BroadcastError for words that lack something, and `too_many_tests`.
    """
    _require_sendable(broadcast, words)
    _require_few(actor)
    names = content.variables(words.subject, words.text, words.html)
    values = content.used_values(names, sample.to.variables if sample else {})
    with transaction.atomic():
        written = Content.objects.create(
            subject=words.subject, text=words.text, html=words.html
        )
        to = Recipient(address.key, address.address, values)
        return outbox.put(_open_batch(broadcast, actor), written, to)


def _open_batch(broadcast: Broadcast, actor: Actor) -> OutgoingBatch:
    selected = broadcast.batch.lists.all()
    return outbox.open_batch(
        channel=broadcast.channel,
        purpose=Purpose.TEST,
        label=broadcast.name,
        lists=list(dict.fromkeys([default_list(), *selected])),
        unsubscribe_list=broadcast.batch.unsubscribe_list,
        created_by_id=actor.user_id,
    )


def _require_sendable(broadcast: Broadcast, words: Words) -> None:
    if not broadcast.channel.is_active:
        message = f"The channel “{broadcast.channel}” is not active."
        raise BroadcastError("inactive_channel", message)
    if not (words.text.strip() or words.html.strip()):
        raise BroadcastError("message_required", "Write the message first.")
    if broadcast.is_email and not words.subject.strip():
        raise BroadcastError("subject_required", "An email needs a subject.")


def _require_few(actor: Actor) -> None:
    """Counted by the rows that are there: nobody's tests are lost with a cache."""
    since = timezone.now() - timedelta(hours=1)
    sent = OutgoingBatch.objects.filter(
        purpose=Purpose.TEST, created_by_id=actor.user_id, created_at__gt=since
    )
    if sent.count() >= MOST_AN_HOUR:
        message = f"At most {MOST_AN_HOUR} test messages an hour. Try again later."
        raise BroadcastError("too_many_tests", message)


def tests_of(broadcast: Broadcast) -> QuerySet[OutgoingMessage]:
    """The test messages on the broadcast's channel."""
    return OutgoingMessage.objects.filter(
        channel=broadcast.channel, batch__purpose=Purpose.TEST
    )


def last_address(broadcast: Broadcast, *, actor: Actor) -> str:
    """Where somebody's last test of this kind went to; empty before the first."""
    kind = broadcast.channel.address_kind
    mine = OutgoingMessage.objects.filter(
        batch__purpose=Purpose.TEST,
        batch__created_by_id=actor.user_id,
        channel__address_kind=kind,
    )
    return mine.order_by("-id").values_list("address", flat=True).first() or ""
