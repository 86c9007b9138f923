"""Removing many entries of a list at once, and how far such a removal is."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from optout import bulk_removals, row_ids
from optout.actors import actor_of
from optout.bulk_removals import AT_ONCE, Selection
from optout.entry_forms import BulkRemovalForm
from optout.models import BulkRemoval, OptOutList
from optout.views.dialogs import PageRequest, done, go, posted, show
from optout.views.lists import active_list

_NO_FILTER = ("ids", "all_matching", "page")
_POWERS = ["optout.bulk_entries", "optout.lift_entry"]


@login_required
@permission_required(_POWERS, raise_exception=True)
def remove_many(request: PageRequest, pk: int) -> HttpResponse:
    """Say how many entries go and how many of them the persons made; then remove."""
    opt_out_list = active_list(pk)
    selection = _selection(request, opt_out_list)
    preview = bulk_removals.preview(selection)
    form = BulkRemovalForm(posted(request), preview=preview, user=request.user)
    if not preview.total or not form.is_valid():
        context = {
            "form": form,
            "opt_out_list": opt_out_list,
            "selection": selection,
            "preview": preview,
            "is_job": preview.total > AT_ONCE,
        }
        return show(
            request, "optout/entries_remove.html", context, status=_status(form)
        )
    actor = actor_of(request.user)
    removal = bulk_removals.begin(selection, form.decision, actor=actor)
    if removal.is_running:
        return go(request, reverse("removal", args=[removal.pk]))
    return _told(request, removal)


def _status(form: BulkRemovalForm) -> int:
    return 422 if form.errors else 200


def _told(request: PageRequest, removal: BulkRemoval) -> HttpResponse:
    text = f"{removal.done:,} removed from “{removal.list.name}”."
    if removal.kept:
        text += f" {removal.kept:,} stayed."
    undo = reverse("removal-put-back", args=[removal.pk]) if removal.done else ""
    return done(request, text, url=reverse("list", args=[removal.list_id]), undo=undo)


def _selection(request: PageRequest, opt_out_list: OptOutList) -> Selection:
    """Ticked rows, or all that match the filters, up to the newest that was shown."""
    shown = row_ids.read(request.POST.get("upper", ""))
    upper_id = bulk_removals.newest_id(opt_out_list) if shown is None else shown
    if request.GET.get("all_matching") == "1":
        return Selection(opt_out_list, upper_id, query=_filters(request.GET))
    ticked = map(row_ids.read, request.GET.getlist("ids"))
    ids = tuple(sorted({pk for pk in ticked if pk is not None}))
    return Selection(opt_out_list, upper_id, ids=ids)


def _filters(query: QueryDict) -> str:
    kept = query.copy()
    for name in _NO_FILTER:
        kept.pop(name, None)
    return kept.urlencode()


@require_safe
@login_required
@permission_required(_POWERS, raise_exception=True)
def progress(request: PageRequest, pk: int) -> HttpResponse:
    """How far a removal is; its fragment is polled until it is done."""
    removal = get_object_or_404(BulkRemoval.objects.select_related("list"), pk=pk)
    context: dict[str, Any] = {"removal": removal}
    fragment = "#progress" if request.htmx else ""
    return render(request, "optout/removal.html" + fragment, context)


@require_POST
@login_required
@permission_required("optout.bulk_entries", raise_exception=True)
def put_back(request: PageRequest, pk: int) -> HttpResponse:
    """Undo a removal that was done at once."""
    removal = get_object_or_404(BulkRemoval.objects.select_related("list"), pk=pk)
    back = bulk_removals.put_back(removal, actor=actor_of(request.user))
    text = f"{len(back):,} put back on “{removal.list.name}”."
    return done(request, text, url=reverse("list", args=[removal.list_id]))
