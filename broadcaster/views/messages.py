"""The message step: writing, the preview for a recipient, a test to oneself."""

from copy import copy
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from broadcaster import broadcasts, previews, readiness, samples, trials
from broadcaster.broadcasts import BroadcastError, Words
from broadcaster.forms import MAX_HTML, message_form
from broadcaster.models import Broadcast
from broadcaster.samples import Sample
from broadcaster.views import guards
from broadcaster.views.guards import allowed, of_broadcast, of_draft
from broadcaster.views.wizard import show_step
from optout import access, row_ids
from optout.actors import actor_of
from optout.addresses import AddressKind
from optout.channel_forms import TestMessageForm
from optout.models import MessageState, OutgoingMessage
from optout.views.dialogs import PageRequest, posted

# A mail's own styles and pictures, nothing that runs, and only inside our pages.
MAIL_POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src https: data:; frame-ancestors 'self'"
)
_ON_ITS_WAY = (MessageState.QUEUED, MessageState.SENDING)


@of_draft
def message(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Write the message; `add_way_out` adds the sentence that tells how to opt out."""
    form = message_form(broadcast, posted(request))
    if form.is_valid():
        words = Words(**form.cleaned_data)
        if "add_way_out" in request.POST:
            text = f"{words.text.rstrip()}\n{readiness.WAY_OUT}".lstrip()
            broadcasts.write(broadcast, Words(text=text))
            return redirect("broadcast-message", broadcast.pk)
        broadcasts.write(broadcast, words)
        return redirect("broadcast-recipients", broadcast.pk)
    return _show(request, broadcast, form=form)


def _show(request: PageRequest, broadcast: Broadcast, **context: Any) -> HttpResponse:
    shown = {
        "form": message_form(broadcast),
        **_preview(request, broadcast, previews.saved(broadcast)),
        **_test(request, broadcast),
    }
    return show_step(request, broadcast, "message", **shown | context)


# The preview


@require_POST
@of_draft
def preview(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """The preview of what is being typed, for a recipient; nothing is saved."""
    words = _typed(request, broadcast)
    if not request.htmx:
        words = words or previews.saved(broadcast)
        return _show(request, broadcast, **_preview(request, broadcast, words))
    shown = _preview(request, broadcast, words or Words())
    context = {"broadcast": broadcast, **shown}
    status = 422 if context["not_found"] else 200
    return render(request, "broadcaster/message.html#preview", context, status=status)


def _typed(request: PageRequest, broadcast: Broadcast) -> Words | None:
    """What stands in the message's form; None where it was not sent or is too long."""
    form = message_form(broadcast, request.POST)
    if not (form.is_valid() and form.fields.keys() & request.POST.keys()):
        return None
    return Words(**form.cleaned_data)


def _preview(
    request: PageRequest, broadcast: Broadcast, words: Words
) -> dict[str, Any]:
    chosen, not_found = _chosen(request, broadcast)
    knows = readiness.has_audience(broadcast)
    draft = copy(broadcast)
    draft.subject, draft.text, draft.html = words.subject, words.text, words.html
    needs_hint = not broadcast.is_email and bool(words.text.strip())
    return {
        "samples": _offered(broadcast, chosen),
        "chosen": chosen,
        "not_found": not_found,
        "words": words,
        "preview": guards.preview(request, broadcast, words, chosen),
        "variables": readiness.known_variables(broadcast) if knows else [],
        "unknown": readiness.unknown_variables(draft) if knows else [],
        "lacks_way_out": needs_hint and not readiness.names_a_way_out(words.text),
        "way_out": readiness.WAY_OUT,
    }


def _chosen(request: PageRequest, broadcast: Broadcast) -> tuple[Sample | None, str]:
    """Whom the preview is for, and why somebody who was typed is not."""
    told = ""
    try:
        if typed := request.POST.get("find", "").strip():
            return samples.find(broadcast, typed), told
    except BroadcastError as error:
        told = error.message
    return samples.at(broadcast, request.POST.get("recipient", "")), told


def _offered(broadcast: Broadcast, chosen: Sample | None) -> list[Sample]:
    found = samples.first(broadcast)
    is_among = chosen is None or chosen.place in {each.place for each in found}
    return found if is_among or chosen is None else [chosen, *found]


@of_broadcast(guards.VIEW)
def mail(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """The HTML of the mail for a recipient, for a frame of our pages.

    As it was saved, or as it is posted while it is being typed.
    """
    words = previews.saved(broadcast)
    if request.method == "POST":
        words = Words(html=request.POST.get("html", "")[:MAX_HTML])
    chosen = samples.at(broadcast, request.POST.get("recipient", ""))
    shown = guards.preview(request, broadcast, words, chosen)
    headers = {
        "Content-Security-Policy": MAIL_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
    }
    return HttpResponse(shown.html, headers=headers)


# A test to oneself


@require_POST
@allowed(guards.SEND)
@of_draft
def send_test(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Send the words to one's own address, as the chosen recipient would read them."""
    form = TestMessageForm(request.POST, channel=broadcast.channel)
    sent = _send(request, broadcast, form) if form.is_valid() else None
    if request.htmx:
        context = {"broadcast": broadcast, "test_form": form, **_state(sent)}
        status = 422 if sent is None else 200
        return render(request, "broadcaster/message.html#test", context, status=status)
    if sent is None:
        return _show(request, broadcast, test_form=form)
    page = reverse("broadcast-message", args=[broadcast.pk])
    return redirect(f"{page}?test={sent.pk}")


def _send(
    request: PageRequest, broadcast: Broadcast, form: TestMessageForm
) -> OutgoingMessage | None:
    try:
        return trials.send_test(
            broadcast,
            _typed(request, broadcast) or previews.saved(broadcast),
            form.cleaned_data["address"],
            actor=actor_of(request.user),
            sample=_chosen(request, broadcast)[0] or _first(broadcast),
        )
    except BroadcastError as error:
        form.add_error(None, error.message)
    return None


def _first(broadcast: Broadcast) -> Sample | None:
    return next(iter(samples.first(broadcast)), None)


@require_safe
@of_draft
def test_state(
    request: PageRequest, broadcast: Broadcast, message_pk: int
) -> HttpResponse:
    """What became of a test message, as a part of the message's page."""
    found = get_object_or_404(trials.tests_of(broadcast), pk=message_pk)
    context = {"broadcast": broadcast, **_state(found)}
    return render(request, "broadcaster/message.html#tested", context)


def _test(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    asked = row_ids.read(request.GET.get("test", "")) or 0
    form = TestMessageForm(channel=broadcast.channel)
    form.initial["address"] = _own_address(request, broadcast)
    return {
        "test_form": form,
        **_state(trials.tests_of(broadcast).filter(pk=asked).first()),
    }


def _own_address(request: PageRequest, broadcast: Broadcast) -> str:
    """Where the last test went to; before that the user's own email."""
    last = trials.last_address(broadcast, actor=actor_of(request.user))
    if last and not access.masks(request):
        return last
    is_email = broadcast.channel.address_kind == AddressKind.EMAIL
    return request.user.email if is_email else ""


def _state(message: OutgoingMessage | None) -> dict[str, Any]:
    is_moving = message is not None and message.state in _ON_ITS_WAY
    return {"test": message, "test_is_moving": is_moving}
