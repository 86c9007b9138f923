"""What children of the fault tests do: send, opt out, delete a list."""

import os
import random
import time
from pathlib import Path

from optout import addresses, entries, handover, list_deletion, sender
from optout.models import OptOutList, Reason, Source, default_list
from tests.faults import provider

STOP_VARIABLE = "FAULTS_STOP_FILE"
LIST_VARIABLE = "FAULTS_LIST"


def send() -> None:
    """Send, sweep and reconcile in a loop, as a worker does, until `stop`."""
    stop = Path(os.environ[STOP_VARIABLE])
    while not stop.exists():
        sender.send_due(seconds=0.5)
        handover.sweep_leases()
        sender.reconcile()
        time.sleep(0.01)


def opt_out(first: int, last: int) -> None:
    """Opt out the test's addresses from `first` to `last`, one by one."""
    log = Path(os.environ[provider.LOG_VARIABLE]).with_suffix(".returned")
    lists = (int(os.environ.get(LIST_VARIABLE) or default_list().pk),)
    for number in range(first, last):
        address = addresses.parse_phone(phone(number))
        outcome = entries.opt_out(
            entries.Request((address,), lists, 990),
            source=Source.API,
            reason=Reason.PERSON,
        )
        at = time.monotonic()
        provider.append(log, outcome.state, number, address.address, at)
        time.sleep(random.uniform(0, 0.004))


def delete_list(pk: int, move_to: int) -> None:
    """Delete a list, its entries moving to another one."""
    rows = OptOutList.objects.in_bulk([pk, move_to])
    list_deletion.delete(rows[pk], move_to=rows[move_to])


def phone(number: int) -> str:
    """The address of a test person."""
    return f"+34600{number:06d}"
