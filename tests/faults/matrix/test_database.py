"""PostgreSQL crashes, is away, loses a reply or refuses to write: rows 14 to 17.

What was acknowledged is there; what is not written down is not acknowledged.
"""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from optout.models import LedgerEvent, LedgerKind, OutgoingMessage
from teambox.models import InboundEvent
from tests.faults.http_provider import Manners
from tests.faults.matrix.site import CHANNEL, EVERYTHING, Site
from tests.faults.proxy import swallow_reply_to
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

PAST_THE_GATE = 16  # at once: four threads in each of the worker's four processes
PEOPLE = 120
LEAVERS = 24


def leave(site: Site, number: str) -> float:
    """Opt out as a careful program does: repeat until it is told; when it was."""
    answer = None
    while answer is None or not answer.ok:
        answer = site.installation.opt_out(
            number, lists=[site.promotions_id], key=f"leave {number}"
        )
        assert answer.status_code in (200, 201, 409, 503), answer.text
    return time.monotonic() if answer.json()["state"] == "effective" else float("inf")


@pytest.mark.soak
def test_a_crash_of_postgresql_loses_no_acknowledged_opt_out(
    site: Site, rounds: Iterator[int]
) -> None:
    site.run(*EVERYTHING)
    for seed in rounds:
        moments = random.Random(seed)
        people = site.people(PEOPLE)
        batches = site.queue(people, batches=2)
        leavers = moments.sample(people, LEAVERS)
        site.wait_for_calls(moments.randrange(10, 60))
        with ThreadPoolExecutor(4) as programs:
            told = [programs.submit(leave, site, number) for number in leavers]
            time.sleep(moments.uniform(0, 0.3))
            site.crash_database()
        site.wait_until_settled(batches)
        site.assert_each_left_once(batches)
        site.assert_opted_out(leavers)
        site.assert_no_call_after(
            {n: t.result() for n, t in zip(leavers, told, strict=True)}
        )


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    site.postgres.stop_at_once()
    try:
        yield
    finally:
        site.postgres.start()
        site.forget_connections()


@contextmanager
def read_only(site: Site) -> Iterator[None]:
    site.postgres.make_read_only(True)
    try:
        yield
    finally:
        site.postgres.make_read_only(False)


def knock_at_all_doors(
    site: Site, people: list[str], message: int
) -> list[requests.Response]:
    """An opt-out at the API, by text, by the page's button and by one click."""
    door = site.installation
    return [
        door.opt_out(people[0], lists=[site.promotions_id]),
        door.write(people[1], "PROMO OFF", channel_id=CHANNEL, message_id=people[1]),
        door.click(message),
        door.one_click(message),
    ]


@pytest.mark.parametrize("fault", [stopped, read_only])
def test_what_cannot_be_written_down_is_not_confirmed_and_not_sent(
    site: Site, fault: Callable[[Site], object]
) -> None:
    site.run(*EVERYTHING)
    people = site.people(PEOPLE)
    batches = site.queue(people, batches=3)
    message = OutgoingMessage.objects.filter(address=people[2]).earliest("id").pk
    site.provider.manners = Manners(seconds=0.02)
    site.wait_for_calls(10)
    with fault(site):
        begun = site.provider.begun
        answers = knock_at_all_doors(site, people, message)
        assert [answer.status_code for answer in answers] == [503] * 4
        assert "try again" in answers[2].text.lower()
        assert site.provider.begun - begun <= PAST_THE_GATE
    wait_until(
        lambda: all(a.ok for a in knock_at_all_doors(site, people, message)),
        "all doors are open again",
    )
    site.wait_until_settled(batches)
    site.assert_each_left_once(batches)
    site.assert_opted_out(people[:3])


@pytest.mark.parametrize("commit", [1, 2])
def test_a_program_that_never_heard_of_the_commit_repeats_with_one_effect(
    site: Site, commit: int
) -> None:
    site.run("web", "worker", "beat")
    (number,) = site.people(1)
    site.web_database.be(swallow_reply_to(b"COMMIT", skip=commit - 1))
    call = {"lists": [site.promotions_id], "key": f"one effect {number}"}
    assert site.installation.opt_out(number, **call).status_code == 503
    assert site.web_database.struck == 1
    wait_until(lambda: site.installation.opt_out(number, **call).ok, "it is told")
    site.assert_opted_out([number])
    assert facts(number) == 1


def facts(number: str) -> int:
    """How often the ledger says that this number was opted out."""
    opted_out = LedgerEvent.objects.filter(kind=LedgerKind.OPTED_OUT)
    return opted_out.filter(detail__address=number).count()


@pytest.mark.parametrize("commit", [1, 2, 3])
def test_a_provider_that_never_heard_of_the_commit_repeats_with_one_effect(
    site: Site, commit: int
) -> None:
    site.run("web", "worker", "beat")
    (number,) = site.people(1)
    site.web_database.be(swallow_reply_to(b"COMMIT", skip=commit - 1))

    def hand_in() -> int:
        door = site.installation
        answer = door.write(
            number, "PROMO OFF", channel_id=CHANNEL, message_id=f"in {number}"
        )
        return answer.status_code

    assert hand_in() in (200, 202, 503)
    wait_until(lambda: hand_in() == 200, "it is told")
    site.assert_opted_out([number])
    assert facts(number) == InboundEvent.objects.filter(sender=number).count() == 1
    site.wait_until_settled(site.batches_to([number]))
    site.assert_each_left_once(site.batches_to([number]))


def test_a_result_whose_commit_was_not_heard_of_is_written_again(site: Site) -> None:
    site.run("web", "worker", "beat")
    site.worker_database.be(swallow_reply_to(b"hp-"))
    batches = site.queue(site.people(20))
    site.wait_until_settled(batches)
    assert site.worker_database.struck == 1
    site.assert_each_left_once(batches)
