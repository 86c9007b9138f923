"""Deciding unclear requests, told in the conversations they stand in."""

from collections.abc import Iterable

from optout import reviews
from optout.actors import Actor
from optout.models import Hold, OptOutList
from teambox import conversations


def opt_out(hold: Hold, *, actor: Actor) -> OptOutList:
    """It was an opt-out; the list the person is on now."""
    outcome = reviews.opt_out(hold, actor=actor)
    added_to = outcome.entries[0].list
    _tell(hold, f"added to {added_to.name}", actor)
    return added_to


def dismiss(holds: Iterable[Hold], *, actor: Actor, note: str) -> int:
    """They were none; how many of them nobody had decided before."""
    done = [hold for hold in holds if reviews.dismiss(hold, actor=actor, note=note)]
    for hold in done:
        _tell(hold, "no opt-out", actor)
    return len(done)


def _tell(hold: Hold, what: str, actor: Actor) -> None:
    told = f"{actor.label} decided the review: {what}"
    conversations.tell_all([hold.key], told, actor=actor)
