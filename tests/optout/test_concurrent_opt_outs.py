"""Many doors write one address at the same moment: one entry, one event."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from optout import access, lifts
from optout.access import Role
from optout.lifts import Power
from optout.models import (
    Entry,
    LedgerEvent,
    LedgerKind,
    LiftReason,
    OptOutList,
    Source,
    WebhookDelivery,
    live_entries,
)
from tests.factories import make_list, opt_out

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5  # a race that goes right once proves little
SPELLINGS = [
    "+346001112{:02}",
    "0034 600 1112{:02}",
    "34-600-1112{:02}",
    "tel:+34-600-1112{:02}",
    "whatsapp:+346001112{:02}",
    "+34 (600) 1112{:02}",
    "+34.600.1112{:02}",
    "+３４ 600 1112{:02}",
]


def spellings(number: int) -> list[str]:
    """One person's number as eight people write it."""
    return [spelling.format(number) for spelling in SPELLINGS]


@pytest.fixture
def hooked() -> OptOutList:
    """A list that tells of opt-outs and of lifts."""
    row = make_list()
    row.webhook_url, row.webhook_on_lift = "https://example.org/hook", True
    row.save()
    return row


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What the calls return, each in a thread of its own, all started together."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def facts(**about: object) -> Counter[str]:
    found = LedgerEvent.objects.filter(**about)
    return Counter(found.values_list("kind", flat=True))


def deliveries() -> Counter[str]:
    return Counter(WebhookDelivery.objects.values_list("event", flat=True))


def test_eight_opt_outs_of_one_address_make_one_entry(hooked: OptOutList) -> None:
    for number in range(ROUNDS):
        outcomes = at_once(
            [lambda raw=raw: opt_out(raw, hooked) for raw in spellings(number)]
        )
        assert len({outcome.entries[0].pk for outcome in outcomes}) == 1
        assert sum(len(outcome.created) for outcome in outcomes) == 1
    assert Entry.objects.count() == ROUNDS
    assert facts() == {LedgerKind.OPTED_OUT: ROUNDS, LedgerKind.REPEATED: 7 * ROUNDS}
    assert deliveries() == {"opted_out": ROUNDS}


def test_eight_programs_that_post_one_address_make_one_entry(
    live_server: LiveServer, hooked: OptOutList
) -> None:
    _, key = access.create_api_key(name="race", role=Role.ADMIN)

    def post(raw: str) -> tuple[int, int]:
        answer = requests.post(
            f"{live_server.url}/api/v1/opt-out-entries/",
            json={"lists": [hooked.pk], "number": raw},
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
        )
        return answer.status_code, answer.json()["entries"][0]["id"]

    answers = at_once([lambda raw=raw: post(raw) for raw in spellings(0)])
    entry = Entry.objects.get()
    assert Counter(answers) == {(201, entry.pk): 1, (200, entry.pk): 7}
    assert facts() == {LedgerKind.OPTED_OUT: 1, LedgerKind.REPEATED: 7}
    assert deliveries() == {"opted_out": 1}


def lift(entry: Entry) -> int:
    power = Power(guarded=True, legal=True)
    done = lifts.lift(
        [entry.pk], source=Source.PAGE, power=power, reason=LiftReason.TEST
    )
    return len(done.lifted)


def test_opt_outs_beside_lifts_leave_what_the_ledger_says(hooked: OptOutList) -> None:
    for number in range(ROUNDS):
        raws = spellings(number)
        [entry] = opt_out(raws[0], hooked).entries
        ends = [lambda entry=entry: lift(entry)] * 4
        adds = [lambda raw=raw: opt_out(raw, hooked) for raw in raws[:4]]
        ended = at_once([*ends, *adds])[:4]
        assert sum(ended) == 1
        told = facts(key=entry.key)
        live = live_entries().filter(key=entry.key).count()
        assert live == told[LedgerKind.OPTED_OUT] - told[LedgerKind.LIFTED] <= 1
    told = facts()
    assert deliveries() == {
        "opted_out": told[LedgerKind.OPTED_OUT],
        "lifted": told[LedgerKind.LIFTED],
    }
