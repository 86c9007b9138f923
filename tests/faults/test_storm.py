"""An import, a running broadcast and a storm of STOPs at the same time."""

from collections.abc import Iterator
from itertools import count

import pytest

from optout.models import Channel
from tests.faults.conftest import Yard
from tests.faults.race import SLOW, Race
from tests.faults.tally import Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.django_db(transaction=True),
]

PEOPLE = 600  # half are imported as opted out, the others write STOP


def test_nothing_leaves_after_an_opt_out_in_a_storm(
    yard: Yard, channel: Channel, tally: Tally, rounds: Iterator[int]
) -> None:
    tally.scenario = "import, broadcast and STOP storm"
    firsts = count(0, PEOPLE)
    for seed in rounds:
        race = Race(yard, channel, seed=seed, claim=None, provider_seconds=SLOW)
        with race.opt_out_by("import_as_told", "say_stop_as_told"):
            first = next(firsts)
            race.run_wave(range(first, first + PEOPLE))
        race.log.count_into(tally)
        said_stop = {call.address for call in race.log.confirmations()}
        done = race.log.opt_outs()
        tally.stop_seconds += [done[address].seconds for address in said_stop]
        assert len(said_stop) == PEOPLE / 2
    assert tally.violations == 0
