"""The contact panel's acts: add to lists, stop everything, remove, put back, undo."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from optout import access, row_ids
from optout.actors import actor_of
from optout.entries import Outcome
from optout.models import Entry, Reason, Source, default_list
from optout.views.dialogs import PageRequest, done, events, posted, show
from optout.views.entries import ask_and_remove, revive, with_places
from teambox import panel, people
from teambox.panel_forms import MoreForm, StopForm
from teambox.people import Person
from teambox.views.panel import (
    add_form,
    channel_of,
    name_of,
    panel_context,
    person_of,
    person_url,
    show_person,
)


@require_POST
@login_required
@permission_required("optout.add_entry", raise_exception=True)
def add(request: PageRequest, key: UUID) -> HttpResponse:
    """Add an address to one or many lists; offer what else the person may mean."""
    person = person_of(request, key)
    form = add_form(request, person, channel_of(request), request.POST)
    if not form.is_valid() or form.found is None:
        return _show_add(request, key, {"panel_form": form}, status=422)
    asked = form.cleaned_data
    outcome = panel.add(
        [form.found],
        asked["lists"],
        channel_id=asked["channel"],
        reason=Reason(asked["reason_code"]),
        note=asked["note"],
        actor=actor_of(request.user),
    )
    return _added(request, person, outcome, asked)


@require_POST
@login_required
@permission_required("optout.add_entry", raise_exception=True)
def add_more(request: PageRequest, key: UUID) -> HttpResponse:
    """Take up an offer made after adding: these addresses too, on all channels."""
    form = MoreForm(request.POST, user=request.user)
    asked = form.cleaned_data if form.is_valid() else {"keys": []}
    found = (known.read() for known in people.known(asked["keys"]))
    addresses = [address for address in found if address]
    if not addresses:
        url = person_url(request, key)
        return done(request, "No address was chosen.", url=url, tone="warn")
    outcome = panel.add(
        addresses,
        asked["lists"],
        reason=Reason(asked["reason_code"]),
        note=asked["note"],
        actor=actor_of(request.user),
    )
    return _added(request, person_of(request, key), outcome, asked)


def _added(
    request: PageRequest, person: Person, outcome: Outcome, asked: dict[str, Any]
) -> HttpResponse:
    """Tell what was added, with a fresh form and the offers that follow from it."""
    keys = {entry.key for entry in outcome.entries}
    idle = {row.key: row for row in outcome.entries if row.has_no_effect}
    others = person.also(keys, asked["lists"]) if keys & _keys(person) else []
    text, tone = _told(request, outcome)
    undo = _undo_url(request, person.asked.key, outcome)
    if not request.htmx and not idle and not others:
        url = person_url(request, person.asked.key)
        return done(request, text, url=url, undo=undo, tone=tone)
    offers = {"idle": list(idle.values()), "others": others, "asked": asked}
    response = _show_add(request, person.asked.key, offers)
    toast = {"text": text, "tone": tone, "undo": undo}
    response["HX-Trigger"] = events(toast=toast)
    return response


def _keys(person: Person) -> set[UUID]:
    return {known.key for known in person.addresses}


def _show_add(
    request: PageRequest, key: UUID, more: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context = panel_context(request, key, channel_of(request)) | more
    if not request.htmx:
        return show_person(request, context, status=status)
    return render(request, "teambox/parts/panel_add.html", context, status=status)


def _told(request: PageRequest, outcome: Outcome) -> tuple[str, str]:
    """What the toast says, and its tone."""
    new = outcome.created or outcome.entries
    names = dict.fromkeys(access.seen_address(request, row.address) for row in new)
    lists = dict.fromkeys(f"“{row.list.name}”" for row in new)
    what = ("were" if len(names) > 1 else "was") + " added to"
    if not outcome.created:
        what = ("are" if len(names) > 1 else "is") + " already on"
    text = f"{' and '.join(names)} {what} {' and '.join(lists)}."
    if outcome.created and outcome.in_flight:
        text += " A message to it was already on its way."
    is_fine = outcome.created and not outcome.in_flight
    return text, "ok" if is_fine else "warn"


def _undo_url(request: PageRequest, key: UUID, outcome: Outcome) -> str:
    """Where what is new ends again; nothing where the role may not end it."""
    power = access.lifting_power(request.user)
    may = request.user.has_perm("optout.lift_entry")
    if not outcome.created or not may or not all(map(power.covers, outcome.created)):
        return ""
    ids = [("entries", entry.pk) for entry in outcome.created]
    return f"{reverse('panel-undo', args=[key])}?{urlencode(ids)}"


@require_POST
@login_required
@permission_required("optout.lift_entry", raise_exception=True)
def undo(request: PageRequest, key: UUID) -> HttpResponse:
    """Take back what this user has just added here."""
    named = map(row_ids.read, request.GET.getlist("entries"))
    ended = panel.undo(
        [pk for pk in named if pk is not None],
        power=access.lifting_power(request.user),
        actor=actor_of(request.user),
    )
    url = person_url(request, key)
    if not ended:
        text = "There was nothing to undo any more. Remove it from the list instead."
        return done(request, text, url=url, tone="warn")
    lists = dict.fromkeys(f"“{entry.list.name}”" for entry in ended)
    return done(request, f"Undone: removed from {' and '.join(lists)}.", url=url)


@login_required
@permission_required("optout.add_entry", raise_exception=True)
def stop_everything(request: PageRequest, key: UUID) -> HttpResponse:
    """Ask, then put every address of the person on the default list, everywhere."""
    person = person_of(request, key)
    form = StopForm(posted(request), user=request.user, auto_id="panel-stop-%s")
    found = [(known, known.read()) for known in person.addresses]
    addresses = [address for _, address in found if address]
    url = person_url(request, key)
    if not addresses:
        return done(request, "There is no address left to stop.", url=url, tone="warn")
    if not form.is_valid():
        context = {
            "form": form,
            "person": person,
            "name": name_of(request, person),
            "known": [known for known, address in found if address],
            "default_list": default_list(),
            "url": url,
        }
        status = 422 if form.errors else 200
        return show(request, "teambox/panel_stop.html", context, status=status)
    outcome = panel.stop_everything(
        addresses,
        reason=Reason(form.cleaned_data["reason_code"]),
        note=form.cleaned_data["note"],
        actor=actor_of(request.user),
    )
    text, tone = _told(request, outcome)
    undo = _undo_url(request, key, outcome)
    return done(request, text, url=url, undo=undo, tone=tone)


@login_required
@permission_required("optout.lift_entry", raise_exception=True)
def remove(request: PageRequest, key: UUID, pk: int) -> HttpResponse:
    """Remove one entry of the person, with a reason where somebody wanted it."""
    entry = _entry_of(key, pk)
    response = ask_and_remove(
        request,
        entry,
        source=Source.PANEL,
        url=person_url(request, key),
        undo=reverse("panel-put-back", args=[key, pk]),
    )
    if entry.is_live and not _entry_of(key, pk).is_live:
        panel.tell([entry], "removed them from", actor=actor_of(request.user))
    return response


@require_POST
@login_required
@permission_required("optout.add_entry", raise_exception=True)
def put_back(request: PageRequest, key: UUID, pk: int) -> HttpResponse:
    """Make an ended entry of the person live again."""
    entry = _entry_of(key, pk)
    _, text, tone = revive(request, entry, source=Source.PANEL)
    if tone == "ok":
        panel.tell([entry], "put them back on", actor=actor_of(request.user))
    return done(request, text, url=person_url(request, key), tone=tone)


def _entry_of(key: UUID, pk: int) -> Entry:
    return get_object_or_404(with_places(), pk=pk, key__in=people.keys_of(key))
