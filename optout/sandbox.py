"""What lies on the sandbox phone and in the sandbox mailbox, and what people wrote."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from optout import handover
from optout.models import Channel, SandboxMessage, connected_channels

KIND = "sandbox"
THREAD_LINES = 200
MAILS = 100
RECENT = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a thread; `outcome` tells what a person's message did."""

    at: datetime
    text: str
    is_persons: bool = False
    outcome: str = ""
    number: int = 0


Reader = Callable[[Channel, str, int], Sequence[Line]]
_readers: list[Reader] = []


def reads_what_people_wrote(reader: Reader) -> Reader:
    """Register who keeps people's messages: the floor above, which we cannot import.

    A reader gets channel, canonical address and how many lines; a repeat counts once.
    """
    if reader not in _readers:
        _readers.append(reader)
    return reader


def sandbox_channels(address_kind: str) -> list[Channel]:
    """The sandbox's channels that write to this kind of address."""
    return list(connected_channels().filter(kind=KIND, address_kind=address_kind))


def thread(channel: Channel, address: str) -> list[Line]:
    """What the phone got and what its owner wrote, the latest lines, oldest first."""
    got = SandboxMessage.objects.filter(channel=channel, address=address)
    lines = [
        Line(message.at, message.text, number=message.pk)
        for message in got.order_by("-id")[:THREAD_LINES]
    ]
    for reader in _readers:
        lines += reader(channel, address, THREAD_LINES)
    return sorted(lines, key=lambda line: line.at)[-THREAD_LINES:]


def mails(channel: Channel, address: str) -> list[SandboxMessage]:
    """The mails of an address, the latest first."""
    found = SandboxMessage.objects.filter(channel=channel, address=address)
    return list(found.order_by("-id")[:MAILS])


def recent_addresses(channel: Channel) -> list[str]:
    """The addresses the channel wrote to last, at most eight."""
    found = SandboxMessage.objects.filter(channel=channel).values_list("address")
    latest = found.annotate(last=Max("id")).order_by("-last")[:RECENT]
    return [address for address, _ in latest]


def open_mail(mail: SandboxMessage) -> None:
    """The person opens the mail: the provider tells us that it was read. Once."""
    now = timezone.now()
    opened = SandboxMessage.objects.filter(pk=mail.pk, opened_at=None)
    if opened.update(opened_at=now):
        handover.record_receipt(
            message_id=mail.message_id, delivered_at=now, read_at=now
        )
