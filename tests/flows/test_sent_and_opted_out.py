"""Any send, spelling, list, channel, moment: nobody who is opted out is written to.

At each hand-over the provider looks who has opted out by then, as plain Python
remembers it. `make soak` tries other sends for as long as it is given.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from django.core.files.base import ContentFile
from hypothesis import HealthCheck, given, seed
from hypothesis import strategies as st

from broadcaster import (
    broadcasts,
    enrolments,
    following,
    preparing,
    sequences,
    steps,
    ticking,
)
from broadcaster.broadcasts import Words
from broadcaster.models import AudienceKind, Broadcast, EnrolmentSource
from broadcaster.step_timing import Timing
from optout import addresses, barrier, lifts, outbox, sender
from optout.actors import NOBODY
from optout.lifts import Power
from optout.models import (
    ALL_CHANNELS,
    Channel,
    LiftReason,
    OptOutList,
    OutgoingBatch,
    Source,
    default_list,
    live_entries,
)
from teambox import contacts
from tests.factories import make_channel, make_list, opt_out
from tests.faults.tally import Tally
from tests.flows.opt_outs_machine import empty_database
from tests.flows.watched_provider import WatchedProvider
from tests.invariants import assert_invariants_hold

EXAMPLES = 20
CHANNELS = (970, 971)
PEOPLE = ("34600111222", "5531999990000", "12025550199", "919812345678", "447700900123")
SPELLINGS = ("+{}", "00{}", "whatsapp:+{}", " +{} ", "tel:+{}")
BRAZILIAN_WITHOUT_ITS_NINE = "+553199990000"
INVALID = ("", "hello", "+1", "=1+1")
BEFORE_PREPARING, BEFORE_LAUNCH, AT_LAUNCH = -3, -2, -1
SEQUENCE = "sequence"

who = st.integers(0, len(PEOPLE) - 1)
spellings = st.integers(0, len(SPELLINGS))
moments = st.integers(BEFORE_PREPARING, len(PEOPLE) - 1)


@dataclass(frozen=True)
class Change:
    """At a moment, a person leaves a list, or is put back; after n calls from 0 on."""

    moment: int
    person: int
    channel: int
    chosen: int
    spelling: int
    is_lift: bool


changes = st.builds(
    Change,
    moment=moments,
    person=who,
    channel=st.sampled_from((ALL_CHANNELS, *CHANNELS)),
    chosen=st.integers(0, 2),
    spelling=spellings,
    is_lift=st.sampled_from((False, False, False, True)),
)
some_people = st.lists(st.tuples(who, spellings), max_size=4)
everybody = st.permutations(range(len(PEOPLE))).flatmap(
    lambda order: st.tuples(*(st.tuples(st.just(one), spellings) for one in order))
)


@dataclass(frozen=True)
class Send:
    """A broadcast or a step: where its recipients stand, how written, its lists."""

    kind: str
    people: tuple[tuple[int, int], ...]
    again: list[tuple[int, int]]
    invalid: list[str]
    channel: int
    chosen: frozenset[int]


sends = st.builds(
    Send,
    kind=st.sampled_from([*AudienceKind, SEQUENCE]),
    people=everybody,
    again=some_people,
    invalid=st.lists(st.sampled_from(INVALID), max_size=2),
    channel=st.sampled_from(CHANNELS),
    chosen=st.frozensets(st.integers(1, 2)),
)


def spelled(person: int, spelling: int) -> str:
    """One of the ways to write a number."""
    if spelling == len(SPELLINGS):
        is_brazilian = PEOPLE[person].startswith("55")
        return BRAZILIAN_WITHOUT_ITS_NINE if is_brazilian else f"+{PEOPLE[person]}"
    return SPELLINGS[spelling].format(PEOPLE[person])


def key_of(person: int) -> UUID:
    return addresses.parse(f"+{PEOPLE[person]}").key


@dataclass
class World:
    """What plain Python remembers: who is on which list where, and who ever was."""

    changes: list[Change]
    lists: list[OptOutList]
    selected: set[int] = field(default_factory=set)
    listed: set[tuple[UUID, int, int]] = field(default_factory=set)
    ever: set[UUID] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def reach(self, moment: int) -> None:
        """Do what is to happen now."""
        for change in self.changes:
            if change.moment == moment:
                self.apply(change)

    def apply(self, change: Change) -> None:
        key, chosen = key_of(change.person), self.lists[change.chosen]
        place = (key, change.channel, change.chosen)
        if change.is_lift:
            found = live_entries().filter(key=key, channel=change.channel, list=chosen)
            lift(found.values_list("pk", flat=True))
            self.listed.discard(place)
            return
        raw = spelled(change.person, change.spelling)
        opt_out(raw, chosen, channel_id=change.channel)
        self.listed.add(place)
        self.ever.add(key)

    def look(self, key: UUID, channel: int) -> None:
        """At a hand-over: whoever stands on a selected list here must not get it."""
        for where in (ALL_CHANNELS, channel):
            if any((key, where, chosen) in self.listed for chosen in self.selected):
                self.wrong.append(f"{key} is opted out on {where}")


def lift(pks: Any) -> None:
    lifts.lift(
        list(pks),
        source=Source.PAGE,
        power=Power(guarded=True, complaints=True),
        reason=LiftReason.TEST,
    )


def make_world(found: list[Change]) -> World:
    empty_database()
    for pk in CHANNELS:
        make_channel(pk, kind=WatchedProvider.kind)
    lists = [default_list(), make_list(), make_list("News", "NEWS OFF")]
    world = World(found, lists)
    WatchedProvider.watch(world.look, world.reach)
    return world


def draft_on(channel: int) -> Broadcast:
    chosen = Channel.objects.get(pk=channel)
    made = broadcasts.create(name="Sale", channel=chosen, actor=NOBODY)
    broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
    return made


def write_to_file(made: Broadcast, send: Send) -> None:
    lines = [spelled(*row) for row in (*send.people, *send.again)] + send.invalid
    file = "\n".join(["number", *(f'"{line}"' for line in lines)])
    broadcasts.set_recipients(made, ContentFile(file.encode()), file_name="p.csv")


def write_to_contacts(made: Broadcast, send: Send) -> None:
    known = [
        contacts.make(addresses=[addresses.parse(spelled(*row))]) for row in send.people
    ]
    tag = contacts.tag(known, "VIP")
    contacts.make(addresses=[addresses.parse("+34600999999")])
    broadcasts.set_contacts(made, {"tags": [tag.pk]})


def write_to_earlier_recipients(made: Broadcast, send: Send) -> None:
    """Everybody got another broadcast, on the other channel, before anything else."""
    [other] = {*CHANNELS} - {send.channel}
    earlier = draft_on(other)
    write_to_file(earlier, send)
    with WatchedProvider.looking_away():
        preparing.launch(earlier, actor=NOBODY)
        sender.send_due(seconds=5)
    broadcasts.set_from_broadcast(made, earlier, ["sent"])


CHOOSE = {
    AudienceKind.FILE: write_to_file,
    AudienceKind.CONTACTS: write_to_contacts,
    AudienceKind.BROADCAST: write_to_earlier_recipients,
}


def broadcast_to(send: Send, world: World) -> Broadcast:
    """From the draft to the last message."""
    made = draft_on(send.channel)
    world.selected = {0, *send.chosen}
    broadcasts.set_lists(made, [world.lists[number].pk for number in world.selected])
    CHOOSE[send.kind](made, send)
    world.reach(BEFORE_PREPARING)
    preparing.prepare(made)
    world.reach(BEFORE_LAUNCH)
    assert preparing.launch(made, actor=NOBODY)
    world.reach(AT_LAUNCH)
    world.reach(0)
    sender.send_due(seconds=5)
    return made


def step_to(send: Send, world: World) -> OutgoingBatch:
    """A sequence of one step, from its first to its last message."""
    made = sequences.create(
        name="Welcome", channel=Channel.objects.get(pk=send.channel), actor=NOBODY
    )
    steps.add(made, Words(text="Welcome!"), Timing())
    world.selected = {0, *send.chosen}
    chosen = [world.lists[number].pk for number in world.selected]
    sequences.set_lists(made, chosen, actor=NOBODY)
    world.reach(BEFORE_PREPARING)
    for row in (*send.people, *send.again):
        address = addresses.parse(spelled(*row))
        enrolments.enrol(made, address, source=EnrolmentSource.HAND, actor=NOBODY)
    world.reach(BEFORE_LAUNCH)
    sequences.start(made, actor=NOBODY)
    world.reach(AT_LAUNCH)
    for _ in range(2):
        ticking.tick()
        world.reach(0)
        sender.send_due(seconds=5)
        following.follow()
    return made.batch


class NoWaiting(SimpleNamespace):
    """A clock that a wait moves on: an opt-out at a hand-over waits for nobody."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@given(sends, st.lists(changes, min_size=4, max_size=10))
def a_send_reaches_nobody_who_left(send: Send, found: list[Change]) -> None:
    world = make_world(found)
    is_step = send.kind == SEQUENCE
    batch = step_to(send, world) if is_step else broadcast_to(send, world).batch
    counts = outbox.counts(batch)
    assert not world.wrong
    taken = WatchedProvider.taken
    assert set(taken.values()) <= {1}, "each message once"
    meant = {key_of(person) for person, _ in send.people}
    assert meant - world.ever <= {key for key, _ in taken} <= meant
    states = {name: count for name, count in counts.items() if name != "total"}
    assert counts["total"] == sum(states.values()) == len(meant)
    assert (counts["sent"], counts["suppressed"]) == (
        len(taken),
        len(meant) - len(taken),
    )


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_nobody_is_written_to_who_is_opted_out_at_the_hand_over(
    settings: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Iterator[int],
    tally: Tally,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(barrier, "time", NoWaiting())
    tally.scenario = "any send, opt-outs at any moment"
    profile = hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    for chosen in rounds:
        seed(chosen)(profile(a_send_reaches_nobody_who_left))()
        assert_invariants_hold()
