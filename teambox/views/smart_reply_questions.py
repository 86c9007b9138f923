"""One question of the smart replies: its words and its actions."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from optout import action_table
from optout.action_forms import ActionForm
from optout.action_table import Action, Place
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, go, posted, show
from teambox import smart_replies, smart_reply_building
from teambox.models import SmartReply, SmartReplyAction
from teambox.smart_reply_forms import QuestionForm
from teambox.views.smart_replies import CHANGE, VIEW, places, redrawn

_PAGE = "teambox/smart_reply.html"


@login_required
@permission_required("teambox.add_smartreply", raise_exception=True)
def new(request: PageRequest) -> HttpResponse:
    """New question; its actions are added on its own page."""
    chosen = request.GET.get("category", "")
    form = QuestionForm(posted(request), category=chosen)
    if not (form.is_valid() and form.store()):
        status = 422 if form.errors else 200
        context = {"form": form}
        return render(request, "teambox/smart_reply_new.html", context, status=status)
    messages.success(request, "The question was made. Now add what it does.")
    return redirect("smart-reply", form.instance.pk)


@login_required
@permission_required(VIEW, raise_exception=True)
def question(request: PageRequest, pk: int) -> HttpResponse:
    """A question with its actions; who may change it gets the form."""
    may_change = request.user.has_perm(CHANGE)
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Your role may not change smart replies.")
    row = _question(pk)
    if request.htmx.target == "actions":
        return _show_actions(request, row, may_change=may_change)
    form = QuestionForm(posted(request), instance=row)
    if form.is_valid() and form.store():
        messages.success(request, "The question was saved.")
        return redirect("smart-reply", pk)
    row.refresh_from_db()
    context = {"form": form, "may_change": may_change, **_shown(row)}
    return render(request, _PAGE, context, status=422 if form.errors else 200)


def _question(pk: int) -> SmartReply:
    return get_object_or_404(SmartReply.objects.select_related("category"), pk=pk)


def _shown(row: SmartReply) -> dict[str, Any]:
    told = smart_replies.told_actions(row.actions.all()).get(row.pk, [])
    return {
        "reply": row,
        "told": told,
        "kinds": action_table.of_place(Place.SMART_REPLY),
    }


@require_POST
@login_required
@permission_required("teambox.delete_smartreply", raise_exception=True)
def delete(request: PageRequest, pk: int) -> HttpResponse:
    """Delete a question with its actions."""
    row = _question(pk)
    smart_reply_building.delete(row)
    messages.success(request, f"“{row}” was deleted.")
    return go(request, reverse("smart-replies"))


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def move(request: PageRequest, pk: int) -> HttpResponse:
    """Put a question one place up or down in its category."""
    row = _question(pk)
    smart_reply_building.move(row, row.category.replies.all(), by=places(request))
    return redrawn(request)


# Actions


@login_required
@permission_required(CHANGE, raise_exception=True)
def new_action(request: PageRequest, pk: int, name: str) -> HttpResponse:
    """One more action of this kind."""
    row, kind = _question(pk), _kind(name)
    form = kind.form(posted(request))
    if form.is_valid() and _added(row, kind, form):
        return _action_done(request, row)
    return _show_action(request, form, kind, row)


def _kind(name: str) -> Action:
    kinds = {kind.name: kind for kind in action_table.of_place(Place.SMART_REPLY)}
    if name not in kinds:
        raise Http404
    return kinds[name]


def _added(row: SmartReply, kind: Action, form: ActionForm) -> bool:
    try:
        smart_reply_building.add_action(row, kind.name, form.settings())
    except Refused as refused:
        form.add_error(None, refused.message)
        return False
    return True


@login_required
@permission_required(CHANGE, raise_exception=True)
def action(request: PageRequest, pk: int, action_pk: int) -> HttpResponse:
    """Change the settings of an action."""
    found = _action(pk, action_pk)
    kind = _kind(found.name)
    form = kind.form(posted(request), initial=kind.form.chosen(found.settings))
    if not form.is_valid():
        return _show_action(request, form, kind, found.reply)
    smart_reply_building.change_action(found, form.settings())
    return _action_done(request, found.reply)


def _action_done(request: PageRequest, row: SmartReply) -> HttpResponse:
    """Close the dialog and draw the actions anew; what is typed beside them stays."""
    if not request.htmx:
        return redirect("smart-reply", row.pk)
    told = json.dumps({"closeDialog": True, "actionsChanged": True})
    return HttpResponse(status=204, headers={"HX-Trigger": told})


def _action(pk: int, action_pk: int) -> SmartReplyAction:
    rows = SmartReplyAction.objects.select_related("reply__category")
    return get_object_or_404(rows, pk=action_pk, reply__pk=pk)


def _show_action(
    request: PageRequest, form: ActionForm, kind: Action, row: SmartReply
) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form, "kind": kind, "reply": row}
    return show(request, "teambox/smart_reply_action.html", context, status=status)


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def delete_action(request: PageRequest, pk: int, action_pk: int) -> HttpResponse:
    """Take an action away from a question."""
    found = _action(pk, action_pk)
    found.delete()
    return _redrawn_actions(request, found.reply)


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def move_action(request: PageRequest, pk: int, action_pk: int) -> HttpResponse:
    """Put an action one place up or down."""
    found = _action(pk, action_pk)
    siblings = found.reply.actions.all()
    smart_reply_building.move(found, siblings, by=places(request))
    return _redrawn_actions(request, found.reply)


def _redrawn_actions(request: PageRequest, row: SmartReply) -> HttpResponse:
    if not request.htmx:
        return redirect("smart-reply", row.pk)
    return _show_actions(request, row, may_change=True)


def _show_actions(
    request: PageRequest, row: SmartReply, *, may_change: bool
) -> HttpResponse:
    context = {"may_change": may_change, **_shown(row)}
    return render(request, f"{_PAGE}#actions", context)
