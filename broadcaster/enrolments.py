"""Who is on the way through a sequence: enrolling, unenrolling, resuming."""

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Sequence as Series
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from broadcaster import enrolment_ends, sequences
from broadcaster.models import (
    EndReason,
    Enrolment,
    EnrolmentSource,
    ReEnrolment,
    Sequence,
    Step,
    live_steps,
)
from broadcaster.sequences import SequenceError
from broadcaster.tracks import Track
from optout import content, locks, wake
from optout.actors import Actor
from optout.addresses import Address, AddressKind
from optout.models import MessageState
from optout.outbox import Recipient

RESUMABLE = frozenset({EndReason.OPTED_OUT, EndReason.UNENROLLED, EndReason.REPLIED})


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


# Enrolling


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
    if address.kind != sequence.channel.address_kind:
        wanted = AddressKind(sequence.channel.address_kind).label.lower()
        message = f"“{sequence.channel}” writes to another kind of address: {wanted}."
        raise SequenceError("wrong_address", message, "address")
    person = Recipient(address.key, address.address, variables or {})
    [enrolled] = enrol_many(sequence, [person], source=source, actor=actor)
    return enrolled


def enrol_many(
    sequence: Sequence,
    people: Series[Recipient],
    *,
    source: EnrolmentSource,
    actor: Actor,
) -> list[Enrolled]:
    """The same for many at once (one chunk, at most 1,000), a result each in order.

    Their addresses are of the channel's kind. Who is named twice counts once, the
    second time as `already`. Raises SequenceError `ended`.
    """
    with transaction.atomic():
        row = sequences.still_open(sequence)
        locks.lock_keys(person.key for person in people)
        newest = _newest(row, [person.key for person in people])
        results = {p.key: _result(row, newest.get(p.key)) for p in people}
        restarted = [newest[k].pk for k, r in results.items() if r is Result.RESTARTED]
        _end(restarted, EndReason.RESTARTED, actor)
        begun = {Result.ENROLLED, Result.RESTARTED}
        fresh = [p for p in _each_once(people) if results[p.key] in begun]
        made = _begin(row, fresh, source=source, actor=actor)
    wake.hint(sequences.ADVANCE_SEQUENCES)
    return list(_told(people, results, newest | made))


def _newest(sequence: Sequence, keys: Collection[UUID]) -> dict[UUID, Enrolment]:
    """The latest enrolment of each; who is on the way has no later one."""
    rows = Enrolment.objects.filter(sequence=sequence, key__in=keys).order_by("id")
    return {row.key: row for row in rows}


def _result(sequence: Sequence, before: Enrolment | None) -> Result:
    if before is None:
        return Result.ENROLLED
    if before.is_live:
        restarts = sequence.re_enrolment == ReEnrolment.RESTART
        return Result.RESTARTED if restarts else Result.ALREADY
    is_once = sequence.re_enrolment == ReEnrolment.NEVER
    return Result.NOT_AGAIN if is_once else Result.ENROLLED


def _each_once(people: Series[Recipient]) -> list[Recipient]:
    first: dict[UUID, Recipient] = {}
    for person in people:
        first.setdefault(person.key, person)
    return list(first.values())


def _begin(
    sequence: Sequence,
    people: Series[Recipient],
    *,
    source: EnrolmentSource,
    actor: Actor,
) -> dict[UUID, Enrolment]:
    now, track = timezone.now(), Track(sequence)
    first = track.first()
    made = [
        Enrolment(
            sequence=sequence,
            key=person.key,
            address=person.address,
            variables=_kept(person.variables),
            step=first,
            since=now,
            next_at=track.due_at(first, now, person.address) if first else now,
            source=source,
            actor_label=actor.label,
            created_at=now,
        )
        for person in people
    ]
    return {row.key: row for row in Enrolment.objects.bulk_create(made)}


def _kept(variables: Mapping[str, str]) -> dict[str, str]:
    """Names are lower case in `{{name}}`, too."""
    return {
        name.lower(): str(value)[: content.MAX_VALUE]
        for name, value in variables.items()
    }


def _told(
    people: Series[Recipient],
    results: dict[UUID, Result],
    newest: Mapping[UUID, Enrolment],
) -> Iterator[Enrolled]:
    told: set[UUID] = set()
    for person in people:
        again = person.key in told and results[person.key] is not Result.NOT_AGAIN
        result = Result.ALREADY if again else results[person.key]
        told.add(person.key)
        yield Enrolled(newest[person.key], result)


# Ending


def unenrol(sequence: Sequence | None, keys: Collection[UUID], *, actor: Actor) -> int:
    """End these people's enrolments, in all sequences without one; how many ended.

    A message that is queued is withdrawn; one that is leaving now still arrives.
    """
    with transaction.atomic():
        rows = enrolment_ends.live().filter(key__in=keys)
        if sequence is not None:
            rows = rows.filter(sequence=sequence)
        locked = rows.select_for_update(of=("self",)).order_by("pk")
        ids = list(locked.values_list("pk", flat=True))
        return _end(ids, EndReason.UNENROLLED, actor)


def _end(ids: Collection[int], reason: EndReason, actor: Actor) -> int:
    enrolment_ends.withdraw(ids)
    return enrolment_ends.end(ids, reason, label=actor.label)


# Going on


def resume_at(enrolment: Enrolment, step: Step, *, actor: Actor) -> Enrolment:
    """Let somebody whose enrolment ended go on at this step: a new enrolment.

    The step's wait counts from now. Opt-outs are asked about as ever. Raises
    SequenceError `already` for who is on the way, `ended`, `no_such_step`.
    """
    with transaction.atomic():
        row = sequences.still_open(enrolment.sequence)
        locks.lock_keys([enrolment.key])
        if enrolment_ends.live().filter(sequence=row, key=enrolment.key).exists():
            raise SequenceError("already", "This person is on the way already.")
        live = live_steps(row).filter(pk=step.pk).first()
        if live is None:
            raise SequenceError("no_such_step", "This step was deleted.", "step")
        resumed = _resumed(enrolment, live, actor)
    wake.hint(sequences.ADVANCE_SEQUENCES)
    return resumed


def _resumed(enrolment: Enrolment, step: Step, actor: Actor) -> Enrolment:
    now = timezone.now()
    return Enrolment.objects.create(
        sequence_id=enrolment.sequence_id,
        key=enrolment.key,
        address=enrolment.address,
        variables=enrolment.variables,
        step=step,
        since=now,
        next_at=Track(enrolment.sequence).due_at(step, now, enrolment.address),
        source=EnrolmentSource.HAND,
        actor_label=actor.label,
        created_at=now,
    )


def steps_to_resume_at(enrolment: Enrolment) -> list[Step]:
    """The live steps somebody may go on at; none while on the way or when it is over.

    The first of them is the one at which the enrolment ended, by an opt-out, a reply
    or by hand; where that one had arrived before, the next.
    """
    sequence = enrolment.sequence
    if enrolment.end_reason not in RESUMABLE or sequence.is_ended:
        return []
    on_the_way = enrolment_ends.live().filter(sequence=sequence, key=enrolment.key)
    if on_the_way.exists():
        return []
    steps = list(live_steps(sequence))
    first = Track(sequence).at(enrolment.step_id, _arrived(enrolment))
    return steps[steps.index(first) :] if first else []


def _arrived(enrolment: Enrolment) -> set[int]:
    """The steps whose messages left, or may have."""
    put = dict(enrolment.done.values_list("pk", "step_id"))
    messages = enrolment.sequence.batch.messages.filter(
        key=enrolment.key, dedupe__in=put
    )
    left = messages.exclude(state__in=(MessageState.SUPPRESSED, MessageState.CANCELLED))
    return {put[pk] for pk in left.values_list("dedupe", flat=True)}


def of_people(keys: Collection[UUID]) -> list[Enrolment]:
    """The enrolments of these addresses, newest first, with sequence, step, hold."""
    rows = Enrolment.objects.filter(key__in=keys).order_by("-id")
    return list(
        rows.select_related("sequence__batch__channel", "step", "hold", "step__content")
    )
