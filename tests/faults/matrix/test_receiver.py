"""The receiver of the opt-out webhook misbehaves or is away for days: rows 24 and 25.

A failed try says why, keeps its deadline, and holds up no other list.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from optout import destinations, egress, webhook_delivery, webhook_queue
from optout.models import DeliveryState, OptOutList, WebhookDelivery
from tests.certificates import self_signed
from tests.factories import make_list, opt_out
from tests.servers import (
    Behaviour,
    Peer,
    Receiver,
    Reply,
    drips,
    over_tls,
    says,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE_SECONDS = 1.0
PATIENCE_SECONDS = 20.0  # a busy machine is slow, but a deadline that holds is sooner
OK = b"HTTP/1.1 200 OK\r\n"
TARPIT = drips(OK + b"Content-Length: 9999\r\n\r\n", b"x", every_seconds=0.1)
METADATA = "http://169.254.169.254/latest/meta-data/"


@pytest.fixture(autouse=True)
def short_deadline(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_HTTP = True
    monkeypatch.setattr(webhook_delivery, "DEADLINE_SECONDS", DEADLINE_SECONDS)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with Receiver() as server:
        settings.OUTBOUND_ALLOWED_HOSTS = [server.netloc]
        yield server


def list_with(url: str, name: str = "Promotions") -> OptOutList:
    """A list whose opt-outs are posted to `url`."""
    row = make_list(name, f"{name} OFF")
    row.webhook_url = url
    row.save()
    return row


def number(position: int) -> str:
    return f"+3460011{position:04d}"


def tried(url: str) -> WebhookDelivery:
    """The delivery of one opt-out to `url`, after one try that kept its deadline."""
    opt_out(number(0), list_with(url))
    began = time.monotonic()
    webhook_delivery.deliver_due()
    assert time.monotonic() - began < PATIENCE_SECONDS
    return WebhookDelivery.objects.get()


def tried_at(behaviour: Behaviour, settings: Settings) -> WebhookDelivery:
    with Peer(behaviour) as peer:
        settings.OUTBOUND_ALLOWED_HOSTS = [peer.netloc]
        return tried(peer.url)


def test_a_tarpit_is_left_at_the_deadline(settings: Settings) -> None:
    delivery = tried_at(TARPIT, settings)
    assert delivery.state == DeliveryState.RETRY
    assert delivery.tries[0]["error"] == "No complete answer came in time."


def test_of_ten_megabytes_a_kilobyte_is_kept(settings: Settings) -> None:
    body = b"x" * 10_000_000
    head = b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body)
    delivery = tried_at(says(head, body), settings)
    assert delivery.state == DeliveryState.RETRY
    assert delivery.tries[0]["status"] == 500
    assert len(delivery.tries[0]["response"]) == egress.KEPT_BODY_BYTES


def test_a_redirect_to_the_metadata_address_is_a_failed_try(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    resolve = destinations.resolve
    monkeypatch.setattr(
        destinations, "resolve", lambda *to: asked.append(to[0]) or resolve(*to)
    )
    receiver.answer(Reply(302, headers={"location": METADATA}))
    delivery = tried(receiver.url)
    assert (delivery.state, delivery.tries[0]["status"]) == ("retry", 302)
    assert set(asked) == {"127.0.0.1"}


def test_an_expired_certificate_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, context = self_signed("localhost", tmp_path, days=-1)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setattr(webhook_delivery, "_client", egress.Client())
    with Peer(over_tls(context, says(OK + b"\r\n"))) as peer:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"localhost:{peer.port}"]
        delivery = tried(f"https://localhost:{peer.port}/")
    assert delivery.state == DeliveryState.RETRY
    assert "certificate has expired" in delivery.tries[0]["error"]


def no_such_name(host: str, port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_name_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destinations, "resolve", no_such_name)
    delivery = tried("https://gone.example.org/")
    assert delivery.state == DeliveryState.RETRY
    reason = "The name gone.example.org could not be resolved."
    assert delivery.tries[0]["error"] == reason


def test_a_name_that_turns_private_after_it_was_saved_is_never_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Peer(says(OK + b"\r\n")) as canary:
        monkeypatch.setitem(destinations.PORTS, "http", {canary.port})
        answers = iter([["93.184.216.34"], ["127.0.0.1"]])
        monkeypatch.setattr(destinations, "resolve", lambda *_: next(answers))
        url = f"http://turncoat.example.org:{canary.port}/"
        assert egress.check_url(url) == url
        delivery = tried(url)
    assert delivery.state == DeliveryState.RETRY
    assert "turncoat.example.org" in delivery.tries[0]["error"]
    assert canary.hits == 0


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_healthy_lists_are_served_while_one_is_in_a_tarpit(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_delivery, "DEADLINE_SECONDS", PATIENCE_SECONDS)
    with Peer(TARPIT) as tarpit:
        settings.OUTBOUND_ALLOWED_HOSTS = [receiver.netloc, tarpit.netloc]
        stuck = list_with(tarpit.url, "Tarpit")
        healthy = [list_with(receiver.url, f"Healthy {n}") for n in range(3)]
        for position in range(12):
            opt_out(number(position), stuck, *healthy)
        worker = in_thread(webhook_delivery.deliver_due)
        wait_until(lambda: len(receiver.requests) == 36, "the healthy ones are served")
        open_still = WebhookDelivery.objects.exclude(state=DeliveryState.DELIVERED)
        wait_until(lambda: open_still.count() == 12, "and written down")
        assert set(open_still.values_list("list", flat=True)) == {stuck.pk}
        assert worker.is_alive(), "the tarpit let go too early to show it"
    worker.join()


def by_schedule(clock: time_machine.Traveller) -> None:
    """A day later the longest pause is over."""
    for _ in range(26):
        clock.shift(timedelta(hours=1))
        webhook_delivery.deliver_due()


def by_resend(clock: time_machine.Traveller) -> None:
    """Somebody asks for what gave up; the rest comes by itself."""
    by_schedule(clock)
    given_up = WebhookDelivery.objects.filter(state=DeliveryState.EXHAUSTED)
    assert webhook_queue.resend(given_up) > 0
    webhook_delivery.deliver_due()


@pytest.mark.parametrize(("days", "come_back"), [(3, by_schedule), (4, by_resend)])
def test_a_receiver_that_was_away_for_days_gets_everything(
    receiver: Receiver, days: int, come_back: Callable[[time_machine.Traveller], None]
) -> None:
    receiver.default = Reply(503)
    promotions = list_with(receiver.url)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for half_day in range(days * 2):
            opt_out(number(half_day), promotions)
            for _ in range(12):
                webhook_delivery.deliver_due()
                clock.shift(timedelta(hours=1))
        receiver.default = Reply()
        come_back(clock)
    ids = set(WebhookDelivery.objects.values_list("webhook_id", flat=True))
    assert len(ids) == days * 2
    assert {r.headers["webhook-id"] for r in receiver.requests} == ids
    assert set(WebhookDelivery.objects.values_list("state")) == {("delivered",)}
