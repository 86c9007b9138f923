"""A run of a broadcast, through a provider that takes 20 ms to answer.

The whole of `sender.send_due` with the channel's threads, against the same number of
threads that call the same transport for a plain list of messages: no queue, no gate,
nothing written down.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench import scene
from bench.sending import Outbox
from bench.table import A_SECOND, Row, Target
from bench.timing import Variant
from optout import sender
from optout.addresses import AddressKind
from optout.channels.base import Accepted, Outgoing, Transport, register
from optout.models import BatchState, Channel, OutgoingBatch

MESSAGES = 100_000
LEAST_MESSAGES = 2_000
UNGATED_SHARE = 10  # the rival's speed is known sooner
ANSWER_SECONDS = 0.02
THREADS = 8


@register
class UnhurriedProvider(Transport):
    """Accepts after a while, as a provider does over a network."""

    kind = "bench_unhurried"
    label = "Bench, 20 ms"
    address_kinds = (AddressKind.PHONE,)
    first_channel_id = 810
    threads = THREADS

    def send(self, message: Outgoing) -> Accepted:
        time.sleep(ANSWER_SECONDS)
        return Accepted("taken")


def lines(scale: float) -> Iterator[Row]:
    """Messages handed over a second, and by the same threads with no gate at all."""
    channel = scene.channel(810, UnhurriedProvider.kind)
    OutgoingBatch.objects.update(state=BatchState.PAUSED)
    outbox = Outbox(max(int(MESSAGES * scale), LEAST_MESSAGES), channel)
    ours = Variant(
        lambda: sender.send_due(seconds=3600),
        prepare=outbox.refill,
        tidy=outbox.check,
    )
    few = outbox.size // UNGATED_SHARE
    ungated = Variant(lambda: send_ungated(channel, few))
    yield Row(
        f"a run of {outbox.size:,} messages, answered after 20 ms, {THREADS} threads",
        ours.seconds() / outbox.size,
        ungated.seconds() / few,
        "the threads alone, no gate",
        Target(0.9, is_least=True),
        A_SECOND,
    )


def send_ungated(channel: Channel, count: int) -> None:
    """Each thread calls a transport of its own for its share of the list."""
    messages = [Outgoing(n, 1, f"+349{n}", text="Hello") for n in range(count)]

    def send(share: int) -> None:
        transport = sender.open_transport(channel)
        for message in messages[share::THREADS]:
            transport.send(message)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, range(THREADS)))
