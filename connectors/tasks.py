"""The pumps of this floor. Nothing imports this module."""

from celery import shared_task

from connectors import retention, running
from optout.stopping import stopping


@shared_task
def run_connectors() -> None:
    """Take the runs that are due."""
    while not stopping.is_set() and running.run_due():
        pass


@shared_task
def forget_old_runs() -> None:
    """Delete the runs that were kept long enough."""
    retention.forget_old()
