"""The demo's sequence: a welcome in three steps, with people at each of them."""

from collections.abc import Sequence as Rows
from datetime import datetime, time, timedelta

from django.utils import timezone

from broadcaster import enrolments, following, sequences, steps, ticking
from broadcaster.broadcasts import Words
from broadcaster.models import EnrolmentSource, Sequence
from broadcaster.steps import Timing
from optout import hours, sender
from optout.actors import Actor
from optout.models import Channel, OptOutList, OutgoingMessage
from optout_project.demo.entries import clock_at
from optout_project.demo.people import Person, person
from optout_project.demo.sends import NEW

NAME = "Welcome"
_TOLD = "What new customers should know: three messages in a week."
_ZONE = "America/New_York"
_STEPS = (
    (
        "Hello",
        "Hi {{name|there}}, good to have you! Reply STOP to opt out.",
        timedelta(0),
        None,
    ),
    (
        "Care",
        "{{name|Hello}}, boots like a drop of oil once a month. Here is how: "
        "https://example.org/care",
        timedelta(days=2),
        time(9, 30),
    ),
    (
        "Voucher",
        "Your voucher for {{city|our shops}}: HELLO10, until the end of the month.",
        timedelta(days=3),
        time(17),
    ),
)
_DAYS = 8  # the first people were enrolled so long ago
_LISTED = range(0, 24, 5)  # who has opted out by now, most of them
_SILENT = NEW[20:39]  # who has written nothing


def make(channel: Channel, lists: Rows[OptOutList], actor: Actor) -> None:
    """A sequence that has run for a week; made once, by the flows of real ones."""
    if Sequence.objects.filter(name=NAME).exists():
        return
    began_at = timezone.now() - timedelta(days=_DAYS)
    with clock_at(began_at):
        welcome = _built(channel, lists, actor)
    people = [person(number) for number in (*_LISTED, *_SILENT)]
    for day in range(_DAYS + 1):
        at = began_at + timedelta(days=day)
        with clock_at(at):
            _enrol(welcome, people[day * 3 : day * 3 + 3], actor)
        _pass_a_day(welcome, at)


def _built(channel: Channel, lists: Rows[OptOutList], actor: Actor) -> Sequence:
    made = sequences.create(name=NAME, channel=channel, actor=actor, description=_TOLD)
    sequences.set_lists(made, [row.pk for row in lists], actor=actor)
    waking = hours.find(opens=time(9), closes=time(20), zone=_ZONE, by_recipient=True)
    for name, text, wait, at in _STEPS:
        timing = Timing(wait, at, zone=_ZONE, hours=waking if at else None)
        steps.add(made, Words(text), timing, name=name)
    sequences.start(made, actor=actor)
    return made


def _enrol(welcome: Sequence, people: Rows[Person], actor: Actor) -> None:
    for who in people:
        enrolments.enrol(
            welcome,
            who.phone_address,
            source=EnrolmentSource.HAND,
            actor=actor,
            variables={"name": who.name, "city": who.city},
        )


def _pass_a_day(welcome: Sequence, at: datetime) -> None:
    """What workers do: put what is due, send it, follow it.

    The sender goes by the database's clock, so its times are put back afterwards.
    """
    with clock_at(at):
        ticking.tick()
    sender.send_due(seconds=1)
    new = OutgoingMessage.objects.filter(batch=welcome.batch, created_at__gt=at)
    new.exclude(sent_at=None).update(sent_at=at)
    new.update(created_at=at)
    with clock_at(at):
        following.follow()
