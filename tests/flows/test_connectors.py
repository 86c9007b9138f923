"""Another system posts: adding, removing, sending, waiting, asking, looping."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from connectors import building, rerunning, running
from connectors.models import Connector, Run, RunState
from connectors.plans import PlannedAction, Step, new_id
from optout.models import (
    OPTOUT_NUMBER,
    Channel,
    OptOutList,
    Source,
    default_list,
    live_entries,
)
from tests.connectors.making import (
    make_connector,
    outcomes,
    step,
    told,
    where,
    write_steps,
)
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    drain,
    make_channel,
    make_list,
    sent_texts,
)
from tests.faults.conftest import Yard, yard  # noqa: F401 - a fixture
from tests.faults.tally import Tally
from tests.invariants import assert_invariants_hold
from tests.servers import Receiver, Reply
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "{{body.customer.phones[0]}}"
DAY = timedelta(days=1)


@pytest.fixture
def promotions(transactional_db: None) -> OptOutList:
    return make_list()


@pytest.fixture
def sms(transactional_db: None) -> Channel:
    return make_channel()


def person(number: str, email: str = "", channel: int | None = None) -> dict[str, Any]:
    return {"number": number, "email": email, "channel": channel}


def add(*lists: OptOutList, whom: dict[str, Any]) -> PlannedAction:
    settings = {
        "lists": [row.pk for row in lists],
        "reason_code": "staff",
        "everywhere": None,
    }
    return PlannedAction(new_id(), "add_to_opt_out_list", settings, whom)


def remove(*lists: OptOutList, whom: dict[str, Any]) -> PlannedAction:
    settings = {
        "lists": [row.pk for row in lists],
        "reason": "test",
        "note": "",
        "lift_what_person_made": False,
    }
    return PlannedAction(new_id(), "remove_from_opt_out_list", settings, whom)


def send(sms: Channel, text: str, number: str = NUMBER) -> PlannedAction:
    settings = {"channel": None, "text": text, "lists": [default_list().pk]}
    return PlannedAction(
        new_id(), "send_message", settings, person(number, channel=sms.pk)
    )


class Caller:
    """Another system: it posts to the secret URL, and the worker goes on."""

    def __init__(self, server: LiveServer, shop: Connector) -> None:
        self.url = f"{server.url}/hooks/connectors/{shop.token['token']}/"

    def post(self, query: str = "", **how: Any) -> Run:
        answer = requests.post(self.url + query, timeout=10, **how)
        assert answer.status_code == 202, answer.text
        while running.run_due():
            pass
        drain()
        return Run.objects.get(pk=answer.json()["run"])


def calls(server: LiveServer, *steps: Step) -> Caller:
    return Caller(server, make_connector(*steps))


def listed() -> list[tuple[str, str]]:
    rows = live_entries().order_by("list__name", "address")
    return [(row.list.name, row.address) for row in rows]


def test_a_number_deep_in_the_json_is_added_to_two_lists(
    live_server: LiveServer, promotions: OptOutList
) -> None:
    adding = add(default_list(), promotions, whom=person(NUMBER))
    shop = calls(live_server, step(adding))
    run = shop.post(json={"customer": {"phones": ["+34 600 111 222"]}})
    assert (run.state, outcomes(run)) == (RunState.DONE, [["added"]])
    assert listed() == [("Default opt-out list", ASHA), ("Promotions", ASHA)]
    assert {row.source for row in live_entries()} == {Source.CONNECTOR}
    again = shop.post(json={"customer": {"phones": [ASHA]}})
    assert outcomes(again) == [["already there"]]
    assert_invariants_hold()


def test_a_form_and_a_query_are_read_like_json(
    live_server: LiveServer, promotions: OptOutList
) -> None:
    whom = person("{{body.phone}}", "{{custom_variables.email|}}")
    shop = calls(live_server, step(add(promotions, whom=whom)))
    run = shop.post("?email=Leena@Example.org&x=1&x=2", data={"phone": "0034600111333"})
    assert run.data["custom_variables"]["x"] == ["1", "2"]
    assert listed() == [("Promotions", RAHUL), ("Promotions", LEENA)]


def test_who_comes_back_there_is_removed_here(
    live_server: LiveServer, promotions: OptOutList
) -> None:
    whom = person("{{body.phone}}")
    shop = calls(
        live_server,
        step(add(promotions, whom=whom), filter=where("{{body.status}}", "is", "gone")),
        step(
            remove(promotions, whom=whom), filter=where("{{body.status}}", "is", "back")
        ),
    )
    shop.post(json={"status": "gone", "phone": ASHA})
    assert listed() == [("Promotions", ASHA)]
    run = shop.post(json={"status": "back", "phone": "0034600111222"})
    assert [row.verdict for row in told(run)] == [False, True]
    assert outcomes(run) == [[], ["removed"]]
    assert listed() == []


def test_who_opted_out_by_the_same_post_gets_no_message(
    live_server: LiveServer, sms: Channel
) -> None:
    text = "Your order {{body.order}} ships"
    shop = calls(
        live_server,
        step(send(sms, text)),
        step(
            add(default_list(), whom=person(NUMBER)),
            filter=where("{{body.leave|}}", "is", "true"),
        ),
        step(send(sms, "And one more")),
    )
    run = shop.post(json={"customer": {"phones": [RAHUL]}, "order": 7})
    assert outcomes(run) == [["queued"], [], ["queued"]]
    gone = {"customer": {"phones": [ASHA]}, "order": 8, "leave": True}
    run = shop.post(json=gone)
    assert outcomes(run)[2] == [OPTOUT_NUMBER]
    # The first message was queued before: the gate is asked again when it leaves.
    assert sent_texts(sms) == ["Your order 7 ships", "And one more"]
    assert_invariants_hold()


def test_a_wait_of_two_days_outlives_the_worker(
    live_server: LiveServer,
    promotions: OptOutList,
    yard: Yard,  # noqa: F811
    tally: Tally,
) -> None:
    tally.scenario = "a wait over a restart of the worker"
    waiting = step(add(promotions, whom=person("{{body.phone}}")), delay=2 * DAY)
    shop = make_connector(waiting)
    url = Caller(live_server, shop).url
    first = yard.start_pumps()
    requests.post(url, json={"phone": ASHA}, timeout=10)
    wait_until(lambda: Run.objects.filter(state=RunState.WAITING).exists())
    first.kill()
    run = Run.objects.get()
    assert run.next_at - run.received_at >= 2 * DAY
    assert listed() == []
    let_two_days_pass(run)
    yard.start_pumps()
    wait_until(lambda: Run.objects.filter(state=RunState.DONE).exists())
    assert listed() == [("Promotions", ASHA)]


def let_two_days_pass(run: Run) -> None:
    """The worker's clock cannot be moved: its row is put two days back instead."""
    results = run.results
    results[0]["waited_until"] = (run.next_at - 2 * DAY).isoformat()
    Run.objects.filter(pk=run.pk).update(next_at=run.next_at - 2 * DAY, results=results)


def test_a_wait_ends_at_its_time_and_not_before(
    live_server: LiveServer, sms: Channel
) -> None:
    late = step(send(sms, "Now"), delay=DAY)
    with time_machine.travel(datetime(2026, 11, 13, tzinfo=UTC)) as clock:
        shop = calls(live_server, late)
        run = shop.post(json={"customer": {"phones": [ASHA]}})
        clock.shift(DAY - timedelta(minutes=1))
        running.run_due()
        run.refresh_from_db()
        assert run.state == RunState.WAITING
        clock.shift(timedelta(minutes=2))
        running.run_due()
        drain()
        assert sent_texts(sms) == ["Now"]


@pytest.fixture
def crm(settings: Settings) -> Iterator[Receiver]:
    with Receiver() as found:
        settings.WEBHOOK_ALLOW_HTTP = True
        settings.OUTBOUND_ALLOWED_HOSTS = [found.netloc]
        yield found


def test_what_a_request_answers_decides_about_later_steps(
    live_server: LiveServer, promotions: OptOutList, crm: Receiver
) -> None:
    asking = PlannedAction(
        new_id(),
        "http_request",
        {
            "method": "GET",
            "url": f"{crm.url}/people/{{{{body.id}}}}",
            "headers": "",
            "body_kind": "none",
            "body": "",
            "answer": "crm",
        },
    )
    shop = calls(
        live_server,
        step(asking),
        step(
            add(promotions, whom=person("{{responses.crm.body.phone}}")),
            filter=where("{{responses.crm.body.consent}}", "is", "false"),
        ),
    )
    json = {"Content-Type": "application/json"}
    crm.answer(
        Reply(200, b'{"consent": false, "phone": "+34600111222"}', json),
        Reply(200, b'{"consent": true, "phone": "+34600111333"}', json),
    )
    assert outcomes(shop.post(json={"id": "a/b"})) == [["answered"], ["added"]]
    assert outcomes(shop.post(json={"id": 2})) == [["answered"], []]
    assert crm.requests[0].path == "/people/a%2Fb"
    assert listed() == [("Promotions", ASHA)]


def test_a_replay_with_an_edited_input_is_a_run_of_its_own(
    live_server: LiveServer, promotions: OptOutList
) -> None:
    shop = calls(live_server, step(add(promotions, whom=person("{{body.phone}}"))))
    run = shop.post(json={"phone": "nonsense"})
    assert run.state == RunState.FAILED
    assert "Number “nonsense”" in run.error
    fixed = {"body": {"phone": ASHA}, "custom_variables": {}}
    made = rerunning.run_again(run, input=fixed)
    running.run_due()
    made.refresh_from_db()
    run.refresh_from_db()
    assert (made.state, made.parent, run.state) == (
        RunState.DONE,
        run,
        RunState.FAILED,
    )
    assert listed() == [("Promotions", ASHA)]


def test_two_connectors_that_lead_to_each_other_stop(live_server: LiveServer) -> None:
    first, second = make_connector(), make_connector()
    for here, there in ((first, second), (second, first)):
        going = PlannedAction(new_id(), "go_to_connector", {"connector": there.pk})
        write_steps(here, step(going))
    Caller(live_server, first).post(json={})
    assert Run.objects.count() == 2
    loop = f"{first} → {second} → {first}"
    assert loop in Run.objects.get(state=RunState.FAILED).error


def test_what_comes_in_while_it_is_off_is_held_and_run_on_demand(
    live_server: LiveServer, promotions: OptOutList
) -> None:
    adding = step(add(promotions, whom=person("{{body.phone}}")))
    shop = make_connector(adding, is_active=False)
    caller = Caller(live_server, shop)
    run = caller.post(json={"phone": ASHA})
    assert (run.state, listed()) == (RunState.HELD, [])
    building.switch(shop, True)
    assert rerunning.run_held(shop) == 1
    running.run_due()
    assert listed() == [("Promotions", ASHA)]
