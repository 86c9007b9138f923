"""Who may open a page, the broadcast it is about, and what is seen of its values."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from broadcaster import previews
from broadcaster.broadcasts import BroadcastError, Words
from broadcaster.models import Broadcast, all_broadcasts
from broadcaster.previews import Preview
from broadcaster.samples import Sample
from optout import access
from optout.views.dialogs import PageRequest

VIEW = "broadcaster.view_broadcast"
ADD = "broadcaster.add_broadcast"
CHANGE = "broadcaster.change_broadcast"
EXPORT = "broadcaster.export_broadcast"
SEND = "optout.send_messages"

Page = Callable[..., HttpResponseBase]
OfBroadcast = Callable[..., HttpResponseBase]


def allowed(*permissions: str) -> Callable[[Page], Page]:
    """A stranger goes to the log-in page, a role without the permissions gets 403."""

    def decorate(page: Page) -> Page:
        guarded = permission_required(permissions, raise_exception=True)(page)
        decorated: Page = login_required(guarded)
        return decorated

    return decorate


def of_broadcast(*permissions: str) -> Callable[[OfBroadcast], Page]:
    """A page about one broadcast."""

    def decorate(page: OfBroadcast) -> Page:
        @allowed(*permissions)
        @wraps(page)
        def found(request: PageRequest, pk: int, **more: Any) -> HttpResponseBase:
            return page(request, get_object_or_404(all_broadcasts(), pk=pk), **more)

        return found

    return decorate


def of_draft(page: OfBroadcast) -> Page:
    """A page that changes a draft; a launched broadcast shows its report instead."""

    @of_broadcast(VIEW, CHANGE)
    @wraps(page)
    def editable(
        request: PageRequest, broadcast: Broadcast, **more: Any
    ) -> HttpResponseBase:
        if not broadcast.is_editable:
            return redirect("broadcast-report", broadcast.pk)
        return page(request, broadcast, **more)

    return editable


def act(*permissions: str) -> Callable[[OfBroadcast], Page]:
    """A POST that does something with a broadcast; a refusal is told on its page."""

    def decorate(page: OfBroadcast) -> Page:
        @require_POST
        @of_broadcast(VIEW, *permissions)
        @wraps(page)
        def acting(request: PageRequest, broadcast: Broadcast) -> HttpResponseBase:
            try:
                return page(request, broadcast)
            except BroadcastError as error:
                messages.error(request, error.message)
                return redirect(page_of(broadcast), broadcast.pk)

        return acting

    return decorate


def page_of(broadcast: Broadcast) -> str:
    """The URL name of the page that shows a broadcast in its present state."""
    return "broadcast-review" if broadcast.is_editable else "broadcast-report"


def preview(
    request: PageRequest,
    broadcast: Broadcast,
    words: Words,
    sample: Sample | None = None,
) -> Preview:
    """The words for a recipient, as the user of this request may see them."""
    seen = partial(access.seen_words, request)
    return previews.preview(broadcast, words, sample=sample, seen=seen)
