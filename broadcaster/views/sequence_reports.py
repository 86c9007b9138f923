"""What comes next in a sequence, and its report by step."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from broadcaster import sequence_reports
from broadcaster.models import Sequence
from broadcaster.sequence_reports import StepRow
from broadcaster.views import sequence_guards as guards
from broadcaster.views.sequence_guards import of_sequence
from broadcaster.views.sequences import show
from optout import listing
from optout.views.dialogs import PageRequest

NEXT = 50


@require_safe
@of_sequence(guards.VIEW_PEOPLE)
def upcoming(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """How many steps are due on each day, and the next of them."""
    found = list(sequence_reports.upcoming(sequence)[:NEXT])
    listed = listing.live_by_key(row.key for row in found)
    days = sequence_reports.upcoming_by_day(sequence)
    context = {
        "rows": [
            (row, [entry.list.name for entry in listed.get(row.key, ())])
            for row in found
        ],
        "days": days,
        "most": max((number for _, number in days), default=0),
        "next": NEXT,
    }
    return show(request, sequence, "sequence-upcoming", context)


@require_safe
@of_sequence()
def report(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """What became of each step, and how many came how far."""
    rows = sequence_reports.by_step(sequence)
    funnel = sequence_reports.funnel(sequence, rows)
    context = {
        "table": [(row, _numbers(row)) for row in rows],
        "columns": _COLUMNS,
        "funnel": funnel,
        "counts": sequence_reports.counts(sequence),
        "chart": _chart(rows),
    }
    return show(request, sequence, "sequence-report", context)


_COLUMNS = (
    *("Reached", "Sent", "Delivered", "Read", "Optout Number"),
    *("Failed", "Unknown", "Replied", "Waiting"),
)


def _numbers(row: StepRow) -> list[int]:
    """The numbers of a step in the order of the columns."""
    states = row.by_message_state
    came = [states.get(state, 0) for state in ("sent", "delivered", "read")]
    lost = [states.get(state, 0) for state in ("failed", "unknown")]
    return [row.put, *came, row.opted_out, *lost, row.replied, row.waiting]


_SERIES: tuple[tuple[str, str, Callable[[StepRow], int]], ...] = (
    ("Sent", "accent", lambda row: row.sent),
    ("Optout Number", "warn", lambda row: row.opted_out),
    ("Failed", "danger", lambda row: row.by_message_state.get("failed", 0)),
    ("Waiting", "", lambda row: row.waiting),
)


def _chart(rows: list[StepRow]) -> dict[str, Any]:
    """Each step as a bar: what was sent, what was not, and who waits."""
    return {
        "type": "bar",
        "stacked": True,
        "labels": [str(row.step) for row in rows],
        "series": [
            {"label": label, "tone": tone, "data": [value(row) for row in rows]}
            for label, tone, value in _SERIES
        ],
    }
