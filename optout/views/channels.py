"""The channels: their list, making and changing one, trying one out."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from optout import channel_settings, row_ids
from optout.actors import actor_of
from optout.channel_forms import ChannelForm, TestMessageForm, form_class
from optout.channels import load_all
from optout.channels.base import KINDS, Transport
from optout.models import (
    Channel,
    MessageState,
    OutgoingMessage,
    Purpose,
    connected_channels,
)
from optout.views.dialogs import PageRequest, posted

_ON_ITS_WAY = (MessageState.QUEUED, MessageState.SENDING)


@require_safe
@login_required
@permission_required("optout.view_channel", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """Every channel with its number, kind and state."""
    load_all()
    rows = [(channel, _label(channel.kind)) for channel in connected_channels()]
    return render(request, "optout/channels.html", {"rows": rows})


def _label(kind: str) -> str:
    return KINDS[kind].label if kind in KINDS else kind


@require_safe
@login_required
@permission_required("optout.add_channel", raise_exception=True)
def choose_kind(request: PageRequest) -> HttpResponse:
    """The kinds of channels there are."""
    load_all()
    known = sorted(KINDS.values(), key=lambda kind: kind.first_channel_id)
    kinds = [  # a template would call a class instead of reading it
        (kind.kind, kind.label, kind.address_kinds, kind.first_channel_id)
        for kind in known
    ]
    return render(request, "optout/channel_new.html", {"kinds": kinds})


@login_required
@permission_required("optout.add_channel", raise_exception=True)
def create(request: PageRequest, kind: str) -> HttpResponse:
    """Make a channel of a kind; its number is chosen here, once."""
    transport = _transport_class(kind)
    form = form_class(kind)(posted(request), kind=kind)
    if not (form.is_valid() and form.store()):
        context = {"form": form, "title": f"New channel: {transport.label}"}
        return _show(request, form, context)
    messages.success(request, f"The channel “{form.instance.name}” was created.")
    return redirect("channel", pk=form.instance.pk)


def _transport_class(kind: str) -> type[Transport]:
    load_all()
    if kind not in KINDS:
        raise Http404(f"There is no kind of channel called {kind}.")
    return KINDS[kind]


@login_required
@permission_required("optout.view_channel", raise_exception=True)
def one(request: PageRequest, pk: int) -> HttpResponse:
    """A channel: its settings, and trying it out. Who may not change it sees it."""
    may_change = request.user.has_perm("optout.change_channel")
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Only an Admin may change a channel.")
    channel = _connected(pk)
    _transport_class(channel.kind)
    form = form_class(channel.kind)(posted(request), instance=channel)
    if not (form.is_valid() and form.store()):
        context = {"form": form, "may_change": may_change, "title": _name_of(pk)}
        return _show(request, form, context | _trying_out(request, channel))
    messages.success(request, f"The channel “{channel.name}” was saved.")
    return redirect("channel", pk=pk)


def _show(
    request: PageRequest, form: ChannelForm, context: dict[str, Any]
) -> HttpResponse:
    context["kind_label"] = KINDS[form.instance.kind].label
    status = 422 if form.errors else 200
    return render(request, "optout/channel.html", context, status=status)


def _trying_out(request: PageRequest, channel: Channel) -> dict[str, Any]:
    asked = row_ids.read(request.GET.get("message", "")) or 0
    return _progress(_test_messages(channel).filter(pk=asked).first()) | {
        "channel": channel,
        "test_form": TestMessageForm(channel=channel),
    }


def _connected(pk: int) -> Channel:
    return get_object_or_404(connected_channels(), pk=pk)


def _name_of(pk: int) -> str:
    """The stored name: a form that was refused has put its own into the instance."""
    return _connected(pk).name


# Trying a channel out


@require_POST
@login_required
@permission_required("optout.change_channel", raise_exception=True)
def test(request: PageRequest, pk: int) -> HttpResponse:
    """Connect and log in with the stored settings; nothing is sent."""
    channel = _connected(pk)
    reason = channel_settings.test_connection(channel)
    if request.htmx:
        context = {"channel": channel, "reason": reason, "was_tested": True}
        return render(request, "optout/channel.html#connection", context)
    if reason:
        messages.error(request, reason)
    else:
        messages.success(request, "The connection works.")
    return redirect("channel", pk=pk)


@require_POST
@login_required
@permission_required("optout.change_channel", raise_exception=True)
def send_test(request: PageRequest, pk: int) -> HttpResponse:
    """Send a test message to the address that was typed, and show how it goes."""
    channel = _connected(pk)
    form = TestMessageForm(request.POST, channel=channel)
    if not form.is_valid():
        return _refused(request, form, channel)
    address = form.cleaned_data["address"]
    message = channel_settings.send_test(channel, address, actor_of(request.user))
    if not request.htmx:
        return redirect(f"{reverse('channel', args=[pk])}?message={message.pk}")
    context = {"channel": channel, "test_form": form} | _progress(message)
    return render(request, "optout/channel.html#trial", context)


def _refused(
    request: PageRequest, form: TestMessageForm, channel: Channel
) -> HttpResponse:
    if request.htmx:
        context = {"channel": channel, "test_form": form}
        return render(request, "optout/channel.html#trial", context, status=422)
    messages.error(request, " ".join(map(str, form.errors["address"])))
    return redirect("channel", pk=channel.pk)


@require_safe
@login_required
@permission_required("optout.view_channel", raise_exception=True)
def test_message(request: PageRequest, pk: int, message_pk: int) -> HttpResponse:
    """How a test message does, as a part of the channel's page."""
    channel = _connected(pk)
    message = get_object_or_404(_test_messages(channel), pk=message_pk)
    context = {"channel": channel} | _progress(message)
    return render(request, "optout/channel.html#progress", context)


def _test_messages(channel: Channel) -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(channel=channel, batch__purpose=Purpose.TEST)


def _progress(message: OutgoingMessage | None) -> dict[str, Any]:
    is_moving = message is not None and message.state in _ON_ITS_WAY
    return {"message": message, "is_moving": is_moving}
