"""The review queue: what the person wrote, why it waits, and deciding it."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from optout import reviews
from optout.actors import actor_of
from optout.listing import live_by_key
from optout.models import Hold, HoldState
from optout.views.dialogs import PageRequest, done, posted, show
from teambox import contacts, review
from teambox.conversation_forms import DismissForm
from teambox.models import Conversation

PAGE_SIZE = 25
_MAY_DECIDE = "optout.decide_reviews"


@require_safe
@login_required
@permission_required(_MAY_DECIDE, raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """What waits, the oldest first; with `decided=1` what was decided."""
    is_decided = request.GET.get("decided") == "1"
    rows = _decided() if is_decided else reviews.waiting()
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": shown, "is_decided": is_decided, "rows": _told(list(shown))}
    part = "#queue" if request.htmx.target == "queue" else ""
    return render(request, f"teambox/reviews.html{part}", context)


def _decided() -> QuerySet[Hold]:
    rows = Hold.objects.exclude(state=HoldState.WAITING).select_related("channel")
    return rows.order_by("-decided_at", "-id")


def _told(holds: list[Hold]) -> list[dict[str, Any]]:
    """Each with its contact, conversation and lists; three queries for all of them."""
    keys = {hold.key for hold in holds}
    people, entries = contacts.of_addresses(keys), live_by_key(keys)
    threads = {
        (row.key, row.channel_id): row
        for row in Conversation.objects.filter(key__in=keys)
    }
    return [
        {
            "hold": hold,
            "contact": people.get(hold.key),
            "conversation": threads.get((hold.key, hold.channel_id)),
            "lists": [entry.list.name for entry in entries.get(hold.key, [])],
        }
        for hold in holds
    ]


@require_POST
@login_required
@permission_required(_MAY_DECIDE, raise_exception=True)
def opt_out(request: PageRequest, pk: int) -> HttpResponse:
    """It was an opt-out: one click."""
    hold = get_object_or_404(Hold.objects.select_related("channel"), pk=pk)
    if hold.state != HoldState.WAITING:
        return _was_decided(request, hold)
    added_to = review.opt_out(hold, actor=actor_of(request.user))
    return done(request, f"Added to “{added_to.name}”.", url=reverse("review"))


@login_required
@permission_required(_MAY_DECIDE, raise_exception=True)
def dismiss(request: PageRequest, pk: int) -> HttpResponse:
    """It was none: say why, and let marketing go on; identical texts can go with it."""
    hold = get_object_or_404(Hold.objects.select_related("channel"), pk=pk)
    if hold.state != HoldState.WAITING:
        return _was_decided(request, hold)
    alike = reviews.identical(hold)
    form = DismissForm(posted(request), others=alike.count() - 1)
    if not form.is_valid():
        status = 422 if form.errors else 200
        context = {"form": form, "hold": hold}
        return show(request, "teambox/review_dismiss.html", context, status=status)
    chosen = list(alike) if form.cleaned_data.get("identical") else [hold]
    count = review.dismiss(chosen, actor=actor_of(request.user), note=form.told)
    text = f"{count:,} dismissed." if count > 1 else "Dismissed."
    return done(request, text, url=reverse("review"))


def _was_decided(request: PageRequest, hold: Hold) -> HttpResponse:
    text = f"{hold.decided_by or 'Somebody'} has decided this already."
    return done(request, text, url=reverse("review"), tone="warn")
