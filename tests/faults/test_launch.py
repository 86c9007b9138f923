"""Clicks, workers and retried tasks at once: each message is sent once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout.access import Role, create_api_key
from optout.actors import NOBODY
from optout.models import BatchState, Channel
from tests.broadcaster.conftest import csv_of, numbers
from tests.factories import opt_out
from tests.faults.conftest import WebProcess, Yard
from tests.faults.knobs import SHORT_LEASES
from tests.invariants import assert_invariants_hold
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PEOPLE, CLICKS, WORKERS = 150, 6, 2


@pytest.fixture
def draft(
    yard: Yard, channel: Channel, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Broadcast]:
    """Not prepared yet: workers read it in chunks, and launch it then."""
    settings.MEDIA_ROOT = yard.folder
    yard.turned |= SHORT_LEASES | {
        "django.conf.settings.MEDIA_ROOT": str(yard.folder),
        "broadcaster.preparing.CHUNK_ROWS": 50,
        "broadcaster.preparing.ROWS_AT_ONCE": 0,
    }
    made = broadcasts.create(name="Sale", channel=channel, actor=NOBODY)
    broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
    broadcasts.set_recipients(made, csv_of(numbers(PEOPLE)), file_name="people.csv")
    yield made
    yard.stop()
    assert_invariants_hold()


def click_all_at_once(yard: Yard, made: Broadcast) -> list[int]:
    """The status of each answer to a launch; they are on their way together."""
    _, key = create_api_key(name="marketer", role=Role.MARKETER)
    place = f"/api/v1/broadcasts/{made.pk}/launch/"

    def click(web: WebProcess) -> int:
        answer = web.post(place, None)
        assert answer is not None
        return answer.status_code

    with WebProcess(yard, key) as web, ThreadPoolExecutor(CLICKS) as clicks:
        return list(clicks.map(click, [web] * CLICKS))


def all_have_left(made: Broadcast, total: int) -> bool:
    """What a dead worker left unknown is asked about, and goes out then."""
    made.refresh_from_db()
    is_finished = made.batch.state == BatchState.FINISHED
    return is_finished and made.batch.messages.filter(state="sent").count() == total


def test_many_clicks_and_two_workers_send_each_message_once(
    yard: Yard, draft: Broadcast
) -> None:
    gone = numbers(PEOPLE)[7]
    opt_out(gone)
    for _ in range(WORKERS):
        yard.start_pumps()
    assert set(click_all_at_once(yard, draft)) == {202}
    wait_until(lambda: all_have_left(draft, PEOPLE - 1), "all have left")
    yard.assert_each_left_once(PEOPLE - 1)
    [withheld] = draft.batch.messages.filter(state="suppressed")
    assert (withheld.address, withheld.error) == (gone, "Optout Number")


@pytest.mark.parametrize("point", ["inside_a_chunk:2", "after_mark", "after_accept:9"])
def test_a_task_that_is_done_again_after_its_worker_died_sends_nothing_twice(
    yard: Yard, draft: Broadcast, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    assert not preparing.launch(draft, actor=NOBODY)
    yard.crash_at(point, "pumps:work")
    for _ in range(WORKERS):
        yard.start_pumps()
    wait_until(lambda: all_have_left(draft, PEOPLE), "all have left")
    yard.assert_each_left_once(PEOPLE)
