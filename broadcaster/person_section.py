"""The contact panel's section of the sequences somebody is in, or was."""

from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from broadcaster import enrolments
from broadcaster.models import EndReason, Enrolment, EnrolmentState
from optout import access
from teambox.panel_sections import Section

MAX_ROWS = 20
_TEMPLATE = "broadcaster/panel_sequences.html"


@dataclass(frozen=True, slots=True)
class Row:
    """An enrolment; `resumes_at` is the place of the step it may go on at, or None."""

    enrolment: Enrolment
    resumes_at: int | None


def of_person(request: HttpRequest, keys: Rows[UUID]) -> Section | None:
    """The newest enrolments of these addresses; None where there is nothing to see."""
    if not request.user.has_perm("broadcaster.view_enrolment"):
        return None
    found = enrolments.of_people(keys)[:MAX_ROWS]
    if not found:
        return None
    rows = _rows(found)
    lines = [_line(request, row.enrolment) for row in rows]
    return Section(_TEMPLATE, "Sequences", rows, lines)


def _rows(found: Rows[Enrolment]) -> list[Row]:
    """Only the newest enrolment of a person in a sequence may go on."""
    newest: set[tuple[UUID, int]] = set()
    rows = []
    for enrolment in found:
        place = (enrolment.key, enrolment.sequence_id)
        step = None if place in newest else _step_to_resume_at(enrolment)
        newest.add(place)
        rows.append(Row(enrolment, step))
    return rows


def _step_to_resume_at(enrolment: Enrolment) -> int | None:
    """The step that was due when it ended; the dialog tells which are left."""
    is_over = enrolment.is_live or enrolment.sequence.is_ended
    may_go_on = enrolment.end_reason in enrolments.RESUMABLE and not is_over
    return enrolment.step.position if may_go_on and enrolment.step else None


def _line(request: HttpRequest, enrolment: Enrolment) -> str:
    """The same in words, to copy."""
    address = access.seen_address(request, enrolment.address)
    return f"{enrolment.sequence}, {address}: {_state(enrolment)}"


def _state(enrolment: Enrolment) -> str:
    if not enrolment.is_live:
        reason = EndReason(enrolment.end_reason).label if enrolment.end_reason else ""
        return ", ".join(filter(None, [reason, _at(enrolment.ended_at)]))
    step = f" for step {enrolment.step.position}" if enrolment.step else ""
    state = EnrolmentState(enrolment.state).label
    return ", ".join(filter(None, [state + step, _at(enrolment.next_at)]))


def _at(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "j M Y, H:i T") if moment else ""


def address_of(key: UUID) -> str:
    """The address that was enrolled by this key; empty for none."""
    found = Enrolment.objects.filter(key=key).exclude(address="")
    return found.values_list("address", flat=True).first() or ""
