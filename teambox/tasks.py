"""The pumps of this floor: each claims due rows. Nothing imports this module."""

from celery import shared_task

from teambox import inbound


@shared_task
def handle_inbound() -> None:
    """Handle the inbound events that an earlier try has left."""
    while inbound.handle_due():
        pass
