"""The opt-out webhook: its body, its secrets, and announcing it with the event."""

import base64
import json
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.utils import timezone
from standardwebhooks import Webhook

from optout import wake
from optout.addresses import AddressKind
from optout.models import (
    DeliveryEvent,
    DeliveryState,
    Entry,
    OptOutList,
    WebhookDelivery,
)
from optout.prepared import insert

OLD_SECRET_LASTS = timedelta(hours=24)
# Twenty a second: what a file brings never stands before an opt-out of the moment.
PACE = timedelta(milliseconds=50)


def announce(event: DeliveryEvent, entries: Sequence[Entry]) -> None:
    """Write one delivery for each list and person of these entries.

    Call it in the transaction of the event. `entries` of one list and channel are the
    addresses of one person: at most a number and an email each.
    """
    by_place = sorted(entries, key=lambda entry: (entry.list_id, entry.channel_id))
    deliveries = [
        delivery
        for _, group in groupby(by_place, key=lambda e: (e.list_id, e.channel_id))
        for delivery in _deliveries(event, list(group))
    ]
    if deliveries:
        insert(deliveries)
        wake.hint(wake.DELIVER_WEBHOOKS)


def announce_each(event: DeliveryEvent, entries: Iterable[Entry]) -> None:
    """`announce` for entries of many people: each has a delivery of its own."""
    deliveries = [one for entry in entries for one in _deliveries(event, [entry])]
    if deliveries:
        insert(deliveries)
        wake.hint(wake.DELIVER_WEBHOOKS)


def announce_paced(
    event: DeliveryEvent, people: Iterable[Sequence[Entry]], *, after: datetime
) -> datetime:
    """`announce` for many people, one delivery after the other; when the next may go.

    Each of `people` is the entries of one person in one list on one channel.
    """
    deliveries = [one for entries in people for one in _deliveries(event, entries)]
    for delivery in deliveries:
        delivery.next_at = after
        after += PACE
    insert(deliveries)
    return after


def _deliveries(
    event: DeliveryEvent, entries: Sequence[Entry]
) -> Iterable[WebhookDelivery]:
    opt_out_list = entries[0].list
    if not opt_out_list.webhook_url:
        return
    emails = [e for e in entries if e.address_kind == AddressKind.EMAIL]
    others = [e for e in entries if e.address_kind != AddressKind.EMAIL]
    for row in range(max(len(emails), len(others))):
        mobile = others[row].address if row < len(others) else ""
        email = emails[row].address if row < len(emails) else None
        channel_id = entries[0].channel_id or None
        yield _delivery(
            opt_out_list, event, body_of(opt_out_list, mobile, email, channel_id)
        )


def body_of(
    opt_out_list: OptOutList, mobile: str, email: str | None, channel_id: int | None
) -> str:
    """The documented body: exactly four keys, `mobile` a JSON number without plus."""
    digits = mobile.removeprefix("+")
    return json.dumps(
        {
            "opt_list_name": opt_out_list.name,
            "mobile": int(digits) if digits.isdecimal() else None,
            "email": email,
            "channel_id": channel_id,
        },
        ensure_ascii=False,
    )


def _delivery(
    opt_out_list: OptOutList, event: DeliveryEvent, body: str
) -> WebhookDelivery:
    is_held = opt_out_list.webhook_disabled_at is not None
    return WebhookDelivery(
        list=opt_out_list,
        event=event,
        webhook_id=f"msg_{uuid.uuid4().hex}",
        body=body,
        state=DeliveryState.HELD if is_held else DeliveryState.PENDING,
    )


def announce_test(opt_out_list: OptOutList) -> WebhookDelivery:
    """Queue a delivery of made-up data, marked `test` in its header."""
    body = body_of(opt_out_list, "+15005550006", "person@example.com", None)
    delivery = _delivery(opt_out_list, DeliveryEvent.TEST, body)
    delivery.save()
    wake.hint(wake.DELIVER_WEBHOOKS)
    return delivery


def new_secret() -> str:
    """A Standard Webhooks signing secret of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def rotate_secret(opt_out_list: OptOutList) -> str:
    """Give the list a new secret; the old one signs beside it for 24 hours."""
    now = timezone.now()
    fresh = new_secret()
    opt_out_list.webhook_secrets = {
        "current": fresh,
        "previous": opt_out_list.webhook_secrets.get("current", ""),
        "previous_until": (now + OLD_SECRET_LASTS).isoformat(),
    }
    opt_out_list.save(update_fields=["webhook_secrets"])
    return fresh


def signing_secrets(opt_out_list: OptOutList, now: datetime) -> list[str]:
    """The secrets that sign at this time, the current one first."""
    known = opt_out_list.webhook_secrets
    both = [known.get("current", "")]
    if known.get("previous") and datetime.fromisoformat(known["previous_until"]) > now:
        both.append(known["previous"])
    return [secret for secret in both if secret]


def signed_headers(delivery: WebhookDelivery, now: datetime) -> dict[str, str]:
    """Standard Webhooks 1.0: id, time of this try, a signature by each live secret."""
    signatures = (
        Webhook(secret).sign(delivery.webhook_id, now, delivery.body)
        for secret in signing_secrets(delivery.list, now)
    )
    return {
        "content-type": "application/json",
        "user-agent": "Optout-Webhooks/1.0",
        "webhook-id": delivery.webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        "webhook-event": delivery.event,
    }
