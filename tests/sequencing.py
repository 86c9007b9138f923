"""Sequences as the tests make them, and a worker's round over them."""

from datetime import timedelta
from typing import Any

from broadcaster import enrolments, sequences, steps, tasks
from broadcaster.broadcasts import Words
from broadcaster.models import Enrolment, EnrolmentSource, Sequence, all_sequences
from broadcaster.step_timing import Timing
from optout import addresses
from optout.actors import NOBODY
from optout.models import Channel, OutgoingMessage
from tests.factories import drain

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT_ONCE = Timing()


def make_sequence(
    channel: Channel, *timings: Timing, started: bool = True, **settings: Any
) -> Sequence:
    """A sequence whose steps say Step 1, Step 2 and so on; the first follows at once.

    Without timings there are three steps, each a day after the one before.
    """
    row = sequences.create(name="Welcome", channel=channel, actor=NOBODY)
    for number, timing in enumerate(timings or _daily(), 1):
        steps.add(row, Words(text=f"Step {number}"), timing)
    if settings:
        configure(row, **settings)
    if started:
        sequences.start(row, actor=NOBODY)
    return row


def _daily() -> tuple[Timing, ...]:
    return AT_ONCE, Timing(DAY), Timing(DAY)


def configure(row: Sequence, **settings: Any) -> None:
    """Change some settings, the others stay."""
    names = ("name", "description", "stop_on_reply", "re_enrolment", "enrol_tag")
    sequences.change(row, **{name: getattr(row, name) for name in names} | settings)


def enrol(row: Sequence, raw: str, **variables: str) -> Enrolment:
    """Enrol an address by hand; the enrolment that counts."""
    return enrolments.enrol(
        row,
        addresses.parse(raw),
        source=EnrolmentSource.HAND,
        actor=NOBODY,
        variables=variables,
    ).enrolment


def work() -> None:
    """A worker's round: put what is due, send it, see what became of it."""
    tasks.enrol_people()
    tasks.advance_sequences()
    drain()
    tasks.advance_sequences()


def said_to(raw: str) -> list[str]:
    """The texts that left for an address, in order."""
    left = OutgoingMessage.objects.filter(
        key=addresses.parse(raw).key, sent_at__isnull=False
    )
    return list(left.order_by("sent_at", "id").values_list("content__text", flat=True))


def fresh(row: Sequence) -> Sequence:
    return all_sequences().get(pk=row.pk)
