"""Making and changing a sequence, its opt-out lists, and letting it run."""

from collections.abc import Collection
from dataclasses import dataclass

from broadcaster.models import Sequence
from optout.actors import Actor
from optout.models import Channel
from optout.refusals import Refused
from teambox.models import Tag


class SequenceError(Refused):
    """A wish that the sequence's state or content refuses."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands against a start; `page` mends it: settings, lists or steps."""

    page: str
    code: str
    message: str


def create(
    *, name: str, channel: Channel, actor: Actor, description: str = ""
) -> Sequence:
    """A new draft; its batch selects the default list and links to it."""
    raise NotImplementedError


def change(
    sequence: Sequence,
    *,
    name: str,
    description: str,
    stop_on_reply: bool,
    re_enrolment: str,
    enrol_tag: Tag | None,
) -> None:
    """Change the settings, at any time but the end; the channel stays.

    Another tag enrols those who get it from now on. Raises SequenceError `ended`.
    """
    raise NotImplementedError


def set_lists(
    sequence: Sequence,
    list_ids: Collection[int],
    *,
    actor: Actor,
    skip_default: str | None = None,
    unsubscribe_list_id: int | None = None,
) -> None:
    """Select the opt-out lists, at any time: the next step is held against them.

    The selection may shrink. Without a choice the unsubscribe link leads to the
    default list, or to the first. Leaving out the default list goes into the ledger.
    Raises SelectionError, and SequenceError `unsubscribe_list` or `ended`.
    """
    raise NotImplementedError


def problems(sequence: Sequence) -> list[Problem]:
    """Everything that stands against a start, or nothing."""
    raise NotImplementedError


def start(sequence: Sequence, *, actor: Actor) -> bool:
    """Let a draft run; False when it was started before.

    Who was enrolled before is on the way at once; a tag enrols who gets it from now
    on. Raises SequenceError with the first problem that stands against it.
    """
    raise NotImplementedError


def pause(sequence: Sequence, *, actor: Actor) -> bool:
    """Nobody moves on and nothing leaves; False when it does not run."""
    raise NotImplementedError


def resume(sequence: Sequence, *, actor: Actor) -> bool:
    """Go on; who replied meanwhile gets nothing more. False when it is not paused."""
    raise NotImplementedError


def end(sequence: Sequence, *, actor: Actor) -> bool:
    """End it for good and everybody's enrolment with it; False when it had ended.

    What is queued is cancelled. The last enrolments may end some seconds later.
    """
    raise NotImplementedError
