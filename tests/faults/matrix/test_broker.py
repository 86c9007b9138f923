"""The broker is flushed, frozen, restarted or full: seconds are lost, never a row.

Rows 10 to 13 of the matrix. SQLite comes with the broker made of files, which can only
be emptied.
"""

import pytest

from tests.faults.matrix.site import EVERYTHING, Site

pytestmark = pytest.mark.slow

PEOPLE = 150
LEAVERS = 10


def test_everything_in_the_broker_is_lost_while_it_is_busy(site: Site) -> None:
    site.run(*EVERYTHING)
    people = site.people(PEOPLE)
    batches = site.queue(people, batches=2)
    site.wait_for_calls(20)
    leavers = people[-LEAVERS:]
    for number in leavers:
        assert site.installation.opt_out(number, lists=[site.promotions_id]).ok
        site.empty_broker()
    site.wait_until_settled(batches)
    site.assert_each_left_once(batches)
    site.assert_opted_out(leavers)
