"""All broadcasts, the report of one, and what one can do with it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify

from broadcaster import broadcasts, preparing, previews, reports
from broadcaster.models import Broadcast, all_broadcasts
from broadcaster.views import guards
from broadcaster.views.guards import act, allowed, of_broadcast
from optout import row_ids
from optout.filters import searched
from optout.models import MessageState, OutgoingMessage, live_lists
from optout.views.dialogs import PageRequest

PAGE_SIZE = 25
ROWS = "rows"  # the ids of what is polled
LIVE = "live"
# A mail's own styles and pictures, nothing that runs, and only inside our pages.
MAIL_POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src https: data:; frame-ancestors 'self'"
)


@allowed(guards.VIEW)
def index(request: PageRequest) -> HttpResponse:
    """Every broadcast, newest first; rows that move are polled."""
    found = all_broadcasts()
    if search := searched(request.GET):
        found = found.filter(name__icontains=search)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": reports.with_progress(list(page)),
        "search": search,
        "is_moving": any(row.is_moving for row in page),
    }
    part = "#rows" if request.htmx.target == ROWS else ""
    return render(request, f"broadcaster/index.html{part}", context)


@of_broadcast(guards.VIEW)
def report(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Numbers, and each recipient with what became of the message."""
    context = {"broadcast": broadcast, "progress": reports.progress(broadcast)}
    if request.htmx.target == LIVE:
        response = render(request, "broadcaster/report.html#live", context)
        if not broadcast.is_moving:
            response["HX-Refresh"] = "true"
        return response
    context |= _recipients(request, broadcast)
    return render(request, "broadcaster/report.html", context)


def _recipients(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    lists = list(broadcast.batch.lists.all())
    page = reports.page(
        _filtered(request, broadcast),
        after=row_ids.read(request.GET.get("after", "")),
        before=row_ids.read(request.GET.get("before", "")),
    )
    return {
        "page": page,
        "states": MessageState.choices,
        "state": request.GET.get("status", ""),
        "search": request.GET.get("search", ""),
        "lists": lists,
        "more_lists": [row for row in live_lists() if row not in lists],
        "preview": guards.preview(request, broadcast, previews.saved(broadcast)),
    }


def _filtered(request: PageRequest, broadcast: Broadcast) -> QuerySet[OutgoingMessage]:
    state = request.GET.get("status", "")
    return reports.recipients(
        broadcast,
        state=state if state in MessageState.values else "",
        search=request.GET.get("search", ""),
    )


@of_broadcast(guards.VIEW, guards.EXPORT)
def export(request: PageRequest, broadcast: Broadcast) -> StreamingHttpResponse:
    """The report as CSV, as it is filtered on the page."""
    lines = reports.export_lines(_filtered(request, broadcast))
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


@of_broadcast(guards.VIEW)
def mail(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """The HTML of the mail for the first recipient, for a frame of our pages."""
    shown = guards.preview(request, broadcast, previews.saved(broadcast))
    headers = {
        "Content-Security-Policy": MAIL_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
    }
    return HttpResponse(shown.html, headers=headers)


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
