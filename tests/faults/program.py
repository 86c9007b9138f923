"""The programs the fault tests run as processes of their own.

python -m tests.faults.program send    keep sending until the stop file is there
python -m tests.faults.program opt-out FIRST LAST    opt out these addresses
python -m tests.faults.program delete-list ID MOVE_TO    delete a list
"""

import os
import random
import sys
import time
from pathlib import Path

import django
from django.conf import settings

from tests.faults import crash_points, leases

STOP_VARIABLE = "FAULTS_STOP_FILE"
DATABASE_VARIABLE = "FAULTS_DATABASE"
LIST_VARIABLE = "FAULTS_LIST"


def set_up() -> None:
    """Django on the test database, with the lease the test asks for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optout_project.settings")
    settings.DATABASES["default"]["NAME"] = os.environ[DATABASE_VARIABLE]
    django.setup()
    from tests.faults import provider  # noqa: F401 - registers itself

    leases.shorten()


def send() -> None:
    """Send, sweep and reconcile in a loop, as a worker does."""
    from optout import handover, sender

    stop = Path(os.environ[STOP_VARIABLE])
    while not stop.exists():
        sender.send_due(seconds=0.5)
        handover.sweep_leases()
        sender.reconcile()
        time.sleep(0.01)


def opt_out(first: int, last: int) -> None:
    """Opt out the test's addresses from `first` to `last`, one by one."""
    from optout import addresses, entries
    from optout.models import Reason, Source, default_list
    from tests.faults import provider

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
        time.sleep(random.uniform(0, 0.004))  # noqa: S311


def delete_list(pk: int, move_to: int) -> None:
    """Delete a list, its entries moving to another one."""
    from optout import list_deletion
    from optout.models import OptOutList

    list_deletion.CHUNK = 100
    rows = OptOutList.objects.in_bulk([pk, move_to])
    list_deletion.delete(rows[pk], move_to=rows[move_to])


def phone(number: int) -> str:
    """The address of a test person."""
    return f"+34600{number:06d}"


WORDS = {"send": send, "opt-out": opt_out, "delete-list": delete_list}


if __name__ == "__main__":
    set_up()
    crash_points.install()
    WORDS[sys.argv[1]](*map(int, sys.argv[2:]))
