"""The pumps of this floor: each claims due rows. Nothing imports this module."""

from celery import shared_task

from optout.stopping import stopping
from teambox import inbound


@shared_task
def handle_inbound() -> None:
    """Handle the inbound events that an earlier try has left."""
    while not stopping.is_set() and inbound.handle_due():
        pass
