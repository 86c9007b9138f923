"""Posts to a connector while its worker is killed: none is lost, none done twice.

Real processes: the product's web process, workers that are killed with kill -9 in the
middle, a provider that logs each call, and a receiver that counts requests. The short
form runs with the tests; CONNECTOR_POSTS and CONNECTOR_POSTS_AT_ONCE make it longer.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import requests

from connectors import building
from connectors.models import Connector, Run, RunState
from connectors.plans import Plan, PlannedAction, Step, new_id
from optout.actors import NOBODY
from optout.models import Channel, Entry, OutgoingMessage, default_list
from tests.factories import make_list
from tests.faults.conftest import WebProcess, Yard
from tests.faults.knobs import SHORT_LEASES
from tests.faults.program import phone
from tests.faults.tally import Tally
from tests.invariants import assert_invariants_hold
from tests.servers import Receiver
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.django_db(transaction=True),
]

POSTS = int(os.environ.get("CONNECTOR_POSTS", "150"))
AT_ONCE = int(os.environ.get("CONNECTOR_POSTS_AT_ONCE", "50"))
KILLS = 3
_NUMBER = {"number": "{{body.number}}", "email": ""}


def make_connector(channel: Channel, receiver: Receiver) -> Connector:
    """One that sends, asks and opts out: what may be repeated, and what may not."""
    lists = {"lists": [default_list().pk]}
    send = PlannedAction(
        new_id(),
        "send_message",
        {"channel": None, "text": "Bye {{body.number}}", **lists},
        {**_NUMBER, "channel": channel.pk},
    )
    ask = PlannedAction(
        new_id(),
        "http_request",
        {
            "method": "POST",
            "url": f"{receiver.url}/{{{{body.number}}}}",
            "headers": "",
            "body_kind": "none",
            "body": "",
            "answer": "answer",
        },
    )
    add = PlannedAction(
        new_id(),
        "add_to_opt_out_list",
        # A list that the message does not select: it leaves all the same.
        {"lists": [make_list().pk], "reason_code": "person", "everywhere": None},
        {**_NUMBER, "channel": None},
    )
    made = building.create(name="Shop", actor=NOBODY)
    plan = Plan((Step(new_id(), actions=(send, ask)), Step(new_id(), actions=(add,))))
    building.save_plan(made, plan, actor=NOBODY)
    building.switch(made, True)
    Connector.objects.filter(pk=made.pk).update(posts_per_minute=60_000)
    return made


def post_all(url: str, numbers: range) -> list[int]:
    """Post each, many at a time; the runs that were promised, in no order."""

    def post(number: int) -> int:
        answer = requests.post(url, json={"number": phone(number)}, timeout=120)
        assert answer.status_code == 202, answer.text
        return int(answer.json()["run"])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(post, numbers))


def settled() -> bool:
    open_states = (RunState.QUEUED, RunState.RUNNING, RunState.WAITING)
    return not Run.objects.filter(state__in=open_states).exists()


def kill_in_the_middle(yard: Yard, requests_made: list[object], after: int) -> None:
    """A worker that dies while it works on runs, or just when one is done."""
    worker = yard.start_pumps()
    wait_until(
        lambda: len(requests_made) >= after or settled(), "it works", seconds=300
    )
    worker.kill()
    yard.tally.add(faults=1)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def test_no_post_is_lost_and_each_action_is_done_once(
    yard: Yard, channel: Channel, tally: Tally, receiver: Receiver
) -> None:
    tally.scenario = "posts to a connector, kill -9 of its worker"
    yard.turned |= SHORT_LEASES | {
        "django.conf.settings.OUTBOUND_ALLOWED_HOSTS": [receiver.netloc],
        "django.conf.settings.WEBHOOK_ALLOW_HTTP": True,
    }
    shop = make_connector(channel, receiver)
    moments = random.Random(1)
    with WebProcess(yard, "") as web, ThreadPoolExecutor(1) as posting:
        url = f"http://127.0.0.1:{web.port}/hooks/connectors/{shop.token['token']}/"
        promised = posting.submit(post_all, url, range(POSTS))
        for _ in range(KILLS):
            after = len(receiver.requests) + moments.randrange(5, POSTS // KILLS)
            kill_in_the_middle(yard, receiver.requests, after)
        runs = promised.result()
    yard.start_pumps()
    with tally.recovering():
        wait_until(settled, "all runs have ended", seconds=3_600)
        wait_until(partial(everything_left, POSTS), "all messages left", seconds=600)
    assert_nothing_is_lost_or_doubled(yard, receiver, runs)


def everything_left(total: int) -> bool:
    return OutgoingMessage.objects.filter(state="sent").count() == total


def assert_nothing_is_lost_or_doubled(
    yard: Yard, receiver: Receiver, promised: list[int]
) -> None:
    stored = Run.objects.values_list("pk", flat=True)
    assert sorted(promised) == sorted(stored)
    assert Entry.objects.count() == POSTS
    yard.assert_each_left_once(POSTS)
    asked = Counter(request.path for request in receiver.requests)
    assert max(asked.values()) == 1
    unknown = Run.objects.filter(state=RunState.FAILED)
    assert len(asked) >= POSTS - unknown.count()
    assert {run.error for run in unknown} <= {"The worker stopped while it ran."}
    assert unknown.count() <= KILLS
    assert_invariants_hold()
