"""What holds for runs: each goes on or has ended, and tells what it did."""

from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from connectors.models import ENDED_STATES, Run, RunState
from optout.invariants import invariant
from optout.invariants.registry import long_ago

Runs = QuerySet[Run]

_LENGTH = {"postgresql": "jsonb_array_length", "sqlite": "json_array_length"}
_TELLS_TOO_LITTLE = """
SELECT r.id FROM connectors_run r
LEFT JOIN connectors_version v ON v.id = r.version_id
WHERE r.state = 'done' AND {length}(r.results) <> COALESCE({length}(v.steps), 0)
""".format(length=_LENGTH[connection.vendor])


@invariant(Run)
def runs_in_hand_have_a_lease() -> Runs:
    """A run has a lease while it is in a worker's hands, and at no other time."""
    is_running, has_lease = Q(state=RunState.RUNNING), Q(lease_until__isnull=False)
    return Run.objects.filter(is_running & ~has_lease | ~is_running & has_lease)


@invariant(Run)
def runs_that_ended_say_when() -> Runs:
    """A run that has ended has the time of its end, and no other has one."""
    is_ended, has_end = Q(state__in=ENDED_STATES), Q(finished_at__isnull=False)
    return Run.objects.filter(is_ended & ~has_end | ~is_ended & has_end)


@invariant(Run)
def runs_done_tell_of_each_step() -> Runs:
    """A run that is done has a result for each step of the version it began with."""
    return Run.objects.filter(pk__in=RawSQL(_TELLS_TOO_LITTLE, []))  # noqa: S611


@invariant(Run)
def runs_that_ended_left_nothing_begun() -> Runs:
    """No run has ended with an action begun, or is done with one that failed."""
    begun, failed = '"outcome": "begun"', '"outcome": "failed"'
    return Run.objects.annotate(told=Cast("results", TextField())).filter(
        Q(state__in=ENDED_STATES, told__contains=begun)
        | Q(state=RunState.DONE, told__contains=failed)
    )


@invariant(Run)
def runs_that_failed_say_why() -> Runs:
    """A run that failed or was refused says why: somebody may have to look at it."""
    return Run.objects.filter(state__in=(RunState.FAILED, RunState.REFUSED), error="")


@invariant(Run)
def runs_go_on() -> Runs:
    """No run waits long past its time, be it that its worker is gone."""
    is_due = Q(state__in=(RunState.QUEUED, RunState.WAITING), **long_ago("next_at"))
    return Run.objects.filter(
        is_due | Q(state=RunState.RUNNING, **long_ago("lease_until"))
    )
