"""Making and changing a sequence, its opt-out lists, and letting it run."""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from broadcaster import enrolment_ends
from broadcaster.models import Sequence, all_sequences, live_steps
from optout import outbox, selection, wake
from optout.actors import Actor
from optout.models import (
    BatchState,
    Channel,
    OutgoingBatch,
    Purpose,
    default_list,
)
from optout.refusals import Refused
from teambox.models import Contact, Tag

logger = logging.getLogger(__name__)

ADVANCE_SEQUENCES = "broadcaster.tasks.advance_sequences"


class SequenceError(Refused):
    """A wish that the sequence's state or content refuses."""


def create(
    *, name: str, channel: Channel, actor: Actor, description: str = ""
) -> Sequence:
    """A new draft; its batch selects the default list and links to it."""
    default = default_list()
    with transaction.atomic():
        batch = outbox.open_batch(
            channel=channel,
            purpose=Purpose.SEQUENCE,
            label=name,
            lists=[default],
            unsubscribe_list=default,
            state=BatchState.DRAFT,
            created_by_id=actor.user_id,
        )
        return Sequence.objects.create(
            name=name,
            description=description,
            batch=batch,
            created_by_id=actor.user_id,
            created_label=actor.label,
        )


# Changing


def locked(sequence: Sequence) -> Sequence:
    """The sequence as it is now, nobody else's to change until the commit."""
    rows = all_sequences().select_for_update(of=("self",), no_key=True)
    return rows.get(pk=sequence.pk)


def still_open(sequence: Sequence) -> Sequence:
    """The sequence as it is now. Raises SequenceError `ended`."""
    row = all_sequences().get(pk=sequence.pk)
    require_not_ended(row)
    return row


def require_not_ended(sequence: Sequence) -> None:
    """Raises SequenceError `ended` for one that is over for good."""
    if sequence.is_ended:
        raise SequenceError("ended", "This sequence has ended.")


def _change(sequence: Sequence, change: Callable[[Sequence], None]) -> None:
    with transaction.atomic():
        row = locked(sequence)
        require_not_ended(row)
        change(row)
        row.save()
    sequence.refresh_from_db()


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

    def change(row: Sequence) -> None:
        row.name, row.description = name, description
        row.stop_on_reply, row.re_enrolment = stop_on_reply, re_enrolment
        if row.enrol_tag != enrol_tag:
            row.enrol_tag, row.enrol_tag_after = enrol_tag, newest_tagging()
        OutgoingBatch.objects.filter(pk=row.batch_id).update(label=name)

    _change(sequence, change)


def newest_tagging() -> int:
    """The id of the last row of the tags' table."""
    newest = Contact.tags.through.objects.aggregate(id=Max("id"))["id"]
    return int(newest or 0)


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
    lists = selection.choose(list_ids, skip_default=skip_default)
    link = selection.link_among(lists, unsubscribe_list_id, refuse=SequenceError)
    reason = (skip_default or "").strip()

    def change(row: Sequence) -> None:
        batch = row.batch
        is_new = reason and reason != batch.skip_default_reason
        selection.set_lists(batch, lists, may_shrink=True)
        batch.unsubscribe_list, batch.skip_default_reason = link, reason
        batch.save(update_fields=["unsubscribe_list", "skip_default_reason"])
        if is_new:
            selection.note_default_skipped(batch, actor=actor)

    _change(sequence, change)
    sequence.batch.refresh_from_db()


# Starting and stopping


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands against a start; `page` mends it: settings, lists or steps."""

    page: str
    code: str
    message: str


def problems(sequence: Sequence) -> list[Problem]:
    """Everything that stands against a start, or nothing."""
    return list(_problems(sequence))


def _problems(sequence: Sequence) -> Iterator[Problem]:
    if not sequence.channel.is_active:
        message = f"The channel “{sequence.channel}” is not active."
        yield Problem("settings", "inactive_channel", message)
    if not live_steps(sequence).exists():
        yield Problem("steps", "steps_required", "Add the first step.")
    if not sequence.batch.lists.exists():
        message = "Select at least one opt-out list."
        yield Problem("lists", "lists_required", message)


def start(sequence: Sequence, *, actor: Actor) -> bool:
    """Let a draft run; False when it was started before.

    Who was enrolled before is on the way at once; a tag enrols who gets it from now
    on. Raises SequenceError with the first problem that stands against it.
    """
    with transaction.atomic():
        row = locked(sequence)
        if row.batch.state == BatchState.DRAFT and (wrong := problems(row)):
            raise SequenceError(wrong[0].code, wrong[0].message)
        started = outbox.start(row.batch)
        if started:
            row.enrol_tag_after = newest_tagging()
            row.save(update_fields=["enrol_tag_after"])
    return _moved(sequence, started, "started", actor)


def pause(sequence: Sequence, *, actor: Actor) -> bool:
    """Nobody moves on and nothing leaves; False when it does not run."""
    return _moved(sequence, outbox.pause(sequence.batch), "paused", actor)


def resume(sequence: Sequence, *, actor: Actor) -> bool:
    """Go on; who replied meanwhile gets nothing more. False when it is not paused."""
    enrolment_ends.end_replied(sequence)
    return _moved(sequence, outbox.resume(sequence.batch), "resumed", actor)


def end(sequence: Sequence, *, actor: Actor) -> bool:
    """End it for good and everybody's enrolment with it; False when it had ended.

    What is queued is cancelled. The last enrolments may end some seconds later.
    """
    ended = outbox.cancel(sequence.batch)
    if ended:
        enrolment_ends.end_left_over()
    return _moved(sequence, ended, "ended", actor)


def _moved(sequence: Sequence, has_moved: bool, how: str, actor: Actor) -> bool:
    if has_moved:
        logger.info("Sequence %s was %s by %s", sequence.pk, how, actor.label)
        wake.hint(ADVANCE_SEQUENCES)
    sequence.refresh_from_db()
    sequence.batch.refresh_from_db()
    return has_moved
