"""Answers that suit a dialog as well as a plain page: show, done, go."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

_DIALOG = "components/dialog_layout.html"
_PAGE = "base.html"


class PageRequest(HttpRequest):
    """A request as the pages get it: logged in, htmx's headers read."""

    user: User
    htmx: HtmxDetails


def show(
    request: PageRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a template that extends `layout`: a dialog's inside, or a whole page."""
    layout = _DIALOG if request.htmx else _PAGE
    return render(
        request, template, {"layout": layout, **(context or {})}, status=status
    )


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: None leaves it unbound, an empty POST does not."""
    return request.POST if request.method == "POST" else None


def done(
    request: PageRequest, text: str, *, url: str, undo: str = "", tone: str = "ok"
) -> HttpResponse:
    """Close the dialog and tell what was done; a plain page goes to `url`.

    `entriesChanged` makes the table of the page below read itself again.
    """
    if not request.htmx:
        level = messages.SUCCESS if tone == "ok" else messages.WARNING
        messages.add_message(
            request, level, text, extra_tags=f"undo:{undo}" * bool(undo)
        )
        return redirect(url)
    toast = {"text": text, "tone": tone, "undo": undo}
    told = events(toast=toast, closeDialog=True)
    return HttpResponse(status=204, headers={"HX-Trigger": told})


def events(**named: object) -> str:
    """The HX-Trigger by which the page hears that entries changed, and these events."""
    return json.dumps({**named, "entriesChanged": True})


def go(request: PageRequest, url: str) -> HttpResponse:
    """Leave for another page, also from a dialog."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
