"""The list of conversations: tabs, search, rows, and what changed in it since."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from optout import row_ids
from optout.filters import searched
from optout.views.dialogs import PageRequest
from teambox import inbox
from teambox.inbox import COUNTED_TO, Row, Tab
from teambox.views import polls
from teambox.views.polls import Piece

SHOWN, MOST_SHOWN = 50, 150
MAY_REPLY = "teambox.reply_conversation"


@require_safe
@login_required
@permission_required("teambox.view_conversation", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """The conversations of a tab, none of them open."""
    return render(request, "teambox/teambox.html", context(request))


@require_safe
@login_required
@permission_required("teambox.view_conversation", raise_exception=True)
def poll(request: PageRequest) -> HttpResponse:
    """What changed in the list since the page was told; two queries of its own."""
    return polls.answer(request, context(request)["list_pieces"])


def context(request: PageRequest, current: int | None = None) -> dict[str, Any]:
    """What the list is drawn from; `current` is the conversation beside it."""
    tab, search = _tab(request), searched(request.GET)
    limit = _limit(request)
    rows = inbox.rows(tab, request.user.pk, limit + 1, search)
    query = urlencode({"tab": tab} | ({"search": search} if search else {}))
    current = current or row_ids.read(request.GET.get("current", ""))
    shared = {"query": query, "tab": tab, "current": current}
    return {
        **shared,
        "search": search,
        "shown": limit,
        "more": limit + SHOWN if len(rows) > limit < MOST_SHOWN else 0,
        "list_pieces": [
            _tabs(tab, inbox.counts(request.user.pk), search),
            *(_row(row, shared) for row in rows[:limit]),
        ],
    }


def _tab(request: PageRequest) -> Tab:
    """The tab asked for; who does not reply has no conversations of their own."""
    asked = request.GET.get("tab", "")
    if asked in Tab:
        return Tab(asked)
    return Tab.MINE if request.user.has_perm(MAY_REPLY) else Tab.ALL


def _limit(request: PageRequest) -> int:
    return max(SHOWN, min(row_ids.read(request.GET.get("shown", "")) or 0, MOST_SHOWN))


def _tabs(tab: Tab, counts: dict[Tab, int], search: str) -> Piece:
    shown = [
        (each, f"{number:,}" + "+" * (number == COUNTED_TO))
        for each, number in counts.items()
    ]
    seen = {"tabs": shown, "tab": tab, "search": search}
    return Piece("tabs", polls.signature(shown), "teambox/parts/tabs.html", seen)


def _row(row: Row, shared: dict[str, Any]) -> Piece:
    seen = polls.signature(
        row.version,
        row.unread,
        row.last_at,
        row.assignee_name,
        row.contact_name,
        row.entries_seen,
        row.is_held,
    )
    return Piece(
        f"conversation-{row.pk}",
        seen,
        "teambox/parts/conversation_row.html",
        {"row": row, **shared},
        container="conversations",
    )
