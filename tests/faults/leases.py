"""Shorter leases for child processes, so that no test waits a minute for a dead one."""

import os
from datetime import timedelta

LEASE_VARIABLE = "FAULTS_LEASE_SECONDS"


def shorten() -> None:
    """Every lease as the environment asks, and the deadlines that have to fit in."""
    if not (seconds := os.environ.get(LEASE_VARIABLE)):
        return
    from broadcaster import preparing
    from optout import handover, sender, webhook_delivery, webhook_queue
    from teambox import inbound

    lease = timedelta(seconds=float(seconds))
    handover.LEASE = webhook_queue.LEASE = inbound.LEASE = preparing.LEASE = lease
    for module in (sender, webhook_delivery):
        module.DEADLINE_SECONDS, module.MARGIN_SECONDS = 0.3, 0.2
