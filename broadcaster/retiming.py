"""Sets the times of those who wait for a step anew after the step was changed."""

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from broadcaster.models import Enrolment, EnrolmentState, Step
from broadcaster.steps import timing_of
from optout.models import BatchState
from optout.stopping import stopping

# Enrolments are gone through by id, of which few may wait for the step.
RANGE = 10_000


def work_due() -> None:
    """Work off the steps that were changed, range by range; a repeat changes nothing.

    The times are lower bounds: the tick that comes then reckons exactly.
    """
    changed = Step.objects.select_related("content__hours").filter(
        retime_after__isnull=False, sequence__batch__state__in=_OPEN
    )
    for step in changed:
        while not stopping.is_set() and _retime_range(step):
            pass


_OPEN = (BatchState.DRAFT, BatchState.RUNNING, BatchState.PAUSED)


def _retime_range(step: Step) -> bool:
    """False once all are done, or when the step was changed again meanwhile."""
    after = step.retime_after
    newest = Enrolment.objects.aggregate(id=Max("id"))["id"] or 0
    if after is None or after >= newest:
        _progress(step, after, None)
        return False
    upper = min(after + RANGE, newest)
    waiting = Enrolment.objects.filter(
        pk__gt=after, pk__lte=upper, step=step, state=EnrolmentState.WAITING
    )
    with transaction.atomic():
        locked = waiting.select_for_update(no_key=True).order_by("pk")
        ids = list(locked.values_list("pk", flat=True))
        bound = (
            timezone.now() if step.archived_at else F("since") + timing_of(step).least
        )
        Enrolment.objects.filter(pk__in=ids).update(next_at=bound)
        return _progress(step, after, upper)


def _progress(step: Step, before: int | None, after: int | None) -> bool:
    row = Step.objects.filter(pk=step.pk, retime_after=before)
    step.retime_after = after
    return bool(row.update(retime_after=after))
