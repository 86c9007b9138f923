"""The broker is flushed, frozen, restarted or full: seconds are lost, never a row.

Rows 10 to 13 of the matrix. SQLite comes with the broker made of files, which can only
be emptied.
"""

import time
from collections.abc import Callable

import pytest

from optout.models import OutgoingBatch
from tests.faults.matrix.site import CHANNEL, EVERYTHING, Site
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

PEOPLE = 150
LEAVERS = 8
WEB_PROCESSES = 2
GRACE_SECONDS = 15
HINT_SECONDS = 2.0  # what one hint to a Redis that hangs costs; then it is left alone


def hand_in(site: Site, number: str) -> float:
    """Hand a message in by the API; the seconds it took."""
    began = time.monotonic()
    body = {"channel_id": CHANNEL, "to": number, "text": "Hi"}
    lists = [site.default_id, site.promotions_id]
    answer = site.installation.post("messages/", body | {"opt_out_lists": lists})
    assert answer.status_code == 202, answer.text
    return time.monotonic() - began


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


@pytest.mark.postgres
def test_a_frozen_redis_costs_each_web_process_one_hint(site: Site) -> None:
    site.run(*EVERYTHING)
    people = site.people(LEAVERS)
    with site.broker_away():
        seconds = [hand_in(site, number) for number in people]
    slow = [each for each in seconds if each > HINT_SECONDS]
    assert 1 <= len(slow) <= WEB_PROCESSES, seconds
    site.wait_until_settled(site.batches_to(people))
    site.assert_each_left_once(site.batches_to(people))


@pytest.mark.postgres
def test_a_hint_alone_wakes_a_worker(site: Site) -> None:
    site.installation.close()  # a web process may be quiet still, of a broker away
    site.run("web", "worker")
    people = site.people(1)
    hand_in(site, *people)
    site.wait_until_settled(site.batches_to(people))


def test_work_goes_on_by_the_clock_alone_while_there_is_no_broker(site: Site) -> None:
    site.run("web", "pump")
    people = site.people(LEAVERS)
    with site.broker_away():
        batches = site.queue(people[1:])
        assert site.installation.opt_out(people[0], lists=[site.promotions_id]).ok
        site.wait_until_settled(batches)
        site.assert_opted_out(people[:1])
    site.assert_each_left_once(batches)
    assert site.installation.ask_to_stop("pump").wait(GRACE_SECONDS) == 0


def restart(site: Site) -> None:
    site.redis.kill()
    site.redis.start()


def reset(site: Site) -> None:
    site.redis_proxy.cut()


@pytest.mark.postgres
@pytest.mark.parametrize("fault", [restart, reset])
def test_workers_consume_again_after_redis_was_gone(
    site: Site, fault: Callable[[Site], None]
) -> None:
    site.run(*EVERYTHING)
    people = site.people(PEOPLE)
    batches = site.queue(people)
    site.wait_for_calls(20)
    fault(site)
    leavers = people[-LEAVERS:]
    for number in leavers:
        assert site.installation.opt_out(number, lists=[site.promotions_id]).ok
    batches += site.queue(people)
    site.wait_until_settled(batches)
    site.assert_each_left_once(batches)
    site.assert_opted_out(leavers)


def supervise(site: Site, batches: list[OutgoingBatch]) -> None:
    """Start again whatever ends, as a worker does that meets a full Redis early on."""

    def is_settled() -> bool:
        site.run(*EVERYTHING)
        return site.is_settled(batches)

    wait_until(is_settled, "all messages are settled")


@pytest.mark.postgres
def test_a_full_redis_refuses_hints_and_nothing_is_lost(site: Site) -> None:
    site.run(*EVERYTHING)
    people = site.people(LEAVERS)
    redis = site.redis.client()
    redis.config_set("maxmemory", 1)
    try:
        for number in people:
            assert site.installation.opt_out(number, lists=[site.promotions_id]).ok
        assert "No hint to optout.tasks" in site.installation.log("web").read_text()
    finally:
        redis.config_set("maxmemory", 0)
    batches = site.queue(people)
    supervise(site, batches)
    site.assert_each_left_once(batches)
    site.assert_opted_out(people)
