"""How an entry reads: the door it came by, who made it, who ended it."""

from django import template

from optout.models import Entry, LiftReason, Source

register = template.Library()

_TIERS = {
    "exact": "",
    "polite": "in a polite sentence",
    "phrase": "by a phrase",
}


@register.filter
def how(entry: Entry) -> str:
    """Return the door with the words that were used: keyword “STOP”."""
    door = _upper_first(entry.get_source_display())
    if not entry.wording:
        return door
    return " ".join(filter(None, [f"{door} “{entry.wording}”", _TIERS.get(entry.tier)]))


@register.filter
def by_whom(entry: Entry) -> str:
    """Return who made the entry: a person of staff, a program, or the person."""
    if entry.actor_label:
        return entry.actor_label
    return "The person" if entry.asked_at is not None else "System"


@register.filter
def why(entry: Entry) -> str:
    """Return the reason code in words."""
    return _upper_first(entry.get_reason_code_display())


@register.filter
def how_ended(entry: Entry) -> str:
    """Return how and why the entry ended, in words."""
    parts = [_upper_first(_source(entry.ended_source)), _reason(entry.ended_reason)]
    return ": ".join(filter(None, [" · ".join(filter(None, parts)), entry.ended_note]))


def _source(value: str) -> str:
    return str(Source(value).label) if value in Source else value


def _reason(value: str) -> str:
    return str(LiftReason(value).label) if value in LiftReason else value


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
