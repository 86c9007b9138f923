"""STOP while a broadcast runs: an entry, one answer, one webhook, no more mail."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from standardwebhooks import Webhook

from optout import sender
from optout.models import Channel, OutgoingMessage, SandboxMessage
from tests.factories import make_channel
from tests.flows.conftest import Api
from tests.servers import Receiver

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = [f"+346001110{number:02}" for number in range(40)]
STOPPER = PEOPLE[-1]


@pytest.fixture
def phone() -> Channel:
    """A sandbox phone that sends slowly enough for somebody to answer."""
    return make_channel(rate=20)


def say_stop(api: Api, message_id: str) -> Any:
    body = {"from": STOPPER, "text": " Stop. Thank you", "message_id": message_id}
    return api.post("/inbound/900/", body)


def test_stop_during_a_broadcast(
    api: Api, work: Callable[[], None], phone: Channel, settings: Any
) -> None:
    with Receiver() as receiver:
        settings.OUTBOUND_ALLOWED_HOSTS = [receiver.netloc]
        settings.WEBHOOK_ALLOW_HTTP = True
        made = api.get("/opt-out-lists/")["results"][0]
        path = f"/opt-out-lists/{made['id']}/"
        api.call("PATCH", path, json={"webhook_url": f"{receiver.url}/opt-outs"})
        secret = api.post(f"{path}rotate-secret/")["webhook_secret"]
        sale = api.post(
            "/broadcasts/",
            {
                "name": "Sale",
                "channel_id": 900,
                "text": "Sale! Reply STOP to opt out",
                "opt_out_lists": [made["id"]],
                "recipients": [{"number": number} for number in PEOPLE],
            },
        )
        api.post(f"/broadcasts/{sale['id']}/launch/")
        with a_worker_sending():
            answers = [say_stop(api, "wamid.1"), say_stop(api, "wamid.1")]
            sent_before = SandboxMessage.objects.filter(text__startswith="Sale").count()
            say_stop(api, "wamid.2")
        for _ in range(3):
            work()

        assert [answer["outcome"] for answer in answers] == ["opted_out"] * 2
        assert [answer["duplicate"] for answer in answers] == [False, True]
        sale_texts = SandboxMessage.objects.filter(text__startswith="Sale")
        assert 5 <= sent_before < sale_texts.count() == len(PEOPLE) - 1
        texts = SandboxMessage.objects.filter(address=STOPPER)
        assert [row.text for row in texts] == [made["message"]]
        assert (
            OutgoingMessage.objects.get(
                address=STOPPER, batch__purpose="broadcast"
            ).error
            == "Optout Number"
        )
        [post] = receiver.requests
        assert post.body == (
            b'{"opt_list_name": "Default opt-out list", "mobile": 34600111039, '
            b'"email": null, "channel_id": 900}'
        )
        Webhook(secret).verify(post.body, post.headers)


@contextmanager
def a_worker_sending() -> Iterator[None]:
    """A worker beside us that is in the middle of the broadcast."""

    def send() -> None:
        sender.send_due(seconds=20)
        connections.close_all()

    worker = threading.Thread(target=send)
    worker.start()
    wait_until(lambda: SandboxMessage.objects.count() >= 5)
    yield
    worker.join(timeout=30)


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline, "the worker does not send"
        time.sleep(0.01)
