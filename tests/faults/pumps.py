"""A worker without a broker: every pump, again and again."""

import os
import time
from pathlib import Path

from broadcaster.tasks import advance_sequences, prepare_broadcasts
from connectors.tasks import run_connectors
from optout.tasks import deliver_webhooks, send_outbox, sweep
from teambox.tasks import handle_inbound
from tests.faults import program

TASKS = (
    prepare_broadcasts,
    advance_sequences,
    handle_inbound,
    run_connectors,
    send_outbox,
    deliver_webhooks,
    sweep,
)


def work() -> None:
    """Do what the clock makes a worker do, without waiting for it, until `stop`."""
    stop = Path(os.environ[program.STOP_VARIABLE])
    while not stop.exists():
        for task in TASKS:
            task()
        time.sleep(0.01)
