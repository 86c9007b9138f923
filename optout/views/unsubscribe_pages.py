"""The public door of unsubscribe links: one page, one-click, and the page's forms.

No log-in, no session, no cookie. A GET, HEAD or OPTIONS changes nothing, because mail
scanners open every link.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from optout import row_ids, unsubscribe
from optout.actors import Evidence
from optout.gate import GateClosed
from optout.links import DEAD_TOKEN
from optout.models import OptOutList, Source, Workspace
from optout.unsubscribe import Invitation

RETRY_AFTER_SECONDS = 120
ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058, section 3.1
_ALLOWED = "GET, HEAD, OPTIONS, POST"
_HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address of the page is a secret
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}

View = Callable[[HttpRequest, str], HttpResponse]
Act = Callable[[Invitation, HttpRequest], str]


def _public(view: View) -> View:
    """Give every answer the headers, and 503 where nothing could be written down."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, token)
        except (DatabaseFailure, GateClosed):
            response = render(request, "optout/unsubscribe_later.html", status=503)
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        for name, value in _HEADERS.items():
            response[name] = value
        return response

    return answer


@_public
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what the link would do; POST is the one-click door of mail clients."""
    if request.method == "POST":
        return _one_click(request, token)
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": _ALLOWED})
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(_ALLOWED.split(", "))
    invitation = unsubscribe.find(token)
    if invitation is None:
        return _lead_nowhere(request, token)
    return render(request, "optout/unsubscribe.html", _shown(request, invitation))


def _one_click(request: HttpRequest, token: str) -> HttpResponse:
    """Act as RFC 8058 asks: 200 without a redirect, whatever the token leads to."""
    name, value = ONE_CLICK
    if request.POST.get(name) != value:
        return HttpResponse(status=400)
    invitation = unsubscribe.find(token)
    if invitation is not None:
        evidence = _evidence(request, f"{name}={value}")
        unsubscribe.leave(invitation, source=Source.ONE_CLICK, evidence=evidence)
    return HttpResponse()


def _lead_nowhere(request: HttpRequest, token: str) -> HttpResponse:
    if token == DEAD_TOKEN:
        return render(request, "optout/unsubscribe_test.html")
    return render(request, "optout/unsubscribe_unknown.html", status=404)


def _shown(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    preferences = unsubscribe.preferences(invitation)
    return {
        "token": _token(request),
        "company": Workspace.load().name,
        "address": invitation.address.masked,
        "channel": invitation.message.channel,
        "opt_out_list": invitation.opt_out_list,
        "what": _what(invitation.opt_out_list),
        "sentence": _sentence(invitation),
        "is_out": invitation.is_out,
        "can_come_back": invitation.entry is not None,
        "preferences": preferences,
        "still_in": any(not choice.is_out for choice in preferences),
        "note": _NOTES.get(request.GET.get("note", "")),
    }


_NOTES = {
    "back": "You were put back. You will hear from us again.",
    "kept": "Nothing was changed: you did not leave by this link, or came back before.",
    "saved": "Your choice was saved.",
    "none": "You ticked no list, so nothing was changed.",
}


def _token(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.kwargs["token"]) if match else ""


def _what(opt_out_list: OptOutList) -> str:
    """What people leave, in their words: never the name that staff gave the list."""
    return opt_out_list.public_name or "marketing messages"


def _sentence(invitation: Invitation) -> str:
    """The words above the button; kept with the entry as what the person saw."""
    return (
        f"You will get no more {_what(invitation.opt_out_list)} "
        f"from {Workspace.load().name} at this address."
    )


# The page's own forms


def _acting(act: Act) -> View:
    """Let a form of our page act, then lead back to the page with a note."""

    @_public
    @wraps(act)
    def view(request: HttpRequest, token: str) -> HttpResponse:
        note = ""
        if request.method == "POST":
            _refuse_other_sites(request)
            invitation = unsubscribe.find(token)
            if invitation is None:
                return _lead_nowhere(request, token)
            note = act(invitation, request)
        response = redirect("unsubscribe", token=token)
        if note:
            response["Location"] += f"?note={note}"
        return response

    return view


def _refuse_other_sites(request: HttpRequest) -> None:
    """Refuse a form of another site, by what the browser says of where it came from.

    Django's token would need a cookie, which the browsers inside mail apps often
    refuse, and its check of Origin fails for pages that send no referrer: their own
    forms come with `Origin: null`. W3C Fetch Metadata, read November 2026.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    if site:
        is_ours = site in ("same-origin", "none")
    else:
        is_ours = origin == "null" or urlsplit(origin).netloc == request.get_host()
    if not is_ours:
        raise PermissionDenied("Open the link in your mail and use the button there.")


@_acting
def leave(invitation: Invitation, request: HttpRequest) -> str:
    """The button: opt out of the send's unsubscribe list on the sending channel."""
    evidence = _evidence(request, _sentence(invitation))
    unsubscribe.leave(invitation, source=Source.LINK, evidence=evidence)
    return ""


@_acting
def back(invitation: Invitation, request: HttpRequest) -> str:
    """The way back: ends the one entry that this very link made."""
    return "back" if unsubscribe.take_back(invitation) else "kept"


@_acting
def preferences(invitation: Invitation, request: HttpRequest) -> str:
    """Leave more lists. A box that is not ticked changes nothing."""
    ticked = map(row_ids.read, request.POST.getlist("lists"))
    chosen = [pk for pk in ticked if pk is not None]
    evidence = _evidence(request, "Leave the ticked ones")
    done = unsubscribe.leave_more(invitation, chosen, evidence=evidence)
    return "saved" if done else "none"


def _evidence(request: HttpRequest, wording: str) -> Evidence:
    return Evidence(
        ip=request.META.get("REMOTE_ADDR") or None,
        user_agent=request.headers.get("User-Agent", ""),
        wording=wording,
    )
