"""The pumps of this floor. Nothing imports this module."""

from celery import shared_task

from broadcaster import preparing


@shared_task
def prepare_broadcasts() -> None:
    """Read the audiences that wait, launch what waited for that."""
    preparing.prepare_due()
