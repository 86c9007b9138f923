"""What the report and the comparison draw, as static/js/charts.js takes it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from broadcaster.reports import Progress, Result

Course = Sequence[tuple[datetime, Progress]]

LEAST_POINTS = 3
_STEPS = 48
_LINES: Sequence[tuple[str, str, Callable[[Progress], int]]] = (
    ("Sent", "accent", lambda found: found.handed_over),
    ("Delivered", "ok", lambda found: found.arrived),
    ("Read", "ok", lambda found: found.counts["read"]),
    ("Opted out", "warn", lambda found: found.suppressed),
    ("Failed", "danger", lambda found: found.counts["failed"]),
)
_DASHED = {"Read"}  # of the delivered, whose colour it shares


def over_time(course: Course) -> dict[str, Any] | None:
    """A line for each number, at even steps of time; None for too few points."""
    if len(course) < LEAST_POINTS:
        return None
    began, ended = course[0][0], course[-1][0]
    moments = [began + (ended - began) * step / _STEPS for step in range(_STEPS + 1)]
    series = [
        {
            "label": label,
            "tone": tone,
            "dashed": label in _DASHED,
            "data": _along(course, moments, read),
        }
        for label, tone, read in _LINES
    ]
    words = _words_for(ended - began)
    labels = [date_format(timezone.localtime(at), words) for at in moments]
    return {"type": "line", "labels": labels, "series": series}


def _words_for(span: timedelta) -> str:
    if span > timedelta(days=1):
        return "j M, H:i"
    return "H:i" if span > timedelta(minutes=_STEPS) else "H:i:s"


def _along(
    course: Course, moments: Sequence[datetime], read: Callable[[Progress], int]
) -> list[int]:
    """The number at each moment, on the straight line between two noted ones."""
    pairs = pairwise(course)
    (left_at, left), (right_at, right) = next(pairs)
    found = []
    for moment in moments:
        while moment > right_at and (pair := next(pairs, None)):
            (left_at, left), (right_at, right) = pair
        share = min((moment - left_at) / (right_at - left_at), 1)
        found.append(round(read(left) + (read(right) - read(left)) * share))
    return found


def as_table(course: Course) -> list[tuple[datetime, list[int]]]:
    """The noted numbers, in the order of the chart's lines."""
    return [(at, [read(found) for *_, read in _LINES]) for at, found in course]


HEADINGS = [label for label, *_ in _LINES]


def reach(results: Sequence[Result]) -> dict[str, Any]:
    """How many of the sent were delivered and read, in percent."""
    return _bars(
        results,
        ("Delivered", "accent", lambda row: row.progress.arrived),
        ("Read", "ok", lambda row: row.progress.counts["read"]),
    )


def opt_out_rates(results: Sequence[Result]) -> dict[str, Any]:
    """How many of the sent opted out because of it, in percent."""
    return _bars(results, ("Opt-out rate", "warn", lambda row: row.caused))


def _bars(
    results: Sequence[Result], *bars: tuple[str, str, Callable[[Result], int]]
) -> dict[str, Any]:
    series = [
        {"label": label, "tone": tone, "data": [_percent(row, read) for row in results]}
        for label, tone, read in bars
    ]
    labels = [_short(row.broadcast.name) for row in results]
    shape = {"type": "bar", "across": True, "unit": "%"}
    return {**shape, "labels": labels, "series": series}


def _percent(row: Result, read: Callable[[Result], int]) -> float:
    sent = row.progress.handed_over
    return round(100 * read(row) / sent, 2) if sent else 0


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
