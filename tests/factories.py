"""Rows and words the tests share: channels, people, opt-outs, what was sent."""

from datetime import datetime

from optout import addresses, entries, lists, outbox, sender
from optout.actors import NO_EVIDENCE, Evidence
from optout.addresses import Address, AddressKind
from optout.models import (
    ALL_CHANNELS,
    Channel,
    Content,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    Purpose,
    Reason,
    SandboxMessage,
    Source,
    default_list,
)

ASHA = "+34600111222"
RAHUL = "+34600111333"
LEENA = "leena@example.org"


def make_channel(
    channel_id: int = 900, *, email: bool = False, **more: object
) -> Channel:
    """A sandbox channel, at full speed."""
    values = {
        "name": f"Sandbox {channel_id}",
        "kind": "sandbox",
        "address_kind": AddressKind.EMAIL if email else AddressKind.PHONE,
        "sender": "shop@example.org" if email else "+15550100",
        "rate": 10_000,
    }
    return Channel.objects.create(channel_id=channel_id, **values | more)


def make_list(name: str = "Promotions", keyword: str = "PROMO OFF") -> OptOutList:
    """A custom list with one keyword."""
    row = OptOutList(name=name, message=f"You left {name}.")
    return lists.save(row, lists.Words(keyword=keyword))


def opt_out(
    raw: str,
    *from_lists: OptOutList,
    channel_id: int = ALL_CHANNELS,
    source: Source = Source.PAGE,
    reason: Reason = Reason.STAFF,
    asked_at: datetime | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> entries.Outcome:
    """Opt one address out of these lists, or of the default list."""
    chosen = from_lists or (default_list(),)
    request = entries.Request(
        addresses=(addresses.parse(raw),),
        list_ids=tuple(row.pk for row in chosen),
        channel_id=channel_id,
        asked_at=asked_at,
        evidence=evidence,
    )
    return entries.opt_out(request, source=source, reason=reason)


def make_batch(
    channel: Channel, *selected: OptOutList, purpose: Purpose = Purpose.API
) -> OutgoingBatch:
    """A running send that selects these lists, or the default list."""
    return outbox.open_batch(
        channel=channel, purpose=purpose, lists=selected or (default_list(),)
    )


def recipient(raw: str, **variables: str) -> outbox.Recipient:
    found: Address = addresses.parse(raw)
    return outbox.Recipient(found.key, found.address, variables)


def queue(batch: OutgoingBatch, raw: str, text: str = "Hello") -> OutgoingMessage:
    """Put one message to an address into a batch."""
    content = Content.objects.create(text=text, subject="Hello")
    return outbox.put(batch, content, recipient(raw))


def drain() -> None:
    """Send all that is due, as a worker does."""
    sender.send_due(seconds=5)


def sent_texts(channel: Channel) -> list[str]:
    """What the sandbox provider has accepted on a channel, after a drain."""
    drain()
    texts = SandboxMessage.objects.filter(channel=channel).values_list(
        "text", flat=True
    )
    return list(texts)
