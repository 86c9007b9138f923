"""What holds for broadcasts: every row of an audience is accounted for."""

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from broadcaster.models import Broadcast, Stage
from optout.invariants import invariant
from optout.invariants.registry import long_ago
from optout.models import BatchState, OutgoingMessage

Broadcasts = QuerySet[Broadcast]
_LAUNCHED = (BatchState.RUNNING, BatchState.PAUSED, BatchState.FINISHED)


@invariant(Broadcast)
def audiences_add_up() -> Broadcasts:
    """Each row of a prepared audience is a message, invalid, marked or a duplicate."""
    messages = OutgoingMessage.objects.filter(batch=OuterRef("batch")).order_by()
    counted = messages.values("batch").annotate(number=Count("pk")).values("number")
    accounted = F("messages") + F("rows_invalid") + F("rows_marked")
    return Broadcast.objects.annotate(messages=Coalesce(Subquery(counted), 0)).filter(
        ~Q(rows_read=accounted + F("rows_duplicate")), stage=Stage.READY
    )


@invariant(Broadcast)
def running_means_launched() -> Broadcasts:
    """A broadcast runs once it was prepared and launched, and not before."""
    was_launched = Q(stage=Stage.READY, launched_at__isnull=False)
    return Broadcast.objects.filter(
        Q(batch__state__in=_LAUNCHED) & ~was_launched
        | Q(batch__state=BatchState.DRAFT, launched_at__isnull=False)
    )


@invariant(Broadcast)
def audiences_are_read_on() -> Broadcasts:
    """No preparation stands still long after its worker's lease has ended."""
    return Broadcast.objects.filter(stage=Stage.PREPARING, **long_ago("lease_until"))
