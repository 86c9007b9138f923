"""The overview of smart replies with its try-out; categories, settings, the example."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from optout import keywords, row_ids
from optout.models import active_channels
from optout.views import keyword_pages
from optout.views.dialogs import PageRequest, go, posted, show
from teambox import smart_replies, smart_reply_building, smart_reply_examples
from teambox.models import SmartReplyAction, SmartReplyCategory, SmartReplySettings
from teambox.smart_reply_forms import CategoryForm, SettingsForm, TrialForm

VIEW = "teambox.view_smartreply"
CHANGE = "teambox.change_smartreply"
_PAGE = "teambox/smart_replies.html"


@require_safe
@login_required
@permission_required(VIEW, raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """Every category with its questions, and what a message would be answered with."""
    if request.htmx.target == "trial":
        return render(request, f"{_PAGE}#trial", _trial(request))
    first = active_channels().first()
    context = {
        "form": TrialForm(request.GET or None, initial={"channel": first}),
        "settings": SmartReplySettings.load(),
        **_trial(request),
        **_topics(),
    }
    return render(request, _PAGE, context)


def _topics() -> dict[str, Any]:
    told = smart_replies.told_actions(SmartReplyAction.objects.all())
    rows = SmartReplyCategory.objects.prefetch_related("replies")
    return {
        "categories": [
            (row, [(one, told.get(one.pk, [])) for one in row.replies.all()])
            for row in rows
        ]
    }


def _trial(request: PageRequest) -> dict[str, Any]:
    """What the keywords would do with the message first, then the smart replies."""
    form = TrialForm(request.GET)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    channel = form.chosen_channel if form.is_valid() else None
    if not text.strip() or channel is None:
        return {}
    match = keywords.decide(channel, text)
    is_request = match.meaning is not None or bool(match.review_reason)
    return {
        "tried": text,
        "channel": channel,
        "is_covered": SmartReplySettings.load().covers(channel),
        "keyword": keyword_pages.explain(match, channel) if is_request else None,
        "trial": smart_replies.try_out(channel, text),
    }


# Categories


@login_required
@permission_required(CHANGE, raise_exception=True)
def new_category(request: PageRequest) -> HttpResponse:
    """New category."""
    form = CategoryForm(posted(request))
    return _stored(request, form, "New category", "The category was made.")


@login_required
@permission_required(CHANGE, raise_exception=True)
def category(request: PageRequest, pk: int) -> HttpResponse:
    """Change a category."""
    row = get_object_or_404(SmartReplyCategory, pk=pk)
    form = CategoryForm(posted(request), instance=row)
    return _stored(request, form, f"Edit {row.name}", "The category was saved.")


@require_POST
@login_required
@permission_required("teambox.delete_smartreply", raise_exception=True)
def delete_category(request: PageRequest, pk: int) -> HttpResponse:
    """Delete a category with its questions."""
    row = get_object_or_404(SmartReplyCategory, pk=pk)
    smart_reply_building.delete_category(row)
    messages.success(request, f"“{row.name}” was deleted.")
    return go(request, reverse("smart-replies"))


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def move_category(request: PageRequest, pk: int) -> HttpResponse:
    """Put a category one place up or down."""
    row = get_object_or_404(SmartReplyCategory, pk=pk)
    siblings = SmartReplyCategory.objects.all()
    smart_reply_building.move(row, siblings, by=places(request))
    return redrawn(request)


def places(request: PageRequest) -> int:
    """How far something is moved, and where to; nowhere for what is no number."""
    text = request.POST.get("by", "")
    far = row_ids.read(text.removeprefix("-"))
    return 0 if far is None else far * (-1 if text.startswith("-") else 1)


def redrawn(request: PageRequest) -> HttpResponse:
    """The categories in their new order."""
    if not request.htmx:
        return redirect("smart-replies")
    return render(request, f"{_PAGE}#topics", _topics())


# What holds for all


@login_required
@permission_required(CHANGE, raise_exception=True)
def settings(request: PageRequest) -> HttpResponse:
    """Switch smart replies on or off; the default reply."""
    form = SettingsForm(posted(request), instance=SmartReplySettings.load())
    return _stored(request, form, "Smart reply settings", "The settings were saved.")


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def insert_example(request: PageRequest) -> HttpResponse:
    """Insert the example, switched off."""
    smart_reply_examples.insert()
    text = "The example was inserted, switched off. Edit it, then switch it on."
    messages.success(request, text)
    return go(request, reverse("smart-replies"))


def _stored(
    request: PageRequest, form: CategoryForm | SettingsForm, title: str, text: str
) -> HttpResponse:
    """The form in a dialog or a page, until it is stored."""
    if form.is_valid() and form.store():
        messages.success(request, text)
        return go(request, reverse("smart-replies"))
    status = 422 if form.errors else 200
    context = {"form": form, "title": title}
    return show(request, "teambox/smart_reply_form.html", context, status=status)
