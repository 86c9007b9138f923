"""What people wrote to sandbox channels, as the sandbox's phone shows it."""

from collections.abc import Sequence

from optout.models import Channel
from optout.sandbox import Line
from teambox.models import EventState, InboundEvent


def read(channel: Channel, address: str, limit: int) -> Sequence[Line]:
    """The latest messages of an address on a channel, with what each one did."""
    events = InboundEvent.objects.filter(channel=channel, sender=address)
    return [
        Line(
            event.asked_at,
            event.text,
            is_persons=True,
            outcome=_outcome(event),
            number=event.pk,
        )
        for event in events.order_by("-id")[:limit]
    ]


def _outcome(event: InboundEvent) -> str:
    if event.state == EventState.DONE:
        return event.get_outcome_display()
    return event.get_state_display()
