"""Opt-outs race running senders: nothing starts or is on its way after the return."""

import time
from collections.abc import Iterator
from itertools import count

import pytest

from optout.models import Channel
from tests.faults import wrong_gates
from tests.faults.conftest import Yard
from tests.faults.race import WAVE, Race
from tests.faults.tally import Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.django_db(transaction=True),
]

OPT_OUTS = 5_000
CATCH_SECONDS = 60


def is_caught(race: Race, people: Iterator[int]) -> bool:
    """Race with a wrong gate until it lets a call start after the return."""
    give_up_at = time.monotonic() + CATCH_SECONDS
    with race:
        while not race.is_caught() and time.monotonic() < give_up_at:
            race.run_wave(next(people))
    return race.is_caught()


def race_to_the_end(race: Race, people: Iterator[int]) -> None:
    with race:
        while race.asked < OPT_OUTS:
            race.run_wave(next(people))


def test_nothing_leaves_after_opt_out_returned_and_the_race_would_see_it(
    yard: Yard, channel: Channel, tally: Tally, rounds: Iterator[int]
) -> None:
    tally.scenario = "opt-outs race senders"
    people = count(0, WAVE)
    for seed in rounds:
        for gate in wrong_gates.wrong_names():
            wrong = Race(yard, channel, seed=seed, gate=gate)
            tally.add(controls=1, caught=is_caught(wrong, people))
        ours = Race(yard, channel, seed=seed, gate=wrong_gates.OURS)
        race_to_the_end(ours, people)
        ours.count_into(tally)
    assert tally.caught == tally.controls, "a wrong gate went through unseen"
    assert tally.violations == 0
    assert tally.sends > tally.opt_outs / 2, "the race needs messages that really left"
