"""How pages tell whom a broadcast goes to."""

from typing import Any

from django import template
from django.template import Context

from broadcaster import audience_words, marked_rows
from broadcaster.models import Broadcast
from optout.models import live_lists

register = template.Library()


@register.simple_tag
def words_of_audience(broadcast: Broadcast) -> audience_words.Words:
    """Return whom it goes to in words, and what its rows are called."""
    return audience_words.of(broadcast)


@register.inclusion_tag("broadcaster/audience_facts.html", takes_context=True)
def audience_facts(context: Context, broadcast: Broadcast) -> dict[str, Any]:
    """Draw a card: whom it goes to, and how the rows of that were read."""
    words = audience_words.of(broadcast)
    left = words.is_file and (broadcast.rows_invalid or broadcast.rows_marked)
    return {
        "broadcast": broadcast,
        "words": words,
        "offers_left_out": left,
        "perms": context["perms"],
    }


@register.inclusion_tag("broadcaster/marked_rows.html", takes_context=True)
def marked_rows_of(context: Context, broadcast: Broadcast) -> dict[str, Any]:
    """Offer to put the file's marked rows on a list, or tell what came of that."""
    offers = marked_rows.can_be_added(broadcast)
    job = marked_rows.import_of(broadcast)
    return {
        "broadcast": broadcast,
        "lists": live_lists() if offers else (),
        "job": job,
        "tally": job.tally("done", "entries") if job else {},
        "perms": context["perms"],
        "csrf_token": context.get("csrf_token"),
    }
