"""The steps of a sequence: adding, changing, ordering and archiving them."""

from collections.abc import Iterator
from collections.abc import Sequence as Series
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from broadcaster import sequences
from broadcaster.broadcasts import Words
from broadcaster.models import Enrolment, EnrolmentState, Sequence, Step
from broadcaster.models import live_steps as live
from broadcaster.sequences import SequenceError
from broadcaster.step_timing import Timing as Timing
from optout import wake
from optout.addresses import AddressKind
from optout.models import Content

__all__ = [
    "MAX_STEPS",
    "Timing",
    "add",
    "archive",
    "change",
    "live",
    "move",
    "reorder",
    "timing_of",
    "waiting_at",
    "words_of",
]

MAX_STEPS = 50
LONGEST_WAIT = timedelta(days=730)
MAX_NAME: int = Step._meta.get_field("name").max_length or 0


def timing_of(step: Step) -> Timing:
    """When the step follows."""
    hours = step.content.hours
    return Timing(step.wait, step.at, step.zone, step.by_recipient, hours)


def words_of(step: Step) -> Words:
    """What the step says."""
    said = step.content
    return Words(text=said.text, subject=said.subject, html=said.html)


def waiting_at(step: Step) -> int:
    """How many people wait for this step now."""
    waiting = Enrolment.objects.filter(
        sequence=step.sequence_id, state=EnrolmentState.WAITING, step=step
    )
    return waiting.count()


@contextmanager
def _editing(sequence: Sequence) -> Iterator[Sequence]:
    """Nobody else edits the steps meanwhile. Raises SequenceError `ended`."""
    with transaction.atomic():
        row = sequences.locked(sequence)
        sequences.require_not_ended(row)
        yield row


def add(sequence: Sequence, words: Words, timing: Timing, *, name: str = "") -> Step:
    """A new last step.

    Raises SequenceError: `ended`, `too_many_steps`, or what is wrong with a field:
    `subject_required`, `message_required`, `text_only`, `bad_wait`, `bad_zone`,
    `name_too_long`.
    """
    with _editing(sequence) as row:
        _check(row, words, timing, name)
        count = live(row).count()
        if count >= MAX_STEPS:
            message = f"A sequence has at most {MAX_STEPS} steps."
            raise SequenceError("too_many_steps", message)
        step = Step(sequence=row, position=count + 1)
        _write(step, words, timing, name)
        if not count:
            _take_in_who_came_before(step)
    return step


def _take_in_who_came_before(step: Step) -> None:
    """Who was enrolled while there was no step waits for this one."""
    early = Enrolment.objects.filter(
        sequence=step.sequence, state=EnrolmentState.WAITING, step=None
    )
    if early.update(step=step):
        _retime(step)
        step.save(update_fields=["retime_after"])


def change(step: Step, words: Words, timing: Timing, *, name: str = "") -> None:
    """Change words, timing and name; what is queued already keeps its words.

    Who waits for the step waits by the new timing within seconds. Raises
    SequenceError as `add` does, and `archived`.
    """
    with _editing(step.sequence) as row:
        _check(row, words, timing, name)
        now = Step.objects.select_related("content__hours").get(pk=step.pk)
        if now.archived_at is not None:
            raise SequenceError("archived", "This step was deleted.")
        if timing_of(now) != timing:
            _retime(now)
        _write(now, words, timing, name)
    step.refresh_from_db()


def _write(step: Step, words: Words, timing: Timing, name: str) -> None:
    step.name = name.strip()
    step.wait, step.at, step.zone = timing.wait, timing.at, timing.zone
    step.by_recipient = timing.by_recipient
    is_new = step.pk is None
    if is_new or words_of(step) != words or step.content.hours != timing.hours:
        step.content = Content.objects.create(
            subject=words.subject, text=words.text, html=words.html, hours=timing.hours
        )
    step.save()


def _retime(step: Step) -> None:
    """Let the times of those who wait for the step be set anew."""
    step.retime_after = 0
    wake.hint(sequences.ADVANCE_SEQUENCES)


def move(step: Step, *, up: bool) -> bool:
    """Let it and its neighbour change places; False at the end of the row.

    Who waits for a step waits on; whoever is past it does not go back.
    """
    with _editing(step.sequence) as row:
        ids = list(live(row).values_list("pk", flat=True))
        if step.pk not in ids:
            return False
        at = ids.index(step.pk)
        other = at - 1 if up else at + 1
        if not 0 <= other < len(ids):
            return False
        ids[at], ids[other] = ids[other], ids[at]
        _number(ids)
    step.refresh_from_db()
    return True


def reorder(sequence: Sequence, ids: Series[int]) -> None:
    """Put the live steps into this order. Raises SequenceError `other_steps`."""
    with _editing(sequence) as row:
        if sorted(ids) != sorted(live(row).values_list("pk", flat=True)):
            message = "The steps were changed meanwhile. Look at them again."
            raise SequenceError("other_steps", message)
        _number(ids)


def _number(ids: Series[int]) -> None:
    """Number live steps from 1; archived ones keep how many go before them."""
    for position, pk in enumerate(ids, 1):
        Step.objects.filter(pk=pk).update(position=position)


def archive(step: Step) -> None:
    """Send it no more; who waits for it waits for the next one. A repeat is fine."""
    with _editing(step.sequence) as row:
        gone = Step.objects.get(pk=step.pk)
        if gone.archived_at is None:
            gone.archived_at = timezone.now()
            _retime(gone)
            gone.save(update_fields=["archived_at", "retime_after"])
            _close_gap(row, gone.position)
    step.refresh_from_db()


def _close_gap(sequence: Sequence, position: int) -> None:
    """What stood at this place or after it moves up; archived ones with it."""
    for later in Step.objects.filter(sequence=sequence, position__gte=position):
        later.position -= 1
        later.save(update_fields=["position"])


def _check(sequence: Sequence, words: Words, timing: Timing, name: str) -> None:
    if len(name.strip()) > MAX_NAME:
        message = f"A name has at most {MAX_NAME} characters."
        raise SequenceError("name_too_long", message, "name")
    _check_words(sequence, words)
    if not timedelta(0) <= timing.wait <= LONGEST_WAIT:
        message = f"Wait between nothing and {LONGEST_WAIT.days} days."
        raise SequenceError("bad_wait", message, "wait")
    try:
        ZoneInfo(timing.zone)
    except (KeyError, ValueError, OSError):
        message = f"There is no time zone “{timing.zone[:64]}”."
        raise SequenceError("bad_zone", message, "zone") from None


def _check_words(sequence: Sequence, words: Words) -> None:
    if sequence.channel.address_kind != AddressKind.EMAIL:
        if words.subject or words.html:
            message = "A message to phones has a text alone, no subject and no HTML."
            raise SequenceError("text_only", message, "text")
    elif not words.subject.strip():
        raise SequenceError("subject_required", "An email needs a subject.", "subject")
    if not (words.text.strip() or words.html.strip()):
        raise SequenceError("message_required", "Write the message.", "text")
