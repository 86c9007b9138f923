"""One conversation: its head, thread, banner and composer, and what changed since."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from optout.listing import live_by_key
from optout.models import ALL_CHANNELS, Entry
from optout.views.dialogs import PageRequest
from teambox import conversations, inbox, transcripts
from teambox.conversation_forms import ComposerForm
from teambox.models import Conversation
from teambox.transcripts import Item
from teambox.views import inbox as list_view
from teambox.views import polls
from teambox.views.inbox import MAY_REPLY
from teambox.views.panel import panel_context
from teambox.views.polls import Piece


@require_safe
@login_required
@permission_required("teambox.view_conversation", raise_exception=True)
def page(request: PageRequest, pk: int) -> HttpResponse:
    """A conversation beside the list it was chosen from. It counts as read now."""
    conversation = found(pk)
    context = (
        panel_context(request, conversation.key, conversation.channel_id)
        | _thread(request, conversation)
        | list_view.context(request, current=pk)
    )
    return render(request, "teambox/teambox.html", context)


@require_safe
@login_required
@permission_required("teambox.view_conversation", raise_exception=True)
def poll(request: PageRequest, pk: int) -> HttpResponse:
    """What changed in a thread since the page was told; three queries of its own."""
    conversation = found(pk)
    _mark_read(request, conversation)
    pieces = _pieces(conversation, transcripts.read(conversation).items)
    return polls.answer(request, pieces, keeps_rest=True)


@require_safe
@login_required
@permission_required("teambox.view_conversation", raise_exception=True)
def older(request: PageRequest, pk: int) -> HttpResponse:
    """The part of a thread before a time, for the link above it: alone it is a page."""
    conversation, before = found(pk), _moment(request.GET.get("before", ""))
    read = transcripts.read(conversation, before=before)
    pieces = list(_rows(conversation, read.items))
    context = {
        "conversation": conversation,
        "pieces": pieces,
        "repeated_day": _day_id(timezone.localdate(before)),
        "oldest": read.items[0].at if read.has_older else None,
    }
    part = "parts/" if request.htmx else ""
    return render(request, f"teambox/{part}older.html", context)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        raise Http404("No time")
    return moment


def found(pk: int) -> Conversation:
    """The conversation with what its head tells. Raises Http404."""
    rows = Conversation.objects.filter(pk=pk).select_related("channel", "assignee")
    row = inbox.with_marks(rows).first()
    if row is None:
        raise Http404("No such conversation")
    return row


def _mark_read(request: PageRequest, conversation: Conversation) -> None:
    if conversation.unread and request.user.has_perm(MAY_REPLY):
        conversations.mark_read(conversation)


def _thread(request: PageRequest, conversation: Conversation) -> dict[str, Any]:
    _mark_read(request, conversation)
    read = transcripts.read(conversation)
    head, banner, *rows = _pieces(conversation, read.items)
    return {
        "conversation": conversation,
        "head": head,
        "banner": banner,
        "rows": rows,
        "oldest": read.items[0].at if read.has_older else None,
        "form": ComposerForm(initial={"version": conversation.version}),
    }


# Its pieces


def _pieces(conversation: Conversation, items: Sequence[Item]) -> list[Piece]:
    return [
        _head(conversation),
        _banner(conversation),
        *_rows(conversation, items),
    ]


def _head(row: Any) -> Piece:
    seen = polls.signature(row.state, row.assignee_id, row.contact_name)
    return Piece("head", seen, "teambox/parts/head.html", {"conversation": row})


def _banner(row: Any) -> Piece:
    """What stands over the composer. Its words are asked for when they are drawn."""
    context = {
        "conversation": row,
        "names": lambda: _list_names(row),
        "withheld": lambda: (
            conversations.withheld_by(row) if conversations.is_gated(row) else ""
        ),
    }
    seen = polls.signature(row.entries_seen, row.is_held)
    return Piece("banner", seen, "teambox/parts/banner.html", context)


def _list_names(row: Conversation) -> list[str]:
    """The lists that withhold from this address on this channel."""
    entries: list[Entry] = live_by_key([row.key]).get(row.key, [])
    channels = {ALL_CHANNELS, row.channel_id}
    return list(dict.fromkeys(e.list.name for e in entries if e.channel_id in channels))


def _rows(conversation: Conversation, items: Sequence[Item]) -> Iterator[Piece]:
    """Each day's label, then its items."""
    last: date | None = None
    for item in items:
        day = timezone.localdate(item.at)
        if day != last:
            yield _row(_day_id(day), "day", {"day": day})
        last = day
        context = {"item": item, "conversation": conversation}
        yield _row(item.id, "item", context, item.seen)


def _row(id: str, template: str, context: dict[str, Any], *seen: object) -> Piece:
    name = f"teambox/parts/{template}.html"
    return Piece(id, polls.signature(*seen), name, context, container="thread")


def _day_id(day: date) -> str:
    return f"day-{day.isoformat()}"
