"""The people of a sequence as its page lists them: filtered, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from broadcaster import steps
from broadcaster.models import EndReason, Enrolment, EnrolmentState, Sequence
from optout import filters, listing, row_ids

PAGE_SIZE = 50
COUNTED = 10_000  # more are not counted: a million would take as long as the page


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter of the toolbar."""

    name: str
    label: str
    any_label: str
    options: list[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class Row:
    """An enrolment with the names of the lists its address is on."""

    enrolment: Enrolment
    lists: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some enrolments, newest first; `newer` and `older` are cursors."""

    rows: list[Row]
    newer: int | None
    older: int | None


def choices(sequence: Sequence, query: Mapping[str, str]) -> list[Choice]:
    """What the people can be filtered by; a value that nothing has is none."""
    live = [(str(step.pk), str(step)) for step in steps.live(sequence)]
    offered = (
        ("state", "State", "Any state", list(EnrolmentState.choices)),
        ("reason", "Why it ended", "Any reason", list(EndReason.choices)),
        ("step", "Step", "Any step", live),
    )
    return [
        Choice(name, label, blank, options, _chosen(query.get(name, ""), options))
        for name, label, blank, options in offered
    ]


def _chosen(value: str, options: list[tuple[str, str]]) -> str:
    return value if value in dict(options) else ""


def filtered(
    sequence: Sequence, chosen: list[Choice], search: str
) -> QuerySet[Enrolment]:
    """The enrolments that fit, newest first; `search` is an address or a part of one.

    Who has ended may be looked for by the reason alone.
    """
    values = {choice.name: choice.chosen for choice in chosen if choice.chosen}
    found = Enrolment.objects.filter(sequence=sequence).order_by("-id")
    if "reason" in values:
        reason = values["reason"]
        found = found.filter(state=EnrolmentState.ENDED, end_reason=reason)
    if "state" in values:
        found = found.filter(state=values["state"])
    if "step" in values:
        found = found.filter(step=row_ids.read(values["step"]))
    return _searched(found, search) if search else found


def _searched(found: QuerySet[Enrolment], search: str) -> QuerySet[Enrolment]:
    exact = found.filter(key__in=filters.keys_of(search))
    if exact.exists():
        return exact
    return found.filter(address__icontains=filters.part_of(search))


def page_of(found: QuerySet[Enrolment], query: Mapping[str, Any]) -> Page:
    """The enrolments beside a cursor: as quick at the end as at the beginning."""
    after = row_ids.read(str(query.get("after", "")))
    before = row_ids.read(str(query.get("before", "")))
    found = found.select_related("step", "hold")
    if after is not None:
        above = list(found.filter(pk__gt=after).order_by("pk")[: PAGE_SIZE + 1])
        if len(above) > PAGE_SIZE:
            shown = above[-2::-1]
            return Page(_rows(shown), shown[0].pk, shown[-1].pk)
        before = None
    below = found if before is None else found.filter(pk__lt=before)
    shown = list(below[: PAGE_SIZE + 1])
    older = shown[PAGE_SIZE - 1].pk if len(shown) > PAGE_SIZE else None
    newer = shown[0].pk if before is not None and shown else None
    return Page(_rows(shown[:PAGE_SIZE]), newer, older)


def _rows(shown: list[Enrolment]) -> list[Row]:
    listed = listing.live_by_key(row.key for row in shown)
    return [
        Row(row, [entry.list.name for entry in listed.get(row.key, ())])
        for row in shown
    ]


def count_of(found: QuerySet[Enrolment]) -> tuple[int, bool]:
    """How many there are, and whether there are more than are counted."""
    number = found.order_by()[: COUNTED + 1].count()
    return min(number, COUNTED), number > COUNTED
