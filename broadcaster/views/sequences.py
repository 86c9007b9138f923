"""All sequences, their settings and opt-out lists, the editor, and their course."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render

from broadcaster import sequence_reports, sequences, step_words, steps
from broadcaster.models import Sequence, all_sequences
from broadcaster.sequence_forms import SequenceListsForm, SettingsForm, store
from broadcaster.views import sequence_guards as guards
from broadcaster.views.guards import allowed
from broadcaster.views.sequence_guards import act, of_sequence
from optout import hours
from optout.actors import actor_of
from optout.filters import searched
from optout.views.dialogs import PageRequest, posted

PAGE_SIZE = 25
STEPS = "steps"  # the id of the editor's inside
TABS = {
    "sequence": "Steps",
    "sequence-people": "People",
    "sequence-upcoming": "Upcoming",
    "sequence-report": "Report",
}
# Where a problem that stands against the start is mended.
_MENDED_AT = {"steps": "sequence-step-new"}


@allowed(guards.VIEW)
def index(request: PageRequest) -> HttpResponse:
    """Every sequence, newest first."""
    found = all_sequences()
    if search := searched(request.GET):
        found = found.filter(name__icontains=search)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = sequence_reports.overviews(list(page))
    context = {
        "page": page,
        "rows": [(sequence, shown[sequence.pk]) for sequence in page],
        "search": search,
    }
    return render(request, "broadcaster/sequences.html", context)


# Settings


@allowed(guards.VIEW, guards.ADD)
def new(request: PageRequest) -> HttpResponse:
    """A new draft with its settings and lists."""
    return _settings(request, None)


@of_sequence(guards.CHANGE)
def edit(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Change settings and lists, also while it runs."""
    if sequence.is_ended:
        messages.error(request, "This sequence has ended; it cannot be changed.")
        return redirect("sequence", sequence.pk)
    return _settings(request, sequence)


def _settings(request: PageRequest, sequence: Sequence | None) -> HttpResponse:
    data = posted(request)
    may_skip = request.user.has_perm("optout.send_past_default_list")
    form = SettingsForm(data, sequence=sequence)
    lists = SequenceListsForm(data, sequence=sequence, may_skip=may_skip)
    if form.is_valid() & lists.is_valid():
        actor = actor_of(request.user)
        if made := store(form, lists, sequence=sequence, actor=actor):
            if sequence is not None:
                messages.success(request, "The settings were saved.")
            return redirect("sequence", made.pk)
    wrong = bool(form.errors or lists.errors)
    context = {"form": form, "lists": lists, "sequence": sequence}
    template = "broadcaster/sequence_settings.html"
    return render(request, template, context, status=422 if wrong else 200)


# The editor


def show(
    request: PageRequest, sequence: Sequence, tab: str, context: dict[str, Any]
) -> HttpResponse:
    """One of the pages of a sequence, with the tabs that lead to the others."""
    shown = {"sequence": sequence, "tab": tab, "tabs": TABS.items(), **context}
    return render(request, f"broadcaster/{tab.replace('-', '_')}.html", shown)


@of_sequence()
def page(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """The steps in order, what stands against the start, and how many are enrolled."""
    return show_editor(request, sequence)


def show_editor(
    request: PageRequest, sequence: Sequence, *, told: str = ""
) -> HttpResponse:
    """The editor; its inside alone where the page asks for that.

    `told` is what somebody who cannot see it hears of the change.
    """
    context = {
        "sequence": sequence,
        "cards": _cards(sequence),
        "told": told,
        "max_steps": steps.MAX_STEPS,
    }
    if request.htmx.target == STEPS:
        return render(request, "broadcaster/sequence.html#steps", context)
    context |= {
        "problems": _problems(sequence),
        "counts": sequence_reports.counts(sequence),
        "lists": list(sequence.batch.lists.all()),
    }
    return show(request, sequence, "sequence", context)


def _cards(sequence: Sequence) -> list[dict[str, Any]]:
    """What the card of each live step shows."""
    rows = {row.step.pk: row for row in sequence_reports.by_step(sequence)}
    return [
        {
            "step": step,
            "row": rows.get(step.pk),
            "when": step_words.when(step, is_first=place == 0),
            "hours": hours.described(step.content.hours) if step.content.hours else "",
        }
        for place, step in enumerate(steps.live(sequence))
    ]


def _problems(sequence: Sequence) -> list[tuple[str, str]]:
    """What stands against the start, and the route where it is mended."""
    if sequence.state != "draft":
        return []
    return [
        (problem.message, _MENDED_AT.get(problem.page, "sequence-edit"))
        for problem in sequences.problems(sequence)
    ]


# Its course


@act(guards.SEND)
def start(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Let it run."""
    if sequences.start(sequence, actor=actor_of(request.user)):
        messages.success(request, f"“{sequence}” is running.")
    return redirect("sequence", sequence.pk)


@act(guards.SEND)
def pause(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Let nobody move on."""
    if sequences.pause(sequence, actor=actor_of(request.user)):
        messages.success(request, "Paused. Nobody gets a step until you resume.")
    return redirect("sequence", sequence.pk)


@act(guards.SEND)
def resume(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Go on."""
    if sequences.resume(sequence, actor=actor_of(request.user)):
        messages.success(request, "The sequence goes on.")
    return redirect("sequence", sequence.pk)


@act(guards.SEND)
def end(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """End it for good."""
    if sequences.end(sequence, actor=actor_of(request.user)):
        messages.success(request, f"“{sequence}” has ended.")
    return redirect("sequence", sequence.pk)
