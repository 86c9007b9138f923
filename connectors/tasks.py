"""The pumps of this floor. Nothing imports this module."""

from celery import shared_task

from connectors import retention, running
from optout.stopping import stopping


@shared_task
def run_connectors() -> None:
    """Go on with the runs that are due."""
    running.run_side_by_side()


@shared_task
def forget_old_runs() -> None:
    """Delete the runs that were kept long enough, chunk by chunk."""
    while not stopping.is_set() and retention.forget_old():
        pass
