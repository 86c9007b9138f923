"""Retention: runs that have ended are deleted when their connector's days are over."""

from datetime import timedelta

from django.utils import timezone

from connectors.models import ENDED_STATES, Connector, Run, RunState

CHUNK = 500
# The newest inputs of a connector stay: its steps are built on them.
SAMPLES_KEPT = 5


def forget_old() -> int:
    """Delete a chunk of each connector's old runs; how many in all.

    Nothing that is still to be done is deleted, however old.
    """
    return sum(map(_forget_of, Connector.objects.order_by("pk")))


def _forget_of(connector: Connector) -> int:
    before = timezone.now() - timedelta(days=connector.keep_days)
    runs = Run.objects.filter(connector=connector).order_by("-pk")
    readable = runs.exclude(state=RunState.REFUSED)
    samples = list(readable.values_list("pk", flat=True)[:SAMPLES_KEPT])
    old = runs.filter(
        state__in=ENDED_STATES, received_at__lt=before, finished_at__lt=before
    )
    ids = list(old.exclude(pk__in=samples).values_list("pk", flat=True)[:CHUNK])
    Run.objects.filter(pk__in=ids).delete()
    return len(ids)
