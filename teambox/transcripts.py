"""A conversation as people read it: its lines and what else was sent, by time.

A broadcast to a million writes no line: its messages are read where they are.
"""

from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from optout import content
from optout.models import BatchState, MessageState, OutgoingMessage, Purpose
from teambox.models import Conversation, Line, LineKind

NEWEST = 50


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in the thread.

    `kind` is a line's, or `sent` for a message without one. `state` is that of the
    message behind it, `pk` the line's or the message's.
    """

    kind: str
    pk: int
    at: datetime
    text: str
    by: str = ""
    subject: str = ""
    message: OutgoingMessage | None = None

    @property
    def id(self) -> str:
        """Its name on the page."""
        return f"{'message' if self.kind == SENT else 'line'}-{self.pk}"

    @property
    def seen(self) -> tuple[str, ...]:
        """What of it may change."""
        return (self.message.state, self.message.error) if self.message else ()

    @property
    def is_ours(self) -> bool:
        return self.kind in (LineKind.REPLY, SENT)

    @property
    def is_withheld(self) -> bool:
        """A broadcast the person never saw."""
        return (
            self.kind == SENT
            and self.message is not None
            and (self.message.state == MessageState.SUPPRESSED)
        )


SENT = "sent"


@dataclass(frozen=True, slots=True)
class Transcript:
    """The newest items, oldest first; `has_older` says that there are more."""

    items: list[Item]
    has_older: bool


def read(conversation: Conversation, *, before: datetime | None = None) -> Transcript:
    """The newest items, or those before a time; two queries whatever their number."""
    lines = map(of_line, _lines(conversation, before))
    sent = map(_of_message, _sent(conversation, before))
    items = [*lines, *sent]
    newest = nlargest(NEWEST, items, key=_order)
    return Transcript(newest[::-1], has_older=len(items) > len(newest))


def _order(item: Item) -> tuple[datetime, bool, int]:
    """By time; what a message caused stands below it."""
    return item.at, item.kind != LineKind.INBOUND, item.pk


def _lines(conversation: Conversation, before: datetime | None) -> QuerySet[Line]:
    rows = conversation.lines.select_related("message").order_by("-at", "-id")
    return (rows.filter(at__lt=before) if before else rows)[: NEWEST + 1]


def _sent(
    conversation: Conversation, before: datetime | None
) -> QuerySet[OutgoingMessage]:
    """What left, or was withheld, or is about to leave, and is no reply of ours."""
    rows = OutgoingMessage.objects.filter(
        ~Q(batch__state=BatchState.DRAFT),
        key=conversation.key,
        channel_id=conversation.channel_id,
        line=None,
    ).exclude(state=MessageState.CANCELLED)
    rows = rows.annotate(shown_at=Coalesce("sent_at", "created_at"))
    if before:
        rows = rows.filter(shown_at__lt=before)
    rows = rows.select_related("content", "batch").order_by("-shown_at", "-id")
    return rows[: NEWEST + 1]


def of_line(line: Line) -> Item:
    """A line as an item."""
    return Item(
        kind=line.kind,
        pk=line.pk,
        at=line.at,
        text=line.text,
        by=line.actor_label,
        message=line.message,
    )


def _of_message(message: OutgoingMessage) -> Item:
    own_words = message.batch.purpose == Purpose.LIST_MESSAGE
    if own_words:
        words = content.as_written(message.content)
    else:
        words = content.render(message.content, message.variables)
    return Item(
        kind=SENT,
        pk=message.pk,
        at=message.sent_at or message.created_at,
        text=words.text,
        by=message.batch.title,
        subject=words.subject,
        message=message,
    )
