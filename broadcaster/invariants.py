"""What holds for broadcasts and sequences: everybody is accounted for."""

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from broadcaster.models import (
    Broadcast,
    Enrolment,
    EnrolmentState,
    EnrolmentStep,
    Stage,
)
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


# Sequences

Enrolments = QuerySet[Enrolment]


@invariant(EnrolmentStep)
def each_step_that_was_put_has_a_message() -> QuerySet[EnrolmentStep]:
    """No step was put for somebody without a message of its own, under its id."""
    messages = OutgoingMessage.objects.filter(
        batch=OuterRef("enrolment__sequence__batch"),
        key=OuterRef("enrolment__key"),
        dedupe=OuterRef("pk"),
    )
    return EnrolmentStep.objects.filter(~Exists(messages))


@invariant(Enrolment)
def who_is_sent_to_has_a_message() -> Enrolments:
    """Nobody's step is on its way without having been put."""
    put = EnrolmentStep.objects.filter(enrolment=OuterRef("pk"), step=OuterRef("step"))
    return Enrolment.objects.filter(~Exists(put), state=EnrolmentState.SENDING)


@invariant(Enrolment)
def everybody_is_at_a_step_of_their_sequence() -> Enrolments:
    """Nobody waits for, or ended at, a step of another sequence."""
    elsewhere = ~Q(step__sequence=F("sequence"))
    return Enrolment.objects.filter(elsewhere, step__isnull=False)


@invariant(Enrolment)
def who_is_on_the_way_is_looked_at_again() -> Enrolments:
    """Who waits has a time, who is held a hold; who has ended has time and reason."""
    forgotten = Q(state=EnrolmentState.WAITING, next_at=None) | Q(
        state=EnrolmentState.HELD, hold=None
    )
    half_ended = Q(state=EnrolmentState.ENDED) & (Q(ended_at=None) | Q(end_reason=""))
    return Enrolment.objects.filter(forgotten | half_ended)
