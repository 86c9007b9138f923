"""What happened with a contact, merged by time from where each thing is kept."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from optout import content, row_ids
from optout.addresses import AddressKind
from optout.listing import shown_entries
from optout.models import MARKETING, BatchState, OutgoingMessage, Purpose
from teambox.models import Contact, Line, LineKind, Note

PAGE_SIZE = 30
_OF_PERSON = (LineKind.INBOUND, LineKind.REPLY, LineKind.NOTE)


class Kind(StrEnum):
    """Where an event comes from; at one moment the later in this order is newer."""

    ADDED = "added"
    REMOVED = "removed"
    MESSAGE = "message"
    LINE = "line"
    NOTE = "note"


_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing: an entry that began or ended, a message, a line or a note."""

    at: datetime
    kind: Kind
    thing: Any
    text: str = ""

    @property
    def place(self) -> "Place":
        return (self.at, _ORDER[self.kind], self.thing.pk)


Place = tuple[datetime, int, int]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, newest first; `older` is the cursor of those before, empty at the end."""

    events: list[Event]
    older: str


def of(contact: Contact, *, cursor: str = "", with_lines: bool) -> Timeline:
    """A page of the contact's events, from a cursor on.

    `with_lines` is for who may read conversations.
    """
    keys = [row.key for row in contact.addresses.all()]
    before = _read(cursor)
    found = [
        event
        for kind, source in _sources(contact, keys, with_lines=with_lines).items()
        for event in _newest(kind, source, before)
    ]
    found.sort(key=lambda event: event.place, reverse=True)
    shown = found[:PAGE_SIZE]
    has_older = len(found) > PAGE_SIZE
    return Timeline(shown, _write(shown[-1].place) if has_older else "")


Source = tuple[QuerySet[Any], str]  # rows, and the name of their time


def _sources(
    contact: Contact, keys: Collection[UUID], *, with_lines: bool
) -> Mapping[Kind, Source]:
    entries = shown_entries().filter(key__in=keys).select_related("list", "channel")
    found: dict[Kind, Source] = {
        Kind.ADDED: (entries, "created_at"),
        Kind.REMOVED: (entries.exclude(ended_at=None), "ended_at"),
        Kind.MESSAGE: (_messages(keys), "handed_at"),
        Kind.NOTE: (Note.objects.filter(contact=contact), "created_at"),
    }
    if with_lines:
        found[Kind.LINE] = (_lines(keys), "at")
    return found


def _messages(keys: Collection[UUID]) -> QuerySet[OutgoingMessage]:
    """What we sent but for replies, which are lines, and drafts."""
    sent = OutgoingMessage.objects.filter(key__in=keys)
    sent = sent.exclude(batch__purpose=Purpose.REPLY)
    sent = sent.exclude(batch__state=BatchState.DRAFT)
    return sent.annotate(
        handed_at=Coalesce(F("sent_at"), F("created_at"))
    ).select_related("batch", "content", "channel")


def _lines(keys: Collection[UUID]) -> QuerySet[Line]:
    said = Line.objects.filter(conversation__key__in=keys, kind__in=_OF_PERSON)
    return said.select_related("conversation__channel", "message")


def _newest(kind: Kind, source: Source, before: Place | None) -> list[Event]:
    """The newest events of a source: one beyond a page tells that there are older."""
    rows, time = source
    if before is not None:
        rows = rows.filter(_earlier(kind, time, before))
    newest = rows.order_by(f"-{time}", "-pk")[: PAGE_SIZE + 1]
    words = _WORDS.get(kind, lambda _: "")
    return [Event(getattr(row, time), kind, row, words(row)) for row in newest]


def _earlier(kind: Kind, time: str, before: Place) -> Q:
    at, place, pk = before
    if _ORDER[kind] < place:
        return Q(**{f"{time}__lte": at})
    earlier = Q(**{f"{time}__lt": at})
    if _ORDER[kind] == place:
        earlier |= Q(**{time: at, "pk__lt": pk})
    return earlier


def _said(message: OutgoingMessage) -> str:
    """What the person got to read: of an email to many its subject, else the text."""
    if message.batch.purpose not in MARKETING:
        return content.as_written(message.content).text
    shown = content.render(message.content, message.variables)
    is_email = message.channel.address_kind == AddressKind.EMAIL
    return shown.subject if is_email else shown.text


_WORDS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.MESSAGE: _said,
    Kind.LINE: lambda line: line.text,
    Kind.NOTE: lambda note: note.text,
}


# Cursors


def _write(place: Place) -> str:
    at, order, pk = place
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{order}-{pk}"


def _read(text: str) -> Place | None:
    """The place of a cursor; None, the beginning, for what we did not write."""
    parts = text.split("-")
    if len(parts) != 3:
        return None
    order, pk = row_ids.read(parts[1]), row_ids.read(parts[2])
    try:
        at = datetime.strptime(parts[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return None if order is None or pk is None else (at, order, pk)
