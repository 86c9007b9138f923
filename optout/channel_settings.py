"""Setting channels up: a number for a new one, testing a connection, a test message."""

from optout import outbox
from optout.actors import Actor
from optout.addresses import Address
from optout.channels.base import TransportError, transport_class
from optout.deadlines import Watchdog
from optout.models import (
    Channel,
    Content,
    OutgoingMessage,
    Purpose,
    Workspace,
    connected_channels,
    default_list,
)
from optout.outbox import Recipient
from optout.sender import open_transport

TEST_SECONDS = 20.0


def next_channel_id(kind: str) -> int:
    """The first number from the kind's own start on that no channel has."""
    number = transport_class(kind).first_channel_id
    taken = set(
        connected_channels()
        .filter(channel_id__gte=number)
        .values_list("channel_id", flat=True)
    )
    while number in taken:
        number += 1
    return number


def test_connection(channel: Channel) -> str | None:
    """Connect and log in without sending; None if it works, else the reason.

    Takes at most `TEST_SECONDS`, or the timeout that the channel itself sets.
    """
    transport = open_transport(channel)
    watchdog = Watchdog()
    try:
        with watchdog.guard(transport.abort, TEST_SECONDS):
            transport.test()
    except TransportError as error:
        return error.reason
    except ValueError as error:  # a host or a log-in that cannot be written down
        return f"The settings cannot be used: {error}"
    finally:
        watchdog.close()
        transport.close()
    return None


def send_test(channel: Channel, address: Address, actor: Actor) -> OutgoingMessage:
    """Queue a test message to one address, unless it is on the default list.

    Its unsubscribe link opts nobody out.
    """
    company = Workspace.load().name
    content = Content.objects.create(
        subject=f"Test message from {company}",
        text=(
            f"This is a test message from {company} on the channel “{channel.name}”. "
            "You need not do anything."
        ),
    )
    batch = outbox.open_batch(
        channel=channel,
        purpose=Purpose.TEST,
        lists=[default_list()],
        created_by_id=actor.user_id,
    )
    return outbox.put(batch, content, Recipient(address.key, address.address))
