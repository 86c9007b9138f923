"""Opt-outs race running senders: nothing starts or is on its way after the return."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest
from django.conf import settings

from optout.models import Channel, MessageState, OutgoingMessage
from tests.faults import wrong_gates
from tests.faults.conftest import Yard
from tests.faults.race import SLUGGISH, WAVE, Race, size
from tests.faults.tally import Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.django_db(transaction=True),
]

# SQLite has one writer: its races are shorter, and 5,000 in both together.
OPT_OUTS = 1_000 if settings.EMBEDDED else 4_000
STOPS = 100 if settings.EMBEDDED else 200
CATCH_SECONDS = 60


@pytest.fixture
def waves() -> Iterator[range]:
    """People whom nothing was sent to yet, so many at a time."""
    return (range(first, first + WAVE) for first in count(0, WAVE))


def is_caught(race: Race, waves: Iterator[range]) -> bool:
    """Race with a wrong gate until it lets a call start after the return."""
    give_up_at = time.monotonic() + CATCH_SECONDS
    with race.opt_out_by(*["opt_out_as_told"] * size().racers):
        while not race.log.late("start") and time.monotonic() < give_up_at:
            race.run_wave(next(waves))
    return bool(race.log.late("start"))


def test_nothing_leaves_after_opt_out_returned_and_the_race_would_see_it(
    yard: Yard, channel: Channel, tally: Tally, rounds: Iterator[int], waves: Iterator
) -> None:
    tally.scenario = "opt-outs race senders"
    for seed in rounds:
        for gate in wrong_gates.wrong_names():
            wrong = Race(yard, channel, seed=seed, gate=gate)
            tally.add(controls=1, caught=is_caught(wrong, waves))
        ours = Race(yard, channel, seed=seed, gate=wrong_gates.OURS)
        with ours.opt_out_by(*["opt_out_as_told"] * size().racers):
            while ours.asked < OPT_OUTS:
                ours.run_wave(next(waves))
        ours.log.count_into(tally)
        note_meetings(ours, tally)
    assert tally.caught == tally.controls, "a wrong gate went through unseen"
    assert tally.violations == 0
    assert tally.sends > tally.opt_outs / 2, "the race needs messages that really left"


def note_meetings(race: Race, tally: Tally) -> None:
    met = race.log.meetings()
    withheld = OutgoingMessage.objects.filter(state=MessageState.SUPPRESSED).count()
    tally.notes.append(
        f"seed {race.seed}: between commit and return {met['start']} calls started and "
        f"{met['end']} ended; {withheld:,} messages withheld, of the controls too"
    )


def test_the_confirmation_comes_once_and_no_message_after_it(
    yard: Yard, channel: Channel, tally: Tally, rounds: Iterator[int], waves: Iterator
) -> None:
    tally.scenario = "STOPs race senders"
    for seed in rounds:
        # One call a thread: senders are free for answers while calls are under way.
        race = Race(yard, channel, seed=seed, claim=12, provider_seconds=SLUGGISH)
        race.senders = 2  # one alone answers nobody before its claim is done
        with race.opt_out_by(*["say_stop_as_told"] * size().racers):
            while race.asked < STOPS:
                race.run_wave(next(waves))
        race.log.count_into(tally)
        tally.add(violations=len(race.log.after_confirmation()), duplicates=0)
        confirmed = Counter(call.address for call in race.log.confirmations())
        assert confirmed == Counter(race.log.opt_outs().keys())
    assert tally.violations == 0
