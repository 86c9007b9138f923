"""What comes in is stored as a run before anything is done about it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from connectors.models import Connector, Origin, Run, RunState
from optout import prepared, wake

RUN_CONNECTORS = "connectors.tasks.run_connectors"

ERROR_CHARS = 300


@dataclass(frozen=True, slots=True)
class Received:
    """A stored run; `duplicate` if it is that of an earlier call with the same key."""

    run: Run
    duplicate: bool = False


def receive(
    connector: Connector,
    *,
    input: Mapping[str, Any],
    once: str | None = None,
    origin: Origin = Origin.RECEIVED,
    parent: Run | None = None,
    trail: Sequence[int] = (),
) -> Received:
    """Store an input for good and have it run: by one statement, committed on return.

    While the connector is off the run is held. With `once`, of at most 120 characters,
    a repeat stores nothing and gets the first run, whatever its input, also when both
    come at the same time. Inside of a transaction the run counts when that commits.
    """
    run = Run(
        connector=connector,
        version_id=connector.version_id,
        origin=origin,
        parent=parent,
        trail=list(trail),
        once=once,
        input=written(input),
        state=RunState.QUEUED if connector.is_active else RunState.HELD,
    )
    if once is None:
        prepared.insert([run])
    elif first := _insert_once(run):
        return Received(first, duplicate=True)
    if run.state == RunState.QUEUED:
        wake.hint(RUN_CONNECTORS)
    return Received(run)


def written(input: Mapping[str, Any]) -> str:
    """An input as its run keeps it: compact, letters as they are, to be searched."""
    return json.dumps(input, ensure_ascii=False, separators=(",", ":"))


def _insert_once(run: Run) -> Run | None:
    """Store it, unless there is one that is known by the same; that one then."""
    try:
        with transaction.atomic():
            prepared.insert([run])
    except IntegrityError:
        first = Run.objects.filter(connector_id=run.connector_id, once=run.once).first()
        if first is None:  # refused for another reason
            raise
        return first
    return None


def refuse(connector: Connector, reason: str) -> Run:
    """Note that something came in that was not taken; nothing of it is kept."""
    now = timezone.now()
    run = Run(
        connector=connector,
        version_id=connector.version_id,
        state=RunState.REFUSED,
        error=reason[:ERROR_CHARS],
        received_at=now,
        finished_at=now,
    )
    prepared.insert([run])
    return run
