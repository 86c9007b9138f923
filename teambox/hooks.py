"""What providers, and the built-in sandbox, hand in."""

from urllib.parse import urlencode
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from optout.addresses import InvalidAddress
from optout.models import Channel, connected_channels
from teambox import inbound
from teambox.keyword_requests import sender_address

SANDBOX = "sandbox"


class SandboxMessageForm(forms.Form):
    """What somebody writes as a person on the sandbox page."""

    channel = forms.ModelChoiceField(connected_channels().filter(kind=SANDBOX))
    sender = forms.CharField(max_length=320)
    text = forms.CharField(max_length=1_600, strip=False)

    def clean(self) -> None:
        """Refuse a sender that is no address of the channel."""
        super().clean()
        channel = self.cleaned_data.get("channel")
        sender = self.cleaned_data.get("sender")
        if channel and sender:
            try:
                sender_address(channel, sender)
            except InvalidAddress as error:
                self.add_error("sender", error.message)


@require_POST
@login_required
@permission_required(
    ("optout.receive_inbound", "optout.view_sandboxmessage"), raise_exception=True
)
def sandbox_inbound(request: HttpRequest) -> HttpResponse:
    """Take a message as the sandbox's provider would, and lead back to its page.

    htmx gets 204 and the event `sandboxChanged`, or 422 and the reason as text.
    """
    form = SandboxMessageForm(request.POST)
    if not form.is_valid():
        return _refused(request, form)
    channel, sender = form.cleaned_data["channel"], form.cleaned_data["sender"]
    inbound.receive(
        channel=channel,
        sender=sender,
        text=form.cleaned_data["text"],
        message_id=f"sandbox-{uuid4().hex}",
    )
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Trigger": "sandboxChanged"})
    return _back_to(channel, sender)


def _refused(request: HttpRequest, form: SandboxMessageForm) -> HttpResponse:
    reason = " ".join(
        f"{form.fields[name].label or name.title()}: {errors[0]}"
        for name, errors in form.errors.items()
    )
    if request.headers.get("HX-Request"):
        return HttpResponse(reason, status=422, content_type="text/plain")
    messages.error(request, reason)
    return _back_to(form.cleaned_data.get("channel"), form.data.get("sender", ""))


def _back_to(channel: Channel | None, address: str) -> HttpResponse:
    query = {"channel": channel.pk if channel else "", "address": address}
    return redirect(f"{reverse('sandbox')}?{urlencode(query)}")
