"""Writing down what became of a message, over a database that is away for a moment."""

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext

from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    connections,
)

Record = Callable[[], None]

RECORD_SECONDS = 20.0

# SQLite has one writer and makes the others sleep ever longer: threads of one process
# queue here instead, and meanwhile call providers.
_one_writer = threading.Lock() if connection.vendor == "sqlite" else nullcontext()


def insist(record: Record) -> None:
    """Write a result down, over a database that is away or read-only for a moment."""
    give_up_at = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            with _one_writer:
                return record()
        except (OperationalError, InterfaceError, InternalError):
            if time.monotonic() > give_up_at:
                raise
            connections.close_all()
            time.sleep(0.5)
