"""The pumps of this floor. Nothing imports this module."""

from celery import shared_task

from connectors import retention, running


@shared_task
def run_connectors() -> None:
    """Take the runs that are due."""
    running.run_side_by_side()


@shared_task
def forget_old_runs() -> None:
    """Delete the runs that were kept long enough."""
    retention.forget_old()
