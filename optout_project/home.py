"""The dashboard: what each floor tells about itself, on one page."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from broadcaster import reports
from optout import activity, overview, reviews
from optout.activity import OptOuts
from optout.models import (
    MARKETING,
    DeliveryState,
    OutgoingBatch,
    Purpose,
    connected_channels,
    default_list,
)
from optout.views.dialogs import PageRequest
from teambox import inbound

LATEST = 5

# The tones that tell the doors apart in the chart.
_TONES = {
    "Messages": "accent",
    "Links": "ok",
    "Staff": "warn",
    "Systems": "",
    "Providers": "danger",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One number; `tone` is a badge's."""

    label: str
    value: int
    tone: str = ""
    note: str = ""
    url: str = ""


@require_safe
@login_required
def dashboard(request: PageRequest) -> HttpResponse:
    """Numbers, opt-outs by day, what needs a look: each as far as the role may see."""
    may = request.user.has_perm
    opt_outs = activity.opt_outs() if may("optout.view_entry") else None
    context: dict[str, Any] = {
        "steps": _first_steps(),
        "tiles": _tiles(request, opt_outs),
        "opt_outs": opt_outs,
        "chart": _chart(opt_outs) if opt_outs else None,
    }
    if may("broadcaster.view_broadcast"):
        context["broadcasts"] = reports.latest(LATEST)
    if may("optout.view_optoutlist"):
        context["unused_lists"] = overview.unused_lists()
    return render(request, "home.html", context)


# Numbers


def _tiles(request: PageRequest, opt_outs: OptOuts | None) -> list[Tile]:
    may = request.user.has_perm
    tiles = _people(opt_outs) if opt_outs else []
    if may("optout.view_webhookdelivery"):
        tiles += _webhooks()
    if may("optout.view_outgoingmessage"):
        tiles.append(_unknown())
    if may("optout.decide_reviews"):
        tiles.append(_reviews())
    if may("teambox.retry_inboundevent"):
        tiles.append(_given_up())
    return tiles


def _people(opt_outs: OptOuts) -> list[Tile]:
    people = activity.people()
    return [
        Tile("People on lists", people, "accent", "on one or more", reverse("lists")),
        Tile("Opt-outs", opt_outs.total, "accent", f"in {activity.DAYS} days"),
    ]


def _webhooks() -> list[Tile]:
    found = activity.deliveries()
    log = reverse("deliveries")
    held = f"and {found.held:,} held" if found.held else "on their way"
    failed = f"{log}?state={DeliveryState.EXHAUSTED}"
    return [
        Tile("Webhooks waiting", found.waiting, "warn" * bool(found.held), held, log),
        Tile("Webhooks failed", found.failed, *_alarm(found.failed, "danger"), failed),
    ]


def _unknown() -> Tile:
    unknown = activity.unknown_messages()
    return Tile("Messages unknown", unknown, *_alarm(unknown, "warn"))


def _reviews() -> Tile:
    waiting = reviews.waiting_count()
    note = "withheld until then" if waiting else "all is decided"
    tone = "warn" if waiting else "ok"
    return Tile("Waiting for review", waiting, tone, note, reverse("review"))


def _given_up() -> Tile:
    """Messages of people that could not be handled: the admin can try them again."""
    count = inbound.given_up()
    return Tile("Inbound given up", count, *_alarm(count, "danger"))


def _alarm(count: int, tone: str) -> tuple[str, str]:
    return (tone, "need a look") if count else ("ok", "all is well")


def _chart(opt_outs: OptOuts) -> dict[str, Any]:
    series = [
        {"label": door, "tone": _TONES[door], "data": counts}
        for door, counts in opt_outs.by_door.items()
    ]
    labels = [date_format(day, "j M") for day in opt_outs.days]
    return {"type": "bar", "stacked": True, "labels": labels, "series": series}


# Getting started


def _first_steps() -> dict[str, Any] | None:
    """What a new installation has of the first steps; None once it has it all."""
    has_channel = connected_channels().exists()
    sends = MARKETING - {Purpose.TEST}
    has_send = OutgoingBatch.objects.filter(purpose__in=sends).exists()
    if has_channel and has_send:
        return None
    return {
        "has_channel": has_channel,
        "has_send": has_send,
        "default_list": default_list(),
    }
