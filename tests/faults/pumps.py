"""A worker without a broker, as a process of its own: every pump, again and again.

python -m tests.faults.pumps    until the stop file is there
"""

import os
import time
from pathlib import Path

from tests.faults import crash_points, program

CHUNK_ROWS = 100  # small enough for a test's audience to have several


def work() -> None:
    """Do what the clock makes a worker do, without waiting for the clock."""
    from broadcaster import preparing
    from broadcaster.tasks import prepare_broadcasts
    from optout.tasks import deliver_webhooks, send_outbox, sweep
    from teambox.tasks import handle_inbound

    preparing.CHUNK_ROWS = CHUNK_ROWS
    stop = Path(os.environ[program.STOP_VARIABLE])
    while not stop.exists():
        for task in (
            prepare_broadcasts,
            handle_inbound,
            send_outbox,
            deliver_webhooks,
            sweep,
        ):
            task()
        time.sleep(0.01)


if __name__ == "__main__":
    program.set_up()
    crash_points.install()
    work()
