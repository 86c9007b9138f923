"""Putting a person's message into its conversation, with what it did."""

from collections.abc import Collection, Mapping

from optout.models import OptOutList
from teambox import conversations, keyword_requests
from teambox.keyword_requests import Handled
from teambox.models import Conversation, InboundEvent, InboundOutcome

_TOLD: Mapping[InboundOutcome, str] = {
    InboundOutcome.OPTED_OUT: "Added to {lists} by keyword {keyword}",
    InboundOutcome.LIFTED: "Removed from {lists} by keyword {keyword}",
    InboundOutcome.STILL_OPTED_OUT: "Came back, but is still on {lists}",
    InboundOutcome.STALE: "Older than what we know: nothing changed",
    InboundOutcome.REVIEW: "Waits for review: marketing is withheld until then",
    InboundOutcome.HELP: "Asked for help, and got the help text",
}


def take_in(event: InboundEvent, handled: Handled) -> Conversation:
    """Put a handled message into its conversation; a repeat changes nothing."""
    address = keyword_requests.sender_address(event.channel, event.sender)
    told = _TOLD.get(InboundOutcome(handled.outcome), "")
    return conversations.take_in(
        event,
        address,
        name=str(event.payload.get("name") or ""),
        told=told.format(lists=_names(handled.lists), keyword=handled.keyword.upper()),
    )


def _names(lists: Collection[int]) -> str:
    found = OptOutList.objects.in_bulk(list(lists))
    return ", ".join(found[pk].name for pk in lists if pk in found)
