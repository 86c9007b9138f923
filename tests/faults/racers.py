"""What the processes of a race do: send, or opt people out and note when.

Those who opt people out are told whom, a range of numbers at a time. Their notes stand
beside the provider's log.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from optout import addresses, barrier, entries, sender
from optout.models import ALL_CHANNELS, Channel, Reason, Source, default_list
from teambox import inbound
from teambox.models import InboundOutcome
from tests.faults import program, provider, wrong_gates

GATE_VARIABLE = "FAULTS_GATE"
CLAIM_VARIABLE = "FAULTS_CLAIM"
THREADS_VARIABLE = "FAULTS_THREADS"

Told = Connection  # of ranges, None at the end

_hand = threading.local()  # the people a thread is opting out, and what is in flight


def put_gate_in_place() -> None:
    """Ours as it is, ours with pauses, or a wrong one."""
    if name := os.environ.get(GATE_VARIABLE):
        wrong_gates.GATES[name]()


def send(told: Told) -> None:
    """Send until the stop file is there, in claims as small as the test asks for."""
    put_gate_in_place()
    if most := os.environ.get(CLAIM_VARIABLE):
        sender.MOST_PER_CLAIM = int(most)
    program.send()


# Notes


def take_in_hand(numbers: Sequence[int]) -> None:
    """From now on the notes of this thread are about these people."""
    _hand.numbers, _hand.in_flight = numbers, []
    note("asked")


def note(event: str) -> None:
    """Write down that this came to pass now for the people in hand."""
    at = time.monotonic()
    path = Path(os.environ[provider.LOG_VARIABLE]).with_suffix(".returned")
    for number in _hand.numbers:
        provider.append(path, event, number, program.phone(number), at)


def note_return() -> None:
    """Note that the opt-out returned, and as what."""
    note("recorded" if _hand.in_flight else "effective")


def put_noted_gate_in_place() -> None:
    """The gate of this run, with notes of each commit and of the barrier's look."""

    def look(*args: Any, **words: Any) -> list[int]:
        note("looked")
        return wait(*args, **words)

    def after_commit(*args: Any, **words: Any) -> list[int]:
        note("committed")
        _hand.in_flight = paused_look(*args, **words)
        return _hand.in_flight

    wait, barrier.wait_for_sends = barrier.wait_for_sends, look
    put_gate_in_place()  # may pause before the look, or take it away
    paused_look, barrier.wait_for_sends = barrier.wait_for_sends, after_commit


# Opting out


def opt_out_as_told(told: Told) -> None:
    each_as_told(told, opt_out)


def say_stop_as_told(told: Told) -> None:
    each_as_told(told, say_stop)


def import_as_told(told: Told) -> None:
    """Opt out whole ranges, as an import does."""
    put_noted_gate_in_place()
    for numbers in iter(told.recv, None):
        for start in range(0, len(numbers), entries.CHUNK_KEYS):
            import_chunk(numbers[start : start + entries.CHUNK_KEYS])


def each_as_told(told: Told, act: Callable[[int], None]) -> None:
    """Do it to everybody in the ranges that come: in random order, in threads."""
    put_noted_gate_in_place()
    with ThreadPoolExecutor(int(os.environ[THREADS_VARIABLE])) as pool:
        begun = [
            pool.submit(act, number)
            for numbers in iter(told.recv, None)
            for number in random.sample(numbers, len(numbers))
        ]
        for one in begun:
            one.result()


def opt_out(number: int) -> None:
    """Opt one person out, on the channel or on all."""
    take_in_hand([number])
    place = random.choice([provider.FileProvider.first_channel_id, ALL_CHANNELS])
    entries.opt_out(_request(number, place), source=Source.API, reason=Reason.PERSON)
    note_return()


def say_stop(number: int) -> None:
    """One person writes STOP; the provider may bring it again, or they say it again."""
    take_in_hand([number])
    channel = Channel.objects.get(pk=provider.FileProvider.first_channel_id)
    received = receive_stop(channel, number, f"stop-{number}")
    assert received.outcome == InboundOutcome.OPTED_OUT, received.event.error
    note_return()
    for message_id in random.choice([[], [f"stop-{number}"], [f"again-{number}"]]):
        receive_stop(channel, number, message_id)


def receive_stop(channel: Channel, number: int, message_id: str) -> inbound.Received:
    return inbound.receive(
        channel=channel,
        sender=program.phone(number),
        text="STOP",
        message_id=message_id,
    )


def import_chunk(numbers: Sequence[int]) -> None:
    """Opt many people out in one transaction, without webhooks."""
    take_in_hand(numbers)
    requests = [_request(number, ALL_CHANNELS) for number in numbers]
    entries.opt_out_many(
        requests, source=Source.IMPORT, reason=Reason.STAFF, post_webhooks=False
    )
    note_return()


def _request(number: int, channel_id: int) -> entries.Request:
    address = addresses.parse_phone(program.phone(number))
    return entries.Request((address,), (default_list().pk,), channel_id)
