"""A broadcast is paused in its middle; who opts out meanwhile gets nothing after."""

from collections.abc import Iterator
from typing import Any

import pytest

from broadcaster import broadcasts, preparing, reports
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout import addresses, sender
from optout.actors import NOBODY
from tests.broadcaster.conftest import csv_of, numbers
from tests.factories import make_channel, opt_out
from tests.flows.watched_provider import WatchedProvider

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, BEFORE = 12, 4


@pytest.fixture
def paused(settings: Any, tmp_path: Any) -> Iterator[Broadcast]:
    """Four of twelve have got it when somebody presses Pause."""
    settings.MEDIA_ROOT = tmp_path
    channel = make_channel(970, kind=WatchedProvider.kind)
    made = broadcasts.create(name="Sale", channel=channel, actor=NOBODY)
    broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
    broadcasts.set_recipients(made, csv_of(numbers(PEOPLE)), file_name="people.csv")

    def press_pause(calls: int) -> None:
        if calls == BEFORE:
            broadcasts.pause(made)

    WatchedProvider.watch(lambda key, channel: None, press_pause)
    preparing.launch(made, actor=NOBODY)
    sender.send_due(seconds=5)
    yield made


def got_it() -> set[str]:
    keys = {key for key, _ in WatchedProvider.taken}
    return {one for one in numbers(PEOPLE) if addresses.parse(one).key in keys}


def test_what_was_not_handed_over_waits_while_it_is_paused(paused: Broadcast) -> None:
    sender.send_due(seconds=5)
    counts = reports.progress(paused).counts
    assert (counts["sent"], counts["queued"]) == (BEFORE, PEOPLE - BEFORE)


def test_who_opts_out_in_between_gets_nothing_when_it_goes_on(
    paused: Broadcast,
) -> None:
    before = got_it()
    leaving = sorted(set(numbers(PEOPLE)) - before)[:2]
    for one in leaving:
        opt_out(one)
    broadcasts.resume(paused)
    sender.send_due(seconds=5)
    assert got_it() == set(numbers(PEOPLE)) - set(leaving)
    assert set(WatchedProvider.taken.values()) == {1}
    withheld = reports.progress(paused).counts["suppressed"]
    assert withheld == len(leaving)
    assert {row.error for row in paused.batch.messages.filter(state="suppressed")} == {
        "Optout Number"
    }
