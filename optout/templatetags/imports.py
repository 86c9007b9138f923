"""How an import reads in a table."""

from django import template

from optout.import_kinds import kind_of
from optout.models import ImportJob

register = template.Library()


@register.filter
def goes_into(job: ImportJob) -> str:
    """Return where the rows go: a list, or what the kind says."""
    return kind_of(job).result_url(job)[0]


@register.filter
def added(job: ImportJob) -> int | None:
    """Return how many were made, None before the import was started."""
    return _number(job, "done", "added") if job.was_started else None


@register.filter
def bad(job: ImportJob) -> int | None:
    """Return how many rows were bad, None before they were counted."""
    return _number(job, "planned", "bad") if job.counts else None


def _number(job: ImportJob, phase: str, name: str) -> int:
    return job.tally(phase, kind_of(job).main_part).get(name, 0)
