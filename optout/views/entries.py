"""A list's page: its entries, adding one, removing one, putting one back."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from optout import access, bulk_removals, entries, imports, lifts, overview
from optout.actors import Evidence, actor_of
from optout.entries import Outcome
from optout.entry_forms import EntryForm, EverywhereForm, RemovalForm
from optout.filters import EntryFilter, page_query
from optout.listing import filtered, shown_entries
from optout.lists import RECENT
from optout.models import (
    ALL_CHANNELS,
    Entry,
    ListState,
    OptOutList,
    Reason,
    Source,
    live_entries,
)
from optout.views.dialogs import PageRequest, done, events, posted, show
from optout.views.lists import active_list, show_deleted

PAGE_SIZE = 50
_TOOLBAR = ("channel_id", "source", "reason_code")
_NO_FILTER = {"page", "live"}
_BULK = ("optout.bulk_entries", "optout.lift_entry")


@require_safe
@login_required
@permission_required("optout.view_entry", raise_exception=True)
def page(request: PageRequest, pk: int) -> HttpResponse:
    """The list with its entries; one part alone where the page asks for that."""
    opt_out_list = get_object_or_404(OptOutList, pk=pk)
    if opt_out_list.state != ListState.ACTIVE:
        return show_deleted(request, opt_out_list)
    is_part = request.htmx.target in _PARTS and not request.htmx.history_restore_request
    shown = [request.htmx.target] if is_part else list(_PARTS)
    context: dict[str, Any] = {"opt_out_list": opt_out_list}
    for part in shown:
        context |= _PARTS[part](request, opt_out_list)
    name = "optout/list.html" + (f"#{shown[0]}" if is_part else "")
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _facts(request: PageRequest, opt_out_list: OptOutList) -> dict[str, Any]:
    """What stands above the table: exact counts, health, sends, running removals."""
    counts = (
        live_entries()
        .filter(list=opt_out_list)
        .aggregate(
            now=Count("pk"),
            recent=Count("pk", filter=Q(created_at__gte=timezone.now() - RECENT)),
            by_person=Count("pk", filter=Q(reason_code=Reason.PERSON)),
        )
    )
    return {
        "counts": counts,
        "health": overview.health_of(opt_out_list),
        "sends": overview.sends_of(opt_out_list),
        "removals": bulk_removals.running(opt_out_list),
        "imports": imports.running(opt_out_list),
    }


def _table(request: PageRequest, opt_out_list: OptOutList) -> dict[str, Any]:
    query = page_query(request.GET)
    form = EntryFilter(query, queryset=Entry.objects.none()).form
    found = filtered(query, shown_entries(opt_out_list)).select_related("channel")
    shows_ended = query["live"] != "true"
    power = access.lifting_power(request.user)
    shown = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return {
        "listed_in": [opt_out_list.name],
        "search": query.get("search", ""),
        "toolbar": [_select(form[name]) for name in _TOOLBAR],
        "page": shown,
        "rows": [(entry, power.covers(entry)) for entry in shown],
        "kept_query": [(k, v) for k, v in query.items() if v and k != "page"],
        "is_filtered": any(v for k, v in request.GET.items() if k not in _NO_FILTER),
        "shows_ended": shows_ended,
        "may_remove_many": not shows_ended and request.user.has_perms(_BULK),
    }


# What htmx swaps when filters or entries change: its id, and what fills it.
_PARTS: dict[str | None, Callable[[PageRequest, OptOutList], dict[str, Any]]] = {
    "entries": _table,
    "facts": _facts,
}


def _select(bound: BoundField) -> SafeString:
    return bound.as_widget(attrs={"aria-label": str(bound.label)})


@login_required
@permission_required("optout.add_entry", raise_exception=True)
def add(request: PageRequest, pk: int) -> HttpResponse:
    """Add to opt-out list; an entry without effect is answered with an offer."""
    opt_out_list = active_list(pk)
    form = EntryForm(posted(request), user=request.user)
    context = {"form": form, "opt_out_list": opt_out_list}
    if not form.is_valid():
        status = 422 if form.errors else 200
        return show(request, "optout/entry_add.html", context, status=status)
    outcome = _opt_out(request, form, opt_out_list, form.cleaned_data["channel"])
    idle = [entry for entry in outcome.entries if entry.has_no_effect]
    if not idle:
        text, tone = _told(request, outcome, opt_out_list)
        return done(request, text, url=_url(opt_out_list), tone=tone)
    context |= {"entries": idle}
    response = show(request, "optout/entry_no_effect.html", context)
    response["HX-Trigger"] = events()
    return response


@require_POST
@login_required
@permission_required("optout.add_entry", raise_exception=True)
def add_everywhere(request: PageRequest, pk: int) -> HttpResponse:
    """Take up the offer: these entries' addresses on all channels."""
    opt_out_list = active_list(pk)
    form = EverywhereForm(request.POST, opt_out_list=opt_out_list, user=request.user)
    if not form.is_valid():
        text = "Nothing was added: the entry was removed meanwhile."
        return done(request, text, url=_url(opt_out_list), tone="warn")
    outcome = _opt_out(request, form, opt_out_list, ALL_CHANNELS)
    text, tone = _told(request, outcome, opt_out_list)
    return done(request, text, url=_url(opt_out_list), tone=tone)


def _opt_out(
    request: PageRequest,
    form: EntryForm | EverywhereForm,
    opt_out_list: OptOutList,
    channel_id: int,
) -> Outcome:
    cleaned = form.cleaned_data
    asked = entries.Request(
        addresses=tuple(form.found),
        list_ids=(opt_out_list.pk,),
        channel_id=channel_id,
        evidence=Evidence(note=cleaned["note"]),
    )
    return entries.opt_out(
        asked,
        source=Source.PAGE,
        reason=Reason(cleaned["reason_code"]),
        actor=actor_of(request.user),
    )


def _told(
    request: PageRequest, outcome: Outcome, opt_out_list: OptOutList
) -> tuple[str, str]:
    """What the toast says, and its tone."""
    seen = [access.seen_address(request, entry.address) for entry in outcome.entries]
    names = " and ".join(seen)
    if not outcome.created:
        return f"{names} is already on “{opt_out_list.name}”.", "warn"
    text = f"{names} was added to “{opt_out_list.name}”."
    if outcome.in_flight:
        return f"{text} A message to it was already on its way.", "warn"
    return text, "ok"


@login_required
@permission_required("optout.lift_entry", raise_exception=True)
def remove(request: PageRequest, pk: int) -> HttpResponse:
    """Remove one entry, with a reason where somebody wanted it there."""
    entry = get_object_or_404(with_places(), pk=pk)
    undo = reverse("entry-put-back", args=[entry.pk])
    return ask_and_remove(request, entry, url=_url(entry.list), undo=undo)


def ask_and_remove(
    request: PageRequest,
    entry: Entry,
    *,
    source: Source = Source.PAGE,
    url: str,
    undo: str,
) -> HttpResponse:
    """The question before an entry ends, then its answer: this page's and the panel's.

    An entry that somebody else has removed meanwhile is told as removed before.
    """
    power = access.lifting_power(request.user)
    if not power.covers(entry):
        raise PermissionDenied("Your role cannot remove an entry the person made.")
    form = RemovalForm(posted(request), entry=entry)
    if entry.is_live and not form.is_valid():
        status = 422 if form.errors else 200
        context = {"form": form, "entry": entry, "url": url}
        return show(request, "optout/entry_remove.html", context, status=status)
    name = access.seen_address(request, entry.address)
    if not entry.is_live or not _lift(request, entry, form, source):
        return done(request, f"{name} was removed before.", url=url, tone="warn")
    text = f"{name} was removed from “{entry.list.name}”."
    return done(request, text, url=url, undo=undo)


def _lift(
    request: PageRequest, entry: Entry, form: RemovalForm, source: Source
) -> bool:
    """Whether it was us who ended it."""
    lifted = lifts.lift(
        [entry.pk],
        source=source,
        power=access.lifting_power(request.user),
        reason=form.cleaned_data.get("reason", ""),
        note=form.cleaned_data.get("note", ""),
        actor=actor_of(request.user),
    )
    return bool(lifted.lifted)


@require_POST
@login_required
@permission_required("optout.add_entry", raise_exception=True)
def put_back(request: PageRequest, pk: int) -> HttpResponse:
    """Make an ended entry live again, with its first date and source."""
    entry = get_object_or_404(with_places(), pk=pk)
    where, text, tone = revive(request, entry, source=Source.PAGE)
    return done(request, text, url=_url(where), tone=tone)


def revive(
    request: PageRequest, entry: Entry, *, source: Source
) -> tuple[OptOutList, str, str]:
    """Put an entry back: the list it is on then, and the toast with its tone."""
    back = lifts.put_back([entry.pk], source=source, actor=actor_of(request.user))
    where = back[0].list if back else entry.list
    what = "was put back" if back else "is already"
    name = access.seen_address(request, entry.address)
    return where, f"{name} {what} on “{where.name}”.", "ok" if back else "warn"


def with_places() -> QuerySet[Entry]:
    """Entries that pages show, with list and channel at hand."""
    return shown_entries().select_related("list", "channel")


def _url(opt_out_list: OptOutList) -> str:
    return reverse("list", args=[opt_out_list.pk])
