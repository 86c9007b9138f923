"""The pumps of this floor: each claims due rows. Nothing imports this module."""

from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from optout import (
    bulk_removals,
    handover,
    idempotency,
    import_work,
    imports,
    list_deletion,
    lists,
    outbox,
    sender,
    webhook_delivery,
    webhook_queue,
)
from optout.stopping import stopping


@worker_shutting_down.connect
def hand_back(**_: Any) -> None:
    """A worker that stops starts no more calls; what it claimed goes back unsent."""
    stopping.set()


@shared_task
def send_outbox() -> None:
    """Send what is due."""
    sender.send_due()


@shared_task
def deliver_webhooks() -> None:
    """Deliver the webhooks that are due."""
    while not stopping.is_set() and webhook_delivery.deliver_due():
        pass


@shared_task
def sweep() -> None:
    """Free what dead workers held, finish what is done, ask about what is unknown."""
    handover.sweep_leases()
    handover.cancel_leftovers()
    handover.finish_batches()
    webhook_queue.sweep_leases()
    webhook_queue.settle_held()
    sender.reconcile()
    outbox.reopen()
    list_deletion.move_leftovers()
    idempotency.forget_old()
    imports.forget_old()


@shared_task
def roll_up_counts() -> None:
    """Bring the counts of the overview up to date."""
    lists.roll_up_counts()


@shared_task
def remove_in_bulk() -> None:
    """Work off the bulk removals, chunk by chunk."""
    while not stopping.is_set() and bulk_removals.work_due():
        pass


@shared_task
def work_imports() -> None:
    """Count, carry out and undo imports, turn by turn."""
    while not stopping.is_set() and import_work.work_due():
        pass
