"""The steps of a broadcast: name, message, recipients, opt-out lists, review."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from broadcaster import broadcasts, preparing, readiness
from broadcaster.broadcasts import BroadcastError
from broadcaster.forms import (
    ListsForm,
    NameForm,
)
from broadcaster.models import Broadcast
from broadcaster.views import guards
from broadcaster.views.guards import allowed, of_draft
from optout.actors import actor_of
from optout.models import default_list, live_lists
from optout.selection import SelectionError
from optout.views.dialogs import PageRequest, posted

STEPS = {
    "name": "Name and channel",
    "message": "Message",
    "recipients": "Recipients",
    "lists": "Opt-out lists",
    "review": "Review",
}


def show_step(
    request: PageRequest,
    broadcast: Broadcast | None,
    step: str,
    **context: Any,
) -> HttpResponse:
    """A step's page; 422 when a form in it was refused."""
    refused = any(getattr(value, "errors", None) for value in context.values())
    refused = refused or bool(context.get("not_found"))
    wrong = readiness.problems(broadcast) if broadcast else []
    context |= {
        "broadcast": broadcast,
        "step": step,
        "steps": STEPS.items(),
        "open_steps": {problem.step for problem in wrong},
        "problems": wrong,
    }
    template = f"broadcaster/{step}.html"
    return render(request, template, context, status=422 if refused else 200)


@allowed(guards.VIEW, guards.ADD)
def new(request: PageRequest) -> HttpResponse:
    """Begin a draft."""
    form = NameForm(posted(request))
    if form.is_valid():
        made = broadcasts.create(**form.cleaned_data, actor=actor_of(request.user))
        return redirect("broadcast-message", made.pk)
    return show_step(request, None, "name", form=form)


@of_draft
def name(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Change name and channel."""
    initial = {"name": broadcast.name, "channel": broadcast.channel.pk}
    form = NameForm(posted(request), initial=initial)
    if form.is_valid():
        broadcasts.rename(broadcast, **form.cleaned_data)
        return redirect("broadcast-message", broadcast.pk)
    return show_step(request, broadcast, "name", form=form)


@of_draft
def lists(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Select the opt-out lists; the default list stays unless somebody may skip it."""
    may_skip = request.user.has_perm("optout.send_past_default_list")
    rows = list(live_lists())
    form = ListsForm(
        rows, posted(request), may_skip=may_skip, initial=_chosen(broadcast)
    )
    if form.is_valid() and _select(form, broadcast):
        return _on_to_review(request, broadcast)
    return show_step(
        request, broadcast, "lists", form=form, rows=rows, may_skip=may_skip
    )


def _chosen(broadcast: Broadcast) -> dict[str, Any]:
    batch = broadcast.batch
    return {
        "lists": list(batch.lists.values_list("id", flat=True)),
        "skip_default": bool(batch.skip_default_reason),
        "skip_reason": batch.skip_default_reason,
        "unsubscribe_list": batch.unsubscribe_list_id,
    }


def _select(form: ListsForm, broadcast: Broadcast) -> bool:
    skip = form.skip_default_reason
    chosen = form.cleaned_data["lists"]
    try:
        broadcasts.set_lists(
            broadcast,
            chosen if skip is not None else [default_list().pk, *chosen],
            skip_default=skip,
            unsubscribe_list_id=form.cleaned_data["unsubscribe_list"],
        )
    except SelectionError as error:
        is_reason = error.code == "reason_required"
        form.add_error("skip_reason" if is_reason else "lists", error.message)
    except BroadcastError as error:
        form.add_error("unsubscribe_list", error.message)
    return form.is_valid()


def _on_to_review(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Prepare on the way if nothing is missing; the review page says what is."""
    if not readiness.problems(broadcast):
        preparing.prepare(broadcast)
    return redirect("broadcast-review", broadcast.pk)
