"""Audiences of another broadcast: those of its recipients it came so far with.

Such an audience is `{"broadcast": id, "states": ["failed"]}` with names of `Reached`.
Who was withheld is in none of them: an opt-out is no failure that a resend would mend.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import QuerySet, TextChoices

from broadcaster.contact_audiences import AudienceError
from broadcaster.models import Broadcast, all_broadcasts
from optout.models import MessageState, OutgoingMessage

Audience = Mapping[str, Any]


class Reached(TextChoices):
    """How far a message came, as one asks for it later."""

    SENT = "sent", "Sent to, delivered or read or not"
    DELIVERED = "delivered", "Delivered, read or not"
    READ = "read", "Read"
    NOT_READ = "not_read", "Sent or delivered, not read"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown: may have got it already"


_STATES: Mapping[str, frozenset[MessageState]] = {
    Reached.SENT: frozenset(
        {MessageState.SENT, MessageState.DELIVERED, MessageState.READ}
    ),
    Reached.DELIVERED: frozenset({MessageState.DELIVERED, MessageState.READ}),
    Reached.READ: frozenset({MessageState.READ}),
    Reached.NOT_READ: frozenset({MessageState.SENT, MessageState.DELIVERED}),
    Reached.FAILED: frozenset({MessageState.FAILED}),
    Reached.UNKNOWN: frozenset({MessageState.UNKNOWN}),
}


def choosable(broadcast: Broadcast) -> QuerySet[Broadcast]:
    """The launched broadcasts to the same kind of address, the latest first."""
    kind = broadcast.channel.address_kind
    launched = all_broadcasts().filter(launched_at__isnull=False)
    return launched.filter(batch__channel__address_kind=kind).exclude(pk=broadcast.pk)


def read(
    broadcast: Broadcast, other: Broadcast, states: Collection[str]
) -> dict[str, Any]:
    """The audience of a draft in its one form; `states` are names of `Reached`.

    Raises AudienceError `unknown_broadcast` (field `broadcast`) for one that was not
    launched or writes to another kind of address, and `bad_states` (`states`).
    """
    if not choosable(broadcast).filter(pk=other.pk).exists():
        message = "Choose a launched broadcast to the same kind of address."
        raise AudienceError("unknown_broadcast", message, "broadcast")
    chosen = [state.value for state in Reached if state in states]
    if not chosen or len(chosen) != len(set(states)):
        message = f"Choose among {', '.join(Reached.values)}."
        raise AudienceError("bad_states", message, "states")
    return {"broadcast": other.pk, "states": chosen}


def other_of(audience: Audience) -> Broadcast | None:
    """The broadcast it speaks of."""
    return all_broadcasts().filter(pk=audience.get("broadcast", 0)).first()


def messages_of(audience: Audience) -> QuerySet[OutgoingMessage]:
    """Its messages to those who are in the audience now, in their order."""
    other = other_of(audience)
    if other is None:
        return OutgoingMessage.objects.none()
    states = set[MessageState]().union(*map(_STATES.__getitem__, audience["states"]))
    return other.batch.messages.filter(state__in=states).order_by("id")


def described(audience: Audience) -> str:
    """Who is meant, in words: “Failed or not read in Autumn sale”."""
    how_far = " or ".join(audience.get("states", ())).replace("_", " ")
    return f"{how_far.capitalize()} in {other_of(audience) or 'a broadcast'}"
