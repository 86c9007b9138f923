"""HTTP requests of connectors, to a receiver on the loopback."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connectors import door_settings, rerunning, results
from connectors.conditions import Condition, Filter
from connectors.models import Connector, Run, RunState
from connectors.operators import Kind
from connectors.plans import PlannedAction, new_id
from connectors.trials import dry_run
from tests.connectors.making import (
    after,
    make_connector,
    outcomes,
    post,
    step,
    told,
    write_steps,
)
from tests.servers import Receiver, Reply

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-value"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with Receiver() as found:
        settings.WEBHOOK_ALLOW_HTTP = True
        settings.OUTBOUND_ALLOWED_HOSTS = [found.netloc]
        yield found


def asking(receiver: Receiver, **more: Any) -> PlannedAction:
    settings = {
        "method": "POST",
        "url": f"{receiver.url}/check",
        "headers": "",
        "body_kind": "json",
        "body": "",
        "answer": "crm",
        **more,
    }
    return PlannedAction(new_id(), "http_request", settings)


def json_reply(body: bytes, status: int = 200) -> Reply:
    return Reply(status, body, {"Content-Type": "application/json"})


def test_values_are_filled_in_where_they_belong_and_nowhere_else(
    receiver: Receiver,
) -> None:
    action = asking(
        receiver,
        url=f"{receiver.url}/people/{{{{body.id}}}}?q={{{{body.text}}}}",
        headers="X-Note: {{body.note}}",
        body='{"id": "{{body.id}}", "text": "{{body.text}}", "all": "{{body}}"}',
    )
    body = {"id": 7, "text": 'a"&/b={{body.id}}', "note": "ok"}
    after(post(make_connector(step(action)), body))
    [request] = receiver.requests
    encoded = "a%22%26%2Fb%3D%7B%7Bbody.id%7D%7D"
    assert request.path == f"/people/7?q={encoded}"
    assert request.headers["x-note"] == "ok"
    assert request.headers["content-type"] == "application/json"
    assert request.body == (
        b'{"id": 7, "text": "a\\"&/b={{body.id}}", "all": '
        b'{"id": 7, "text": "a\\"&/b={{body.id}}", "note": "ok"}}'
    )


def test_a_form_is_encoded_field_by_field(receiver: Receiver) -> None:
    action = asking(receiver, body_kind="form", body="a={{body.a}}\nb=2")
    after(post(make_connector(step(action)), {"a": "1&c=3\nd=4"}))
    assert receiver.requests[0].body == b"a=1%26c%3D3%0Ad%3D4&b=2"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b"])
def test_a_value_makes_no_header(receiver: Receiver, value: str) -> None:
    action = asking(receiver, headers="X-Note: {{body.note}}")
    run = after(post(make_connector(step(action)), {"note": value}))
    assert (run.state, receiver.requests) == (RunState.FAILED, [])


def test_an_answer_feeds_later_filters_and_texts(receiver: Receiver) -> None:
    receiver.answer(json_reply(b'{"ok": true, "next": "/b"}'))
    is_ok = Filter(
        conditions=(Condition("{{responses.crm.body.ok}}", Kind.TEXT, "is", "true"),)
    )
    second = asking(
        receiver,
        method="GET",
        url=f"{receiver.url}/then{{{{responses.crm.status}}}}",
        body_kind="none",
        answer="again",
    )
    run = after(
        post(make_connector(step(asking(receiver)), step(second, filter=is_ok)))
    )
    assert outcomes(run) == [["answered"], ["answered"]]
    assert receiver.requests[1].path == "/then200"


def test_a_failure_is_told_and_its_answer_usable(receiver: Receiver) -> None:
    receiver.answer(json_reply(b'{"error": "gone"}', 410))
    run = after(post(make_connector(step(asking(receiver)))))
    [[done]] = [row.actions for row in told(run)]
    assert (run.state, done.outcome, done.detail[:6]) == ("failed", "failed", "410 in")
    assert results.answers(told(run))["crm"]["body"] == {"error": "gone"}


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answer(Reply(302, b"", {"Location": f"{receiver.url}/inside"}))
    run = after(post(make_connector(step(asking(receiver)))))
    assert (run.state, len(receiver.requests)) == (RunState.FAILED, 1)


def test_a_retry_asks_again_and_goes_on_behind_it(receiver: Receiver) -> None:
    receiver.answer(json_reply(b"{}", 503), json_reply(b"{}"))
    run = after(post(make_connector(step(asking(receiver)))))
    assert run.state == RunState.FAILED
    rerunning.retry(Run.objects.all())
    assert after(run).state == RunState.DONE
    assert len(receiver.requests) == 2


def test_a_secret_is_sent_and_shown_nowhere(receiver: Receiver) -> None:
    receiver.default = Reply(200, f"you sent {SECRET}".encode())
    action = asking(
        receiver,
        url=f"{receiver.url}/{{{{secrets.KEY}}}}",
        headers="Authorization: Bearer {{secrets.KEY}}",
        body='{"key": "{{secrets.KEY}}"}',
    )
    shop = make_connector(step(action))
    door_settings.set_secret(shop, "KEY", SECRET)
    run = after(post(shop))
    [request] = receiver.requests
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET in request.path and SECRET.encode() in request.body
    assert SECRET not in str(run.results) + run.error
    assert SECRET not in str(dry_run(shop, {"body": {}, "custom_variables": {}}))


def test_a_dry_run_asks_nobody(receiver: Receiver) -> None:
    shop = make_connector(step(asking(receiver)))
    trial = dry_run(shop, {"body": {}, "custom_variables": {}})
    assert trial.steps[0].actions[0].outcome == "would be asked"
    assert receiver.requests == []


def test_an_answer_that_is_cut_off_is_told_as_unknown(
    receiver: Receiver, settings: Settings
) -> None:
    receiver.answer(Reply(200, b"cut", {"Content-Length": "100"}))
    run = after(post(make_connector(step(asking(receiver)))))
    assert "Whether it took effect is unknown." in run.error


def test_a_connector_that_is_gone_to_gets_the_input_once(db: None) -> None:
    target = make_connector()
    going = PlannedAction(new_id(), "go_to_connector", {"connector": target.pk})
    run = after(post(make_connector(step(going)), {"a": 1}))
    child = Run.objects.get(connector=target)
    assert outcomes(run) == [["started"]]
    assert (child.data["body"], child.parent, child.state) == ({"a": 1}, run, "done")
    assert child.trail == [run.connector_id]


def test_a_loop_of_two_connectors_is_refused_when_it_is_run(db: None) -> None:
    first, second = make_connector(), make_connector()
    _go(first, second)
    _go(second, first)
    after(post(first, {"a": 1}))
    runs = Run.objects.order_by("pk")
    assert [run.state for run in runs] == [RunState.DONE, RunState.FAILED]
    assert runs[1].error == (
        f"This goes round in a loop: {first} → {second} → {first}."
    )


def test_a_way_through_too_many_connectors_ends(db: None) -> None:
    way = [make_connector() for _ in range(8)]
    for here, there in zip(way, way[1:], strict=False):
        _go(here, there)
    after(post(way[0]))
    assert Run.objects.count() == 6
    assert "5 connectors at most" in Run.objects.get(state=RunState.FAILED).error


def _go(here: Connector, there: Connector) -> None:
    going = PlannedAction(new_id(), "go_to_connector", {"connector": there.pk})
    write_steps(here, step(going))
