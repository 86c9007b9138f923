"""What the processes of a race do: send, or opt people out and note when.

Those who opt people out are told whom, a range of numbers at a time: they take them in
random order, in several threads. Their notes stand beside the provider's log.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from optout import addresses, barrier, entries, sender
from optout.models import ALL_CHANNELS, Reason, Source, default_list
from tests.faults import program, provider, wrong_gates
from tests.faults.provider import FileProvider

GATE_VARIABLE = "FAULTS_GATE"
CLAIM_VARIABLE = "FAULTS_CLAIM"
THREADS_VARIABLE = "FAULTS_THREADS"

Told = Connection  # of ranges

_person = threading.local()


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


# Opting out


def note(event: str) -> None:
    """Write down that this came to pass now for the person in hand."""
    at = time.monotonic()
    path = Path(os.environ[provider.LOG_VARIABLE]).with_suffix(".returned")
    number = _person.number
    provider.append(path, event, number, program.phone(number), at)


def note_before(function: Callable[..., Any], event: str) -> Callable[..., Any]:
    """The function, which notes first that it is called."""

    def noted(*args: Any, **words: Any) -> Any:
        note(event)
        return function(*args, **words)

    return noted


def opt_out(number: int) -> None:
    """Opt one person out of the default list, on the channel or on all."""
    _person.number = number
    address = addresses.parse_phone(program.phone(number))
    place = random.choice([FileProvider.first_channel_id, ALL_CHANNELS])
    request = entries.Request((address,), (default_list().pk,), place)
    outcome = entries.opt_out(request, source=Source.API, reason=Reason.PERSON)
    note(outcome.state)


def act_as_told(told: Told, act: Callable[[int], None]) -> None:
    """Do it to everybody in the ranges that come, until None does."""
    # The look is noted after the pause a gate may make before it, the commit before.
    barrier.wait_for_sends = note_before(barrier.wait_for_sends, "looked")
    put_gate_in_place()
    barrier.wait_for_sends = note_before(barrier.wait_for_sends, "committed")
    with ThreadPoolExecutor(int(os.environ[THREADS_VARIABLE])) as pool:
        begun = [
            pool.submit(act, number)
            for numbers in iter(told.recv, None)
            for number in random.sample(numbers, len(numbers))
        ]
        for one in begun:
            one.result()


def opt_out_as_told(told: Told) -> None:
    act_as_told(told, opt_out)
