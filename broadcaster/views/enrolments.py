"""The people of a sequence: who is where, enrolling, unenrolling, going on."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from broadcaster import enrolment_listing, enrolments
from broadcaster.enrolment_forms import EnrolForm, ResumeForm
from broadcaster.enrolment_imports import EnrolmentImports
from broadcaster.enrolments import Result
from broadcaster.models import Enrolment, EnrolmentJob, Sequence
from broadcaster.views import sequence_guards as guards
from broadcaster.views.sequence_guards import of_enrolment, of_sequence
from broadcaster.views.sequences import TABS
from optout import access
from optout.actors import actor_of
from optout.filters import searched
from optout.import_kinds import KINDS
from optout.models import default_list
from optout.views.dialogs import PageRequest, done, posted, show
from optout.views.imports import take_upload

_PEOPLE, _JOBS = "people", "jobs"  # the ids of what is drawn anew
_TOLD = {
    Result.ENROLLED: "{} is enrolled.",
    Result.RESTARTED: "{} begins again at the first step.",
    Result.ALREADY: "{} is enrolled already.",
    Result.NOT_AGAIN: "{} was enrolled before, and nobody is enrolled twice here.",
}


@require_safe
@of_sequence(guards.VIEW_PEOPLE)
def people(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Who is enrolled or was; the table alone where the page asks for that."""
    if request.htmx.target == _JOBS:
        return _show_jobs(request, sequence)
    is_part = (
        request.htmx.target == _PEOPLE and not request.htmx.history_restore_request
    )
    template = "broadcaster/sequence_people.html" + f"#{_PEOPLE}" * is_part
    context = {
        "sequence": sequence,
        "tab": "sequence-people",
        "tabs": TABS.items(),
        "jobs": _open_jobs(sequence),
        **_table(request, sequence),
    }
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _open_jobs(sequence: Sequence) -> list[EnrolmentJob]:
    return list(sequence.jobs.filter(finished_at=None))


def _show_jobs(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """What is polled; once nothing is enrolled any more the page is read anew."""
    context = {"sequence": sequence, "jobs": _open_jobs(sequence)}
    response = render(request, "broadcaster/sequence_people.html#jobs", context)
    if not context["jobs"]:
        response["HX-Refresh"] = "true"
    return response


def _table(request: PageRequest, sequence: Sequence) -> dict[str, Any]:
    search = searched(request.GET)
    chosen = enrolment_listing.choices(sequence, request.GET)
    found = enrolment_listing.filtered(sequence, chosen, search)
    total, is_more = enrolment_listing.count_of(found)
    return {
        "page": enrolment_listing.page_of(found, request.GET),
        "total": total,
        "is_more": is_more,
        "search": search,
        "choices": chosen,
        "is_filtered": bool(search or any(one.chosen for one in chosen)),
    }


# Enrolling


@of_sequence(guards.SEND)
def enrol(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Enrol one person by hand; the dialog leads to the other ways too."""
    form = EnrolForm(sequence, posted(request))
    if form.is_valid() and (made := form.store(actor=actor_of(request.user))):
        seen = access.seen_address(request, made.enrolment.address)
        is_done = made.result in (Result.ENROLLED, Result.RESTARTED)
        return done(
            request,
            _TOLD[made.result].format(seen),
            url=_people_url(sequence),
            tone="ok" if is_done else "warn",
        )
    context = {"form": form, "sequence": sequence}
    status = 422 if form.errors else 200
    return show(request, "broadcaster/sequence_enrol.html", context, status=status)


@of_sequence(guards.SEND, *EnrolmentImports.permissions)
def upload(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Upload a file of people to enrol."""
    kind = KINDS[EnrolmentImports.name]
    return take_upload(request, kind, default_list(), target_id=sequence.pk)


def _people_url(sequence: Sequence) -> str:
    return reverse("sequence-people", args=[sequence.pk])


# One enrolment


@require_POST
@of_enrolment(guards.CHANGE_PEOPLE)
def unenrol(request: PageRequest, enrolment: Enrolment) -> HttpResponse:
    """Take somebody out of a sequence; who has left already stays as they are."""
    sequence = enrolment.sequence
    actor = actor_of(request.user)
    ended = enrolments.unenrol(sequence, [enrolment.key], actor=actor)
    text = f"Unenrolled from “{sequence}”." if ended else "Not enrolled any more."
    return done(request, text, url=_back_url(request, enrolment))


@of_enrolment(guards.SEND)
def resume(request: PageRequest, enrolment: Enrolment) -> HttpResponse:
    """Let somebody whose enrolment ended go on at a step that is left."""
    form = ResumeForm(enrolment, posted(request))
    if form.is_valid() and (made := form.store(actor=actor_of(request.user))):
        text = f"Goes on in “{enrolment.sequence}” at “{made.step}”."
        return done(request, text, url=_back_url(request, enrolment))
    context = {
        "form": form,
        "enrolment": enrolment,
        "sequence": enrolment.sequence,
        "back_url": _back_url(request, enrolment),
        "is_panel": _is_panel(request),
    }
    status = 422 if form.errors else 200
    return show(request, "broadcaster/sequence_resume.html", context, status=status)


def _back_url(request: PageRequest, enrolment: Enrolment) -> str:
    """Where a plain page goes on: the panel it came from, else the people."""
    may_look = request.user.has_perm(guards.VIEW)
    if _is_panel(request) or not may_look:
        return reverse("panel-person", args=[enrolment.key])
    return _people_url(enrolment.sequence)


def _is_panel(request: PageRequest) -> bool:
    return "panel" in request.GET
