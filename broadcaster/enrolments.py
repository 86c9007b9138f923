"""Who is on the way through a sequence: enrolling, unenrolling, resuming."""

from collections.abc import Collection, Mapping
from collections.abc import Sequence as Series
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from broadcaster.models import Enrolment, EnrolmentSource, Sequence, Step
from optout.actors import Actor
from optout.addresses import Address
from optout.outbox import Recipient


class Result(StrEnum):
    """What became of a wish to enrol somebody."""

    ENROLLED = "enrolled"
    ALREADY = "already"
    RESTARTED = "restarted"
    NOT_AGAIN = "not again"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The enrolment that counts now (the earlier one where nothing was done)."""

    enrolment: Enrolment
    result: Result


def enrol(
    sequence: Sequence,
    address: Address,
    *,
    source: EnrolmentSource,
    actor: Actor,
    variables: Mapping[str, str] | None = None,
) -> Enrolled:
    """Let somebody begin, by the sequence's rule for who was there before.

    The wait of the first step counts from now; opt-outs are asked about at each step.
    Raises SequenceError `wrong_address` for another kind than the channel's, `ended`.
    """
    raise NotImplementedError


def enrol_many(
    sequence: Sequence,
    people: Series[Recipient],
    *,
    source: EnrolmentSource,
    actor: Actor,
) -> list[Enrolled]:
    """The same for many at once (one chunk, at most 1,000), a result each in order.

    Their addresses are of the channel's kind. Raises SequenceError `ended`.
    """
    raise NotImplementedError


def unenrol(sequence: Sequence | None, keys: Collection[UUID], *, actor: Actor) -> int:
    """End these people's enrolments, in all sequences without one; how many ended.

    A message that is queued is withdrawn; one that is leaving now still arrives.
    """
    raise NotImplementedError


def resume_at(enrolment: Enrolment, step: Step, *, actor: Actor) -> Enrolment:
    """Let somebody whose enrolment ended go on at this step: a new enrolment.

    The step's wait counts from now. Opt-outs are asked about as ever. Raises
    SequenceError `already` for who is on the way, `ended`, `no_such_step`.
    """
    raise NotImplementedError


def steps_to_resume_at(enrolment: Enrolment) -> list[Step]:
    """The live steps somebody may go on at; none while on the way or when it is over.

    The first of them is the one that was due when the enrolment ended.
    """
    raise NotImplementedError


def of_people(keys: Collection[UUID]) -> list[Enrolment]:
    """The enrolments of these addresses, newest first, with sequence, step, hold."""
    raise NotImplementedError
