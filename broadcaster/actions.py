"""The actions of this floor: into a sequence, out of it, starting a broadcast."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from broadcaster import enrolments, preparing
from broadcaster.action_forms import EnrolForm, StartBroadcastForm, UnenrolForm
from broadcaster.broadcasts import BroadcastError
from broadcaster.models import (
    Broadcast,
    Enrolment,
    EnrolmentSource,
    Sequence,
    all_broadcasts,
    all_sequences,
)
from broadcaster.sequences import SequenceError
from optout.action_table import Result, Situation, Whom, action
from optout.addresses import AddressKind
from optout.models import BatchState
from teambox import contacts

_SAID = {
    enrolments.Result.ENROLLED: "enrolled",
    enrolments.Result.ALREADY: "already enrolled",
    enrolments.Result.RESTARTED: "enrolled again",
    enrolments.Result.NOT_AGAIN: "not again",
}


@action(
    "enrol",
    label="Enrol in a sequence",
    form=EnrolForm,
    icon="workflow",
    is_answer=True,
)
def enrol(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Enrol the person, by the sequence's rule for who was there before.

    `enrolled`, `already enrolled`, `enrolled again`, `not again`, or `no address`
    where the contact has none of the channel's kind. Variables are the contact's.
    """
    sequence = _sequence(settings["sequence"])
    kind = AddressKind(sequence.channel.address_kind)
    given = [one for one in situation.addresses if one.kind == kind]
    address = given[0] if given else contacts.reached_at(situation.address, kind)
    if address is None:
        named = sequence.channel.get_address_kind_display().lower()
        return Result("no address", f"the contact has no {named}")
    if situation.asked_at and _was_enrolled(sequence, address.key, situation.asked_at):
        return Result(_SAID[enrolments.Result.ALREADY], sequence.name)
    done = enrolments.enrol(
        sequence,
        address,
        source=EnrolmentSource(situation.source),
        actor=situation.actor,
    )
    return Result(_SAID[done.result], sequence.name)


def _was_enrolled(sequence: Sequence, key: UUID, since: datetime) -> bool:
    """Whether an earlier try of the same message did it: it would begin once more."""
    rows = Enrolment.objects.filter(sequence=sequence, key=key)
    return rows.filter(created_at__gte=since).exists()


@action("unenrol", label="Unenrol", form=UnenrolForm, icon="list-x")
def unenrol(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """End the person's enrolments, at all addresses: `unenrolled`, or `not enrolled`.

    In one sequence, or in all of them.
    """
    pk = settings["sequence"]
    sequence = _sequence(pk) if pk else None
    where = sequence.name if sequence else "all sequences"
    keys = {key for one in situation.addresses for key in contacts.keys_with(one.key)}
    ended = enrolments.unenrol(sequence, keys, actor=situation.actor)
    return Result("unenrolled" if ended else "not enrolled", where)


def _sequence(pk: int) -> Sequence:
    found = all_sequences().filter(pk=pk).first()
    if found is None:
        raise SequenceError("gone", "This sequence is gone.")
    return found


@action(
    "start_broadcast",
    label="Start a broadcast",
    form=StartBroadcastForm,
    icon="megaphone",
    whom=Whom.NOBODY,
)
def start_broadcast(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Launch a broadcast, once: `started`, `preparing`, or `already started`."""
    broadcast = _broadcast(settings["broadcast"])
    if broadcast.batch.state != BatchState.DRAFT or broadcast.launch_when_ready:
        return Result("already started", broadcast.name)
    is_running = preparing.launch(broadcast, actor=situation.actor)
    return Result("started" if is_running else "preparing", broadcast.name)


def _broadcast(pk: int) -> Broadcast:
    found = all_broadcasts().filter(pk=pk).first()
    if found is None:
        raise BroadcastError("gone", "This broadcast is gone.")
    return found
