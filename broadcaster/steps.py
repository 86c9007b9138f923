"""The steps of a sequence: adding, changing, ordering and archiving them."""

from collections.abc import Sequence as Series

from django.db.models import QuerySet

from broadcaster.broadcasts import Words
from broadcaster.models import Sequence, Step
from broadcaster.step_timing import Timing as Timing

MAX_STEPS = 50


def live(sequence: Sequence) -> QuerySet[Step]:
    """The steps that are sent, in order, with content and hours."""
    raise NotImplementedError


def timing_of(step: Step) -> Timing:
    """When the step follows."""
    raise NotImplementedError


def words_of(step: Step) -> Words:
    """What the step says."""
    raise NotImplementedError


def add(sequence: Sequence, words: Words, timing: Timing, *, name: str = "") -> Step:
    """A new last step.

    Raises SequenceError: `ended`, `too_many_steps`, or what is wrong with a field:
    `subject_required`, `message_required`, `text_only`, `bad_wait`, `bad_zone`.
    """
    raise NotImplementedError


def change(step: Step, words: Words, timing: Timing, *, name: str = "") -> None:
    """Change words, timing and name; what is queued already keeps its words.

    Who waits for the step waits by the new timing within seconds. Raises
    SequenceError as `add` does, and `archived`.
    """
    raise NotImplementedError


def move(step: Step, *, up: bool) -> bool:
    """Let it and its neighbour change places; False at the end of the row.

    Who waits for a step waits on; whoever is past it does not go back.
    """
    raise NotImplementedError


def reorder(sequence: Sequence, ids: Series[int]) -> None:
    """Put the live steps into this order. Raises SequenceError `other_steps`."""
    raise NotImplementedError


def archive(step: Step) -> None:
    """Send it no more; who waits for it waits for the next one. A repeat is fine."""
    raise NotImplementedError


def waiting_at(step: Step) -> int:
    """How many people wait for this step now."""
    raise NotImplementedError
