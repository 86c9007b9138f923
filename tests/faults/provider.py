"""A provider that is a file: it counts what it accepted and when each call ran.

Lines are appended whole, so they survive a kill -9 of the process that wrote them.
CLOCK_MONOTONIC is one clock for all processes of a machine.
"""

import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

from optout.addresses import AddressKind
from optout.channels.base import Accepted, Outgoing, Transport, register

LOG_VARIABLE = "FAULTS_PROVIDER_LOG"
SECONDS_VARIABLE = "FAULTS_PROVIDER_SECONDS"


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the provider's log: `start`, `end` or `accept` of a message."""

    event: str
    message_id: int
    address: str
    at: float


def append(path: Path, *words: object) -> None:
    """Add one line in one write."""
    line = " ".join(str(word) for word in words) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def read(path: Path) -> list[Call]:
    """The provider's log, in the order it was written."""
    rows = (line.split() for line in path.read_text().splitlines())
    return [Call(event, int(pk), to, float(at)) for event, pk, to, at in rows]


@register
class FileProvider(Transport):
    """Accepts after a moment, like a provider 2 to 10 milliseconds away."""

    kind = "file_provider"
    label = "File provider"
    address_kinds = (AddressKind.PHONE,)
    first_channel_id = 990
    threads = 4
    can_look_up = True

    def send(self, message: Outgoing) -> Accepted:
        path = Path(os.environ[LOG_VARIABLE])
        longest = float(os.environ.get(SECONDS_VARIABLE, "0.01"))
        append(path, "start", message.message_id, message.address, time.monotonic())
        time.sleep(random.uniform(longest / 5, longest))  # noqa: S311
        append(path, "accept", message.message_id, message.address, time.monotonic())
        append(path, "end", message.message_id, message.address, time.monotonic())
        return Accepted(f"fp-{message.message_id}")

    def look_up(self, message_id: int) -> Accepted | None:
        calls = read(Path(os.environ[LOG_VARIABLE]))
        taken = any(c.event == "accept" and c.message_id == message_id for c in calls)
        return Accepted(f"fp-{message_id}") if taken else None
