"""The pumps of this floor. Nothing imports this module."""

from celery import shared_task

from broadcaster import preparing, progress


@shared_task
def prepare_broadcasts() -> None:
    """Read the audiences that wait, launch what waited for that."""
    preparing.prepare_due()


@shared_task
def note_progress() -> None:
    """Note how far the broadcasts are that run or ended lately."""
    progress.note_due()
