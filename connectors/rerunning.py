"""Runs that people set going again: retry, run again, cancel, run what was held."""

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connectors import receiving, results
from connectors.models import Connector, Origin, Run, RunState
from optout import wake

AT_ONCE = 500
_STOPPABLE = (RunState.QUEUED, RunState.WAITING, RunState.HELD)


def retry(runs: QuerySet[Run]) -> int:
    """Let failed runs go on, with the steps they began with; how many were queued.

    What an action did stands and is not done again; what failed is, and the filters of
    the steps after it are asked anew. A repeat finds nothing to queue.
    """
    failed = list(runs.filter(state=RunState.FAILED).values_list("pk", flat=True))
    queued = 0
    for start in range(0, len(failed), AT_ONCE):
        queued += _retry_some(failed[start : start + AT_ONCE])
    wake.hint(receiving.RUN_CONNECTORS)
    return queued


def _retry_some(ids: list[int]) -> int:
    with transaction.atomic():
        rows = Run.objects.select_for_update().filter(pk__in=ids, state=RunState.FAILED)
        found = list(rows.order_by("pk"))
        for run in found:
            kept = results.without_failures(results.read(run.results))
            run.results = results.write(kept)
            run.state, run.next_at = RunState.QUEUED, timezone.now()
            run.failures, run.error, run.finished_at = 0, "", None
        Run.objects.bulk_update(
            found, ["results", "state", "next_at", "failures", "error", "finished_at"]
        )
    return len(found)


def run_again(run: Run, *, input: Mapping[str, Any] | None = None) -> Run:
    """A new run with the same input, or an edited one, by the steps of today.

    Everything is done again: it is another input. A connector that is off holds it.
    """
    given = json.loads(run.input) if input is None else input
    stored = receiving.receive(
        run.connector, input=given, origin=Origin.AGAIN, parent=run
    )
    return stored.run


def cancel(runs: QuerySet[Run]) -> int:
    """End runs that nobody has in hand before they go on; how many."""
    return runs.filter(state__in=_STOPPABLE).update(
        state=RunState.CANCELLED, finished_at=timezone.now()
    )


def run_held(connector: Connector) -> int:
    """Queue what came in while the connector was off, by the steps of today."""
    queued = connector.runs.filter(state=RunState.HELD).update(
        state=RunState.QUEUED, version=connector.version, next_at=timezone.now()
    )
    wake.hint(receiving.RUN_CONNECTORS)
    return queued
