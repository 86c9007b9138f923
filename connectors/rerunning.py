"""Running again: a new run of an earlier one's input, or of an edited one."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connectors import receiving
from connectors.models import Origin, Run
from optout.actors import Actor

logger = logging.getLogger(__name__)

# Who asks for the same again so soon has clicked twice.
SAME_CLICK = timedelta(seconds=5)


def run_again(run: Run, *, actor: Actor, input: Mapping[str, Any] | None = None) -> Run:
    """A new run of this input, or of the run's own, with the connector's steps of now.

    What the earlier run did is done again. The second of two clicks gets the run of
    the first.
    """
    written = run.input if input is None else receiving.written(input)
    again = run.children.filter(origin=Origin.AGAIN)
    just_now = timezone.now() - SAME_CLICK
    last = again.filter(received_at__gt=just_now).order_by("-pk").first()
    if last is not None and last.input == written:
        return last
    received = receiving.receive(
        run.connector,
        input=run.data if input is None else input,
        once=f"again:{run.pk}:{again.count()}",
        origin=Origin.AGAIN,
        parent=run,
    )
    logger.info("%s had run %s run again as %s", actor.label, run.pk, received.run.pk)
    return received.run
