"""Short answers to a person's keyword: the list's message, the START and HELP texts."""

from optout import outbox
from optout.models import Channel, Content, Entry, Purpose
from optout.outbox import Recipient

SUBJECT = "Your request"  # of an answer by email


def queue_list_message(entry: Entry, channel_id: int, *, to: int) -> None:
    """Queue the list's message to who opted out by inbound event `to`; once.

    It waits in the outbox until nothing else is leaving for that address: it is the
    last message, and tells the truth.
    """
    recipient = Recipient(key=entry.key, address=entry.address)
    channel = Channel.objects.get(pk=channel_id)
    queue(recipient, channel, entry.list.message, to=to)


def queue(recipient: Recipient, channel: Channel, text: str, *, to: int) -> None:
    """Queue a text to a person, once for each inbound event."""
    batch = outbox.standing_batch(channel, Purpose.LIST_MESSAGE)
    content = Content.objects.create(subject=SUBJECT, text=text)
    outbox.put(batch, content, recipient, dedupe=to)
