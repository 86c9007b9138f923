"""The sandbox page: a phone and a mailbox, side by side, for trying things out."""

import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from optout import addresses, sandbox, unsubscribe
from optout.addresses import AddressKind, InvalidAddress
from optout.models import Channel, SandboxMessage, Workspace
from optout.sandbox import Line
from optout.unsubscribe import Invitation
from optout.views.dialogs import PageRequest

# A mail is a stranger's page: no script, no form, nothing loaded, links in a new tab.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_NEW_TAB = '<!doctype html><base target="_blank">'
_WEB_LINK = re.compile(r"<(https?://[^>]+)>")


@dataclass(slots=True)
class Device:
    """The phone or the mailbox: which channel, and whose it is."""

    kind: AddressKind
    channels: list[Channel]
    channel: Channel | None = None
    address: str = ""
    typed: str = ""
    error: str = ""
    recent: list[str] = field(default_factory=list)

    @property
    def sender_name(self) -> str:
        return _sender_name(self.channel) if self.channel else ""


def _sender_name(channel: Channel) -> str:
    """Who a mail is from, as mail clients show it: the name before the address."""
    return parseaddr(channel.sender)[0] or channel.sender or channel.name


@require_safe
@login_required
@permission_required("optout.view_sandboxmessage", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """Both devices; one part alone, or 204 where nothing is new, for the polls."""
    phone = _device(request, AddressKind.PHONE, "channel", "address")
    mailbox = _device(request, AddressKind.EMAIL, "mail_channel", "mail_address")
    if request.GET.get("part") == "thread":
        return _part(request, "thread", _phone(phone))
    if request.GET.get("part") == "mails":
        return _part(request, "mails", _mailbox(mailbox))
    context = _phone(phone) | _mailbox(mailbox)
    return render(request, "optout/sandbox.html", context)


def _part(request: PageRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    if request.GET.get("seen") == context[f"{name}_seen"]:
        return HttpResponse(status=204)
    return render(request, f"optout/sandbox.html#{name}", context)


def _device(
    request: PageRequest, kind: AddressKind, channel_name: str, address_name: str
) -> Device:
    """Read the choice from the query; the last address written to is the default."""
    device = Device(kind, sandbox.sandbox_channels(kind))
    asked = request.GET.get(channel_name, "")
    by_id = {str(channel.pk): channel for channel in device.channels}
    device.channel = by_id.get(asked) or next(iter(device.channels), None)
    if device.channel is None:
        return device
    device.recent = sandbox.recent_addresses(device.channel)
    typed = request.GET.get(address_name, "").strip()
    device.typed = typed or next(iter(device.recent), "")
    _read_address(device)
    return device


def _read_address(device: Device) -> None:
    if not device.typed:
        return
    try:
        found = addresses.parse(
            device.typed, kind=device.kind, region=Workspace.load().region
        )
        device.address = found.address
    except InvalidAddress as error:
        device.error = error.message


def _phone(phone: Device) -> dict[str, Any]:
    lines: list[Line] = []
    if phone.channel and phone.address:
        lines = sandbox.thread(phone.channel, phone.address)
    seen = f"{len(lines)}-{lines[-1].number if lines else 0}"
    outcomes = sum(bool(line.outcome) for line in lines)
    return {"phone": phone, "lines": lines, "thread_seen": f"{seen}-{outcomes}"}


def _mailbox(mailbox: Device) -> dict[str, Any]:
    mails: list[SandboxMessage] = []
    if mailbox.channel and mailbox.address:
        mails = sandbox.mails(mailbox.channel, mailbox.address)
    unread = sum(mail.opened_at is None for mail in mails)
    newest = mails[0].pk if mails else 0
    return {
        "mailbox": mailbox,
        "mails": mails,
        "mails_seen": f"{newest}-{unread}",
    }


@require_safe
@login_required
@permission_required("optout.view_sandboxmessage", raise_exception=True)
def mail(request: PageRequest, pk: int) -> HttpResponse:
    """One mail with its headers and the ways out it offers. Opening it reads it."""
    found = get_object_or_404(SandboxMessage.objects.select_related("channel"), pk=pk)
    sandbox.open_mail(found)
    link = _unsubscribe_link(found)
    context = {
        "mail": found,
        "sender_name": _sender_name(found.channel),
        "headers": sorted(found.headers.items()),
        "link": link,
        "link_path": urlsplit(link).path,
        "is_one_click": "List-Unsubscribe-Post" in found.headers,
        "invitation": _invitation(link),
    }
    part = "#ways-out" if request.htmx.target == "ways-out" else ""
    return render(request, f"optout/sandbox_mail.html{part}", context)


def _unsubscribe_link(found: SandboxMessage) -> str:
    """The web link of the List-Unsubscribe header, as a mail client reads it."""
    link = _WEB_LINK.search(found.headers.get("List-Unsubscribe", ""))
    return link[1] if link else ""


def _invitation(link: str) -> Invitation | None:
    parts = urlsplit(link).path.strip("/").split("/")
    return unsubscribe.find(parts[-1]) if link else None


@require_safe
@xframe_options_sameorigin
@login_required
@permission_required("optout.view_sandboxmessage", raise_exception=True)
def mail_body(request: PageRequest, pk: int) -> HttpResponse:
    """A mail's HTML, for its frame: it may load nothing and run nothing."""
    found = get_object_or_404(SandboxMessage, pk=pk)
    return HttpResponse(
        _NEW_TAB + found.html,
        headers={
            "Content-Security-Policy": _MAIL_POLICY,
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )
