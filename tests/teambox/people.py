"""A person who writes to a channel, and what the product then holds against them."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from optout import addresses, gate
from optout.models import Channel, OptOutList, default_list
from teambox.inbound import Received, receive
from tests.factories import ASHA

_numbers = count(1)
UNCLEAR = "do NOT contact me at work, my boss said stop it already ok?"
LONG_AGO = timezone.now() - timedelta(days=1)


def minute(number: int) -> datetime:
    """A time in the past; a higher number is later."""
    return LONG_AGO + timedelta(minutes=number)


def say(
    channel: Channel,
    text: str,
    *,
    sender: str = ASHA,
    message_id: str = "",
    sent_at: datetime | None = None,
    **more: Any,
) -> Received:
    """A message arrives on the channel; each has an id of its own unless given."""
    return receive(
        channel=channel,
        sender=sender,
        text=text,
        message_id=message_id or f"m{next(_numbers)}",
        sent_at=sent_at,
        **more,
    )


def is_out(
    channel: Channel, sender: str = ASHA, from_list: OptOutList | None = None
) -> bool:
    """Whether the gate withholds marketing that selects this (or the default) list."""
    key = addresses.parse(sender).key
    lists = [(from_list or default_list()).pk]
    return bool(gate.suppressed(channel_id=channel.pk, keys=[key], list_ids=lists))
