"""The steps of a sequence: writing one, its preview, order, deleting."""

from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from broadcaster import readiness, step_previews, steps
from broadcaster.broadcasts import Words
from broadcaster.models import Sequence, Step
from broadcaster.step_forms import TimingForm, words_form
from broadcaster.views import sequence_guards as guards
from broadcaster.views.messages import MAIL_POLICY
from broadcaster.views.sequence_guards import act, of_sequence
from broadcaster.views.sequences import STEPS, show_editor
from optout import access
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, go, posted

_PAGE = "broadcaster/sequence_step.html"


@of_sequence(guards.CHANGE)
def new(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """One more step at the end."""
    return _edit(request, sequence, None)


@of_sequence(guards.CHANGE)
def step(request: PageRequest, sequence: Sequence, step_pk: int) -> HttpResponse:
    """Change what a step says and when it follows."""
    return _edit(request, sequence, _step(sequence, step_pk))


def _step(sequence: Sequence, pk: int) -> Step:
    """A live step of the sequence. Raises Http404."""
    return get_object_or_404(steps.live(sequence), pk=pk)


def _edit(request: PageRequest, sequence: Sequence, step: Step | None) -> HttpResponse:
    data = posted(request)
    words = steps.words_of(step) if step else Words()
    form = words_form(sequence, data, words=words)
    timing = TimingForm(data, step=step)
    if form.is_valid() & timing.is_valid():
        words = Words(**form.cleaned_data)
        if "add_way_out" in request.POST:
            words = replace(words, text=_with_way_out(words.text))
            form = words_form(sequence, words=words)
        elif _store(sequence, step, words, (form, timing)):
            messages.success(request, "The step was saved.")
            return redirect("sequence", sequence.pk)
    context = {"form": form, "timing": timing, "step": step}
    context |= _preview(request, sequence, words)
    wrong = form.errors or timing.errors
    return _show(request, sequence, context, status=422 if wrong else 200)


def _with_way_out(text: str) -> str:
    return f"{text.rstrip()}\n{readiness.WAY_OUT}".lstrip()


def _store(
    sequence: Sequence,
    step: Step | None,
    words: Words,
    forms: tuple[BaseForm, TimingForm],
) -> bool:
    """Write the step; False with the error at its field where that is refused."""
    form, timing = forms
    when, name = timing.timing, timing.cleaned_data["name"]
    try:
        if step is None:
            steps.add(sequence, words, when, name=name)
        else:
            steps.change(step, words, when, name=name)
    except Refused as refused:
        owner = timing if refused.field in timing.fields else form
        field = refused.field if refused.field in owner.fields else None
        owner.add_error(field, refused.message)
        return False
    return True


def _show(
    request: PageRequest, sequence: Sequence, context: dict[str, Any], *, status: int
) -> HttpResponse:
    shown = {
        "sequence": sequence,
        "variables": step_previews.variable_names(),
        "is_first": context["step"] is None and not steps.live(sequence).exists(),
    }
    return render(request, _PAGE, shown | context, status=status)


@require_POST
@of_sequence(guards.CHANGE)
def preview(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """The preview of what is being typed; nothing is saved."""
    form = words_form(sequence, request.POST, words=Words())
    words = Words(**form.cleaned_data) if form.is_valid() else Words()
    context = {"sequence": sequence, **_preview(request, sequence, words)}
    return render(request, f"{_PAGE}#preview", context)


def _preview(request: PageRequest, sequence: Sequence, words: Words) -> dict[str, Any]:
    seen = partial(access.seen_words, request)
    says_something = not sequence.is_email and bool(words.text.strip())
    known = step_previews.variable_names()
    return {
        "preview": step_previews.preview(sequence, words, seen=seen),
        "unfilled": step_previews.unfilled(words, known),
        "lacks_way_out": says_something and not readiness.names_a_way_out(words.text),
        "way_out": readiness.WAY_OUT,
    }


@require_safe
@of_sequence()
def mail(request: PageRequest, sequence: Sequence, step_pk: int) -> HttpResponse:
    """The HTML of a step's mail, for a frame of our pages."""
    words = steps.words_of(_step(sequence, step_pk))
    shown = _preview(request, sequence, words)["preview"]
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(shown.html, headers=headers)


@act(guards.CHANGE)
def move(request: PageRequest, sequence: Sequence, step_pk: int) -> HttpResponse:
    """Put a step one place up or down."""
    found = _step(sequence, step_pk)
    is_up = request.POST.get("by") == "-1"
    name = str(found)
    moved = steps.move(found, up=is_up)
    told = f"{name} moved {'up' if is_up else 'down'}." if moved else ""
    return _redrawn(request, sequence, told)


@act(guards.CHANGE)
def delete(request: PageRequest, sequence: Sequence, step_pk: int) -> HttpResponse:
    """Send a step no more; who waits for it waits for the next one."""
    steps.archive(_step(sequence, step_pk))
    messages.success(request, "The step was deleted.")
    return go(request, reverse("sequence", args=[sequence.pk]))


def _redrawn(request: PageRequest, sequence: Sequence, told: str) -> HttpResponse:
    if request.htmx.target != STEPS:
        return redirect("sequence", sequence.pk)
    return show_editor(request, sequence, told=told)
