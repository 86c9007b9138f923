"""How long runs are kept."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from connectors.models import ENDED_STATES, Connector, Run
from connectors.samples import MAX_SAMPLES

CHUNK = 500


def forget_old() -> int:
    """Delete ended runs that are older than their connector keeps; how many.

    The newest few of a connector stay: its steps are built with their inputs.
    """
    return sum(_forget_of(connector) for connector in Connector.objects.all())


def _forget_of(connector: Connector) -> int:
    newest = connector.runs.order_by("-pk").values_list("pk", flat=True)
    kept = list(newest[:MAX_SAMPLES])
    before = timezone.now() - timedelta(days=connector.keep_days)
    old = connector.runs.filter(
        pk__lt=min(kept, default=0),
        received_at__lt=before,
        state__in=ENDED_STATES,
    )
    return sum(_delete(old.order_by("pk").values_list("pk", flat=True)[:CHUNK]))


def _delete(chunk: QuerySet[Run, int]) -> Iterable[int]:
    """Delete chunk after chunk, each in a transaction of its own."""
    while ids := list(chunk.all()):
        yield Run.objects.filter(pk__in=ids).delete()[0]
