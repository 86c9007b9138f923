"""The pumps of this floor. Nothing imports this module."""

from celery import shared_task

from broadcaster import (
    enrolment_ends,
    enrolment_jobs,
    following,
    preparing,
    progress,
    retiming,
    ticking,
)
from optout.stopping import stopping


@shared_task
def prepare_broadcasts() -> None:
    """Read the audiences that wait, launch what waited for that."""
    preparing.prepare_due()


@shared_task
def note_progress() -> None:
    """Note how far the broadcasts are that run or ended lately."""
    progress.note_due()


@shared_task
def enrol_people() -> None:
    """Enrol who got a sequence's tag, and the contacts of the jobs, chunk by chunk."""
    enrolment_jobs.enrol_tagged()
    while not stopping.is_set() and enrolment_jobs.work_due():
        pass


@shared_task
def advance_sequences() -> None:
    """Follow what was sent, then put the steps that are due."""
    enrolment_ends.end_left_over()
    retiming.work_due()
    following.follow()
    ticking.tick()
