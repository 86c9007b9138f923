"""All broadcasts, the report of one, and what one can do with it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import BoundField
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.utils.text import slugify

from broadcaster import (
    broadcasts,
    preparing,
    previews,
    progress,
    recipients,
    reports,
    withheld,
)
from broadcaster.filters import BroadcastFilter, RecipientFilter
from broadcaster.models import Broadcast, all_broadcasts
from broadcaster.reports import Progress
from broadcaster.views import charts, guards, tiles
from broadcaster.views.guards import act, allowed, of_broadcast
from optout import row_ids
from optout.models import OutgoingMessage, live_lists
from optout.views.dialogs import PageRequest

PAGE_SIZE, CAUSED_SIZE = 25, 10
_INDEX_FILTERS = ("status", "channel_id")
_RECIPIENT_FILTERS = ("status", "list", "source", "error_code")
ROWS = "rows"  # the ids of what is polled
LIVE, RECIPIENTS = "live", "recipients"


@allowed(guards.VIEW)
def index(request: PageRequest) -> HttpResponse:
    """Every broadcast, newest first; rows that move are polled."""
    asked = BroadcastFilter(request.GET, queryset=all_broadcasts())
    found = asked.qs if asked.is_valid() else Broadcast.objects.none()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": reports.with_progress(list(page)),
        "toolbar": [_select(asked.form[name]) for name in _INDEX_FILTERS],
        "is_filtered": any(request.GET.get(name) for name in asked.filters),
        "is_moving": any(row.is_moving for row in page),
    }
    part = "#rows" if request.htmx.target == ROWS else ""
    return render(request, f"broadcaster/index.html{part}", context)


@of_broadcast(guards.VIEW)
def report(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Numbers, and each recipient with what became of the message."""
    part = None if request.htmx.history_restore_request else request.htmx.target
    if part == LIVE:
        return _live(request, broadcast)
    context = _recipients(request, broadcast)
    if part == RECIPIENTS:
        response = render(request, "broadcaster/parts/recipients.html", context)
    else:
        context |= _numbers(broadcast)
        context |= _withheld(broadcast, context["progress"])
        context |= _caused(request, broadcast)
        context |= _message(request, broadcast)
        response = render(request, "broadcaster/report.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _live(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """The numbers alone; 204 as long as they are those that the page shows."""
    context = _numbers(broadcast)
    if not broadcast.is_moving:
        response = render(request, "broadcaster/parts/live.html", context)
        response["HX-Refresh"] = "true"
        return response
    if request.GET.get("have") == context["have"]:
        return HttpResponse(status=204)
    return render(request, "broadcaster/parts/live.html", context)


def _numbers(broadcast: Broadcast) -> dict[str, Any]:
    [result] = reports.results([broadcast])
    counts = result.progress.counts.values()
    return {
        "broadcast": broadcast,
        "progress": result.progress,
        "tiles": tiles.of(result),
        "have": "-".join(map(str, [broadcast.status, result.caused, *counts])),
    }


def _withheld(broadcast: Broadcast, found: Progress) -> dict[str, Any]:
    course = progress.course(broadcast, found)
    return {
        "promise": withheld.promise(broadcast, found),
        "withheld": withheld.withheld(broadcast, found),
        "course": charts.as_table(course),
        "course_headings": charts.HEADINGS,
        "chart": charts.over_time(course),
    }


def _caused(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    """The newest opt-outs it caused, or those before an id."""
    rows = reports.caused_opt_outs(broadcast)
    before = row_ids.read(request.GET.get("caused_before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: CAUSED_SIZE + 1])
    return {
        "caused_rows": found[:CAUSED_SIZE],
        "caused_more": found[CAUSED_SIZE - 1].pk if found[CAUSED_SIZE:] else None,
        "caused_newer": before is not None,
    }


def _recipients(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    query = request.GET
    form = RecipientFilter(query, queryset=OutgoingMessage.objects.none()).form
    page = recipients.page(
        recipients.filtered(query, broadcast),
        after=row_ids.read(query.get("after", "")),
        before=row_ids.read(query.get("before", "")),
    )
    return {
        "broadcast": broadcast,
        "page": page,
        "rows": page.with_lists(),
        "toolbar": [_select(form[name]) for name in _RECIPIENT_FILTERS],
        "is_filtered": any(query.get(name) for name in form.fields),
    }


def _select(bound: BoundField) -> SafeString:
    return bound.as_widget(attrs={"aria-label": str(bound.label)})


def _message(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    """What was said, and by which lists."""
    lists = list(broadcast.batch.lists.all())
    return {
        "lists": lists,
        "more_lists": [row for row in live_lists() if row not in lists],
        "preview": guards.preview(request, broadcast, previews.saved(broadcast)),
    }


@of_broadcast(guards.VIEW, guards.EXPORT)
def export(request: PageRequest, broadcast: Broadcast) -> StreamingHttpResponse:
    """The report as CSV, as it is filtered on the page."""
    lines = recipients.export_lines(recipients.filtered(request.GET, broadcast))
    return _csv(lines, f"{slugify(broadcast.name) or 'broadcast'}-report.csv")


@of_broadcast(guards.VIEW, guards.EXPORT)
def left(request: PageRequest, broadcast: Broadcast) -> StreamingHttpResponse:
    """The rows of the file that get no message, each with its reason."""
    return _csv(reports.left_lines(broadcast), "rows-left-out.csv")


def _csv(lines: Any, file_name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


@act(guards.CHANGE)
def prepare(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Read the recipients."""
    preparing.prepare(broadcast)
    return redirect(guards.page_of(broadcast), broadcast.pk)


@act(guards.CHANGE)
def add_list(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Select one more opt-out list."""
    pk = row_ids.read(request.POST.get("list", ""))
    chosen = get_object_or_404(live_lists(), pk=pk)
    broadcasts.add_list(broadcast, chosen)
    messages.success(request, f"“{chosen}” is selected.")
    return redirect(guards.page_of(broadcast), broadcast.pk)


@act(guards.SEND)
def pause(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Hold what is not handed over yet."""
    if broadcasts.pause(broadcast):
        messages.success(request, "Paused. Nothing more is sent until you resume.")
    return redirect("broadcast-report", broadcast.pk)


@act(guards.SEND)
def resume(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Go on sending."""
    if broadcasts.resume(broadcast):
        messages.success(request, "Sending goes on.")
    return redirect("broadcast-report", broadcast.pk)


@act(guards.SEND)
def cancel(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """End it for good, or discard a draft."""
    if broadcasts.cancel(broadcast):
        messages.success(request, f"“{broadcast}” is cancelled.")
    return redirect("broadcasts")
