"""What the demo has sent and received: broadcasts, answers of people, webhooks."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.utils import timezone

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout import handover, sender, webhooks
from optout.actors import Actor
from optout.models import (
    Channel,
    DeliveryEvent,
    DeliveryState,
    Entry,
    MessageState,
    OptOutList,
    OutgoingMessage,
    WebhookDelivery,
)
from optout.webhook_queue import WAITS
from optout_project.demo.people import COUNT, Person, person

SALE = "Autumn sale"
LETTER = "November newsletter"
WEBHOOK_URL = "https://example.com/hooks/opt-outs"
SECONDS_TO_SEND = 6.0

_SALE_TEXT = (
    "Hi {{name|there}}, 20% off everything in {{city|our shops}} until Sunday. "
    "Reply STOP to opt out."
)
_LETTER_TEXT = (
    "Hello {{name|there}},\n\nthe new season is here: lighter boots, warmer lamps and "
    "a repair table every Saturday.\n\nSee you soon"
)
_LETTER_HTML = (
    "<h1>The new season is here</h1><p>Hello {{name|there}},</p>"
    "<p>lighter boots, warmer lamps and a repair table every Saturday.</p>"
    "<p>See you soon</p>"
)
# These have opted out of nothing yet; of the first hundred and twenty, each has once.
NEW = range(COUNT - 64, COUNT)
_LISTED = range(0, 120, 6)


def make_broadcasts(
    phone: Channel, mailbox: Channel, lists: Sequence[OptOutList], actor: Actor
) -> None:
    """A broadcast that was sent and one that is still written; each is made once."""
    if not Broadcast.objects.filter(name=SALE).exists():
        sale = broadcasts.create(name=SALE, channel=phone, actor=actor)
        broadcasts.write(sale, Words(text=_SALE_TEXT))
        _address(sale, [person(number) for number in (*_LISTED, *NEW)])
        broadcasts.set_lists(sale, [row.pk for row in lists])
        preparing.launch(sale, actor=actor)
        _send(sale)
    if not Broadcast.objects.filter(name=LETTER).exists():
        letter = broadcasts.create(name=LETTER, channel=mailbox, actor=actor)
        words = Words(_LETTER_TEXT, "The new season is here", _LETTER_HTML)
        broadcasts.write(letter, words)
        _address(letter, [person(number) for number in range(60, 160)])
        broadcasts.set_lists(letter, [row.pk for row in lists])


def _address(broadcast: Broadcast, people: Iterable[Person]) -> None:
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["name", "number", "email", "city"])
    rows.writerows([row.name, row.phone, row.email, row.city] for row in people)
    stored = io.BytesIO(file.getvalue().encode())
    broadcasts.set_recipients(broadcast, stored, file_name="customers.csv")


def _send(sale: Broadcast) -> None:
    """Hand everything over, then let the receipts of a usual day come in."""
    sender.send_due(seconds=SECONDS_TO_SEND)
    now = timezone.now()
    sent = OutgoingMessage.objects.filter(batch=sale.batch, state=MessageState.SENT)
    for number, message in enumerate(sent):
        if number % 6:
            read_at = now if number % 3 else None
            handover.record_receipt(
                message_id=message.pk, delivered_at=now, read_at=read_at
            )
    handover.finish_batches()


# Webhooks


def make_deliveries(promotions: OptOutList) -> None:
    """Give the list a webhook with a past. Nothing is posted: the rows are made here.

    The one that waits is due in half a day.
    """
    if promotions.webhook_url or promotions.deliveries.exists():
        return
    OptOutList.objects.filter(pk=promotions.pk).update(webhook_url=WEBHOOK_URL)
    promotions.refresh_from_db()
    recent = Entry.objects.filter(list=promotions).order_by("-created_at")[:9]
    told = [_delivered(entry) for entry in recent]
    for delivery, tries in zip(told[1:3], (7, len(WAITS) + 1), strict=False):
        _fail(delivery, tries)
    WebhookDelivery.objects.bulk_create(reversed(told))
    failing_since = min((row.created_at for row in told[1:3]), default=None)
    OptOutList.objects.filter(pk=promotions.pk).update(
        webhook_failing_since=failing_since
    )


def _delivered(entry: Entry) -> WebhookDelivery:
    is_email = "@" in entry.address
    body = webhooks.body_of(
        entry.list,
        "" if is_email else entry.address,
        entry.address if is_email else None,
        entry.channel_id or None,
    )
    return WebhookDelivery(
        list=entry.list,
        event=DeliveryEvent.OPTED_OUT,
        webhook_id=f"msg_demo{entry.pk}",
        body=body,
        state=DeliveryState.DELIVERED,
        attempts=1,
        tries=[_answered(entry.created_at, 200, "ok")],
        created_at=entry.created_at,
        delivered_at=entry.created_at + timedelta(seconds=1),
    )


def _answered(at: datetime, status: int, response: str) -> dict[str, Any]:
    return {
        "at": at.isoformat(),
        "status": status,
        "milliseconds": 84,
        "response": response,
    }


def _fail(delivery: WebhookDelivery, tries: int) -> None:
    """Let a delivery have failed so often, the last time just now."""
    waits = list(accumulate(WAITS[: tries - 1], initial=timedelta(0)))
    began_at = timezone.now() - waits[-1] - timedelta(minutes=5)
    is_over = tries > len(WAITS)
    delivery.state = DeliveryState.EXHAUSTED if is_over else DeliveryState.RETRY
    delivery.attempts = tries
    delivery.tries = [
        _answered(began_at + wait, 503, "down for maintenance") for wait in waits
    ]
    delivery.created_at = began_at
    delivery.delivered_at = None
    delivery.next_at = timezone.now() + timedelta(hours=12)
