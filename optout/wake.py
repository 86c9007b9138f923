"""After commit, hint a worker by task name. A hint may be lost: beat looks anyway."""

import logging
import time

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

EXPIRES_SECONDS = 30
# After a hint that failed, this process hints no more for so long: a broker that hangs
# may cost a request one timeout, not each request.
QUIET_SECONDS = 15.0
_last_hint: dict[str, float] = {}
_quiet_until = 0.0


def hint(task: str) -> None:
    """Once the transaction is committed, ask a worker to run `task`.

    At most one hint per task and second leaves this process. A broker that is
    away is logged and otherwise ignored.
    """
    transaction.on_commit(lambda: _send(task), robust=True)


def _send(task: str) -> None:
    global _quiet_until
    now = time.monotonic()
    if now < _quiet_until or now - _last_hint.get(task, -1.0) < 1.0:
        return
    _last_hint[task] = now
    try:
        current_app.send_task(task, expires=EXPIRES_SECONDS, retry=False)
    except Exception as error:  # any broker, any transport: the hint is optional
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("No hint to %s: %s", task, error)


SEND_OUTBOX = "optout.tasks.send_outbox"
DELIVER_WEBHOOKS = "optout.tasks.deliver_webhooks"
REMOVE_IN_BULK = "optout.tasks.remove_in_bulk"
WORK_IMPORTS = "optout.tasks.work_imports"
