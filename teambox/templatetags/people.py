"""How a contact is called on a page, and how what happened reads."""

from django import template
from django.template import Context

from optout.models import OutgoingMessage, Purpose
from optout.templatetags.ui import seen_address, seen_words
from teambox.models import Contact, Line, LineKind
from teambox.timeline import Event, Kind

register = template.Library()

_LINE_ICONS = {LineKind.INBOUND: "message-square", LineKind.NOTE: "sticky-note"}
_ICONS = {Kind.ADDED: "ban", Kind.REMOVED: "undo-2", Kind.NOTE: "sticky-note"}


@register.simple_tag(takes_context=True)
def contact_name(context: Context, contact: Contact) -> str:
    """Return the name, else the first address as this user may see it."""
    if contact.name:
        return seen_words(context, contact.name)
    first = next(iter(contact.addresses.all()), None)
    return seen_address(context, first.address) if first else str(contact)


@register.filter
def event_icon(event: Event) -> str:
    """Return the name of the icon that stands beside an event."""
    thing = event.thing
    if isinstance(thing, Line):
        return _LINE_ICONS.get(LineKind(thing.kind), "send")
    if isinstance(thing, OutgoingMessage):
        return "megaphone" if thing.batch.purpose == Purpose.BROADCAST else "send"
    return _ICONS[event.kind]


@register.filter
def event_title(event: Event) -> str:
    """Return what kind of message an event is; lists have words of their own."""
    thing = event.thing
    if isinstance(thing, OutgoingMessage):
        return thing.batch.title
    if isinstance(thing, Line):
        titles = {LineKind.INBOUND: "Wrote to us", LineKind.NOTE: "Internal note"}
        return titles.get(LineKind(thing.kind), "Reply")
    return "Note"
