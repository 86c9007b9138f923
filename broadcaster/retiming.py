"""Sets the times of those who wait for a step anew after the step was changed."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from broadcaster import tracks
from broadcaster.models import Enrolment, EnrolmentState, Step
from broadcaster.tracks import Plan, Track
from optout.models import BatchState
from optout.stopping import stopping

# Enrolments are gone through by id, of which few may wait for the step.
RANGE = 10_000
_OPEN = (BatchState.DRAFT, BatchState.RUNNING, BatchState.PAUSED)


def work_due() -> None:
    """Work off the steps that were changed, range by range; a repeat changes nothing.

    Who waits for a step that was deleted waits for the next one.
    """
    changed = Step.objects.select_related("sequence").filter(
        retime_after__isnull=False, sequence__batch__state__in=_OPEN
    )
    for step in changed:
        while not stopping.is_set() and _retime_range(step):
            pass


def _retime_range(step: Step) -> bool:
    """False once all are done, or when the step was changed again meanwhile."""
    after = step.retime_after
    newest = Enrolment.objects.aggregate(id=Max("id"))["id"] or 0
    if after is None or after >= newest:
        _progress(step, after, None)
        return False
    upper = min(after + RANGE, newest)
    # Who waits for the step to be put again is due already.
    waiting = Enrolment.objects.filter(
        step=step, state=EnrolmentState.WAITING, hold=None
    )
    with transaction.atomic():
        tracks.write(_plans(step, waiting.filter(pk__gt=after, pk__lte=upper)))
        return _progress(step, after, upper)


def _plans(step: Step, waiting: QuerySet[Enrolment]) -> Iterator[Plan]:
    """By the steps as they are now; the tick ends those for whom none is left."""
    track = Track(step.sequence)
    locked = waiting.select_for_update(no_key=True).order_by("pk")
    rows = list(locked.values_list("pk", "since", "address"))
    had = tracks.had([pk for pk, _, _ in rows])
    for pk, since, address in rows:
        following = track.at(step.pk, had.get(pk, ()))
        if following is None:
            yield Plan(pk, step.pk, timezone.now())
        else:
            next_at = track.due_at(following, since, address)
            yield Plan(pk, following.pk, next_at)


def _progress(step: Step, before: int | None, after: int | None) -> bool:
    row = Step.objects.filter(pk=step.pk, retime_after=before)
    step.retime_after = after
    return bool(row.update(retime_after=after))
