"""Wrong clocks, errors of the database, two workers, lists that go during a send."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection, connections
from django.utils import timezone

from broadcaster import broadcasts, preparing
from optout import (
    handover,
    list_deletion,
    marking,
    outbox,
    sender,
    webhook_delivery,
    webhook_queue,
    webhooks,
)
from optout.access import Role
from optout.actors import NOBODY
from optout.models import (
    Channel,
    Entry,
    LedgerEvent,
    MessageState,
    OptOutList,
    OutgoingMessage,
    SandboxMessage,
    WebhookDelivery,
    default_list,
)
from teambox import inbound
from teambox.models import InboundEvent
from tests.api_clients import client_of
from tests.broadcaster.conftest import draft, numbers, phone  # noqa: F401
from tests.factories import (
    ASHA,
    RAHUL,
    drain,
    make_batch,
    make_channel,
    make_list,
    opt_out,
    queue,
)
from tests.faults.conftest import Yard, queue_messages
from tests.faults.test_kill import everything_left
from tests.invariants import assert_invariants_hold
from tests.servers import Receiver
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SHIFTS = [timedelta(hours=-1), timedelta(hours=1)]
AT_ONCE = 4


@pytest.fixture
def sms() -> Channel:
    return make_channel()


@pytest.fixture(params=SHIFTS, ids=["an hour back", "an hour ahead"])
def wrong_clock(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """The clock of this process jumps; the database's goes on, as do monotonic ones."""
    return lambda: time_machine.travel(timezone.now() + request.param)


def side_by_side(call: Callable[[], Any]) -> list[Any]:
    """What the call returns in several threads that start together."""
    start = threading.Barrier(AT_ONCE)

    def run(_: int) -> Any:
        start.wait(timeout=10)
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


# The clock


def test_no_clock_takes_a_lease_that_lives(
    sms: Channel, wrong_clock: Callable[[], Any]
) -> None:
    message = queue(make_batch(sms), ASHA)
    handover.claim(message.batch, 1)
    with wrong_clock():
        assert handover.sweep_leases() == 0
        assert not handover.claim(message.batch, 1).messages
        outcome = opt_out(ASHA)
    message.refresh_from_db()
    assert message.state == MessageState.SENDING
    assert (outcome.state, outcome.in_flight) == ("recorded", [message.pk])


def test_a_claim_by_a_wrong_clock_ends_when_the_database_says(
    sms: Channel, wrong_clock: Callable[[], Any]
) -> None:
    message = queue(make_batch(sms), ASHA)
    OutgoingMessage.objects.update(next_at=timezone.now() - timedelta(days=1))
    with wrong_clock():
        [claimed] = handover.claim(message.batch, 1).messages
    left = claimed.lease_until - timezone.now()
    assert marking.LEASE - timedelta(seconds=30) < left <= marking.LEASE
    assert handover.on_their_way([message.key]) == {message.pk}


def test_no_clock_takes_a_webhook_that_is_being_tried(
    sms: Channel, wrong_clock: Callable[[], Any]
) -> None:
    row = webhooks.announce_test(default_list())
    WebhookDelivery.objects.update(
        state="delivering",
        attempts=1,
        lease_until=timezone.now() + timedelta(minutes=1),
    )
    with wrong_clock():
        assert webhook_queue.sweep_leases() == 0
        assert webhook_delivery.deliver_due() == 0
    row.refresh_from_db()
    assert row.state == "delivering"


def test_what_a_wrong_clock_left_is_sent_once_and_never_past_an_opt_out(
    sms: Channel, wrong_clock: Callable[[], Any]
) -> None:
    batch = make_batch(sms)
    message = queue(batch, ASHA)
    queue(batch, RAHUL)
    with wrong_clock():
        opt_out(RAHUL)
        drain()
    drain()
    waiting = OutgoingMessage.objects.filter(state=MessageState.QUEUED)
    waiting.update(next_at=timezone.now())
    drain()
    got = SandboxMessage.objects.values_list("message_id", flat=True)
    assert list(got) == [message.pk]
    assert_invariants_hold()


@pytest.mark.parametrize("hour", ["2026-03-29T00:59:59Z", "2026-10-25T00:59:59Z"])
def test_the_hour_that_comes_twice_or_never_takes_no_lease(
    sms: Channel, settings: Any, hour: str
) -> None:
    settings.TIME_ZONE = "Europe/Madrid"
    message = queue(make_batch(sms), ASHA)
    OutgoingMessage.objects.update(next_at="2026-01-01T00:00:00Z")
    with time_machine.travel(hour) as clock:
        assert len(handover.claim(message.batch, 1).messages) == 1
        clock.shift(2)
        assert handover.sweep_leases() == 0
        assert opt_out(ASHA).state == "recorded"


# Errors of the database


def post_opt_out() -> int:
    """A program asks for an opt-out; the status of its answer."""
    body = {"lists": [default_list().pk], "number": ASHA}
    client = client_of(Role.ADMIN)
    return int(client.post("/api/v1/opt-out-entries/", body, format="json").status_code)


@contextmanager
def database_that_fails_at(word: str) -> Iterator[None]:
    """The first statement of this kind ends as a deadlock does: all is rolled back."""
    failed = []

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if word in sql and not failed:
            failed.append(sql)
            raise OperationalError("deadlock detected")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield
    assert failed, f"nothing was asked of {word}"


@pytest.mark.parametrize(
    "word",
    [
        'INSERT INTO "optout_entry"',
        'INSERT INTO "optout_ledgerevent"',
        'INSERT INTO "optout_ledgerdetail"',
        'INSERT INTO "optout_webhookdelivery"',
    ],
)
def test_an_opt_out_that_the_database_refuses_leaves_nothing(word: str) -> None:
    OptOutList.objects.update(webhook_url="https://example.org/hook")
    with database_that_fails_at(word):
        assert post_opt_out() == 503
    assert not Entry.objects.exists() and not LedgerEvent.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_a_stop_that_the_database_refused_is_done_later(sms: Channel) -> None:
    with database_that_fails_at('INSERT INTO "optout_entry"'):
        inbound.receive(channel=sms, sender=ASHA, text="STOP", message_id="m1")
    assert not Entry.objects.exists() and InboundEvent.objects.get().state == "stored"
    InboundEvent.objects.update(next_at=timezone.now())
    assert inbound.handle_due() == 1
    assert Entry.objects.filter(ended_at=None).count() == 1
    assert_invariants_hold()


# Two workers


@pytest.mark.slow
def test_two_senders_send_each_message_once(yard: Yard) -> None:
    channel = make_channel(990, kind="file_provider")
    total = queue_messages(channel, people=100, batches=2)
    for _ in range(2):
        yard.start("program:send")
    wait_until(lambda: everything_left(total), "everything has left")
    yard.stop()
    yard.assert_each_left_once(total)
    assert_invariants_hold()


def test_pumps_side_by_side_post_each_webhook_once(settings: Any) -> None:
    with Receiver() as receiver:
        settings.OUTBOUND_ALLOWED_HOSTS = [receiver.netloc]
        settings.WEBHOOK_ALLOW_HTTP = True
        OptOutList.objects.update(webhook_url=f"{receiver.url}/hook")
        for number in numbers(20):
            opt_out(number)
        while sum(side_by_side(webhook_delivery.deliver_due)):
            pass
        posted = Counter(r.headers["webhook-id"] for r in receiver.requests)
    assert (len(posted), posted.total()) == (20, 20)
    assert_invariants_hold()


def test_pumps_side_by_side_handle_each_event_once(sms: Channel) -> None:
    InboundEvent.objects.bulk_create(
        InboundEvent(channel=sms, provider_event_id=number, sender=number, text="STOP")
        for number in numbers(20)
    )
    assert sum(side_by_side(inbound.handle_due)) == 20
    assert set(InboundEvent.objects.values_list("attempts", "state")) == {(1, "done")}
    assert LedgerEvent.objects.filter(kind="opted_out").count() == 20
    assert_invariants_hold()


def test_pumps_side_by_side_prepare_an_audience_once(
    draft: Callable[..., Any],  # noqa: F811
    settings: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    made = draft(numbers(50))
    preparing.launch(made, actor=NOBODY)
    assert sum(side_by_side(preparing.prepare_due)) >= 1
    made.refresh_from_db()
    counts = outbox.counts(made.batch)
    assert (made.stage, made.rows_duplicate, counts["total"]) == ("ready", 0, 50)
    assert made.batch.state == "running"
    assert_invariants_hold()


# Lists that go while a send runs


def test_a_list_deleted_while_a_send_runs_goes_on_to_withhold(sms: Channel) -> None:
    promotions, newsletter = make_list(), make_list("Newsletter", "NEWS OFF")
    opt_out(ASHA, promotions)
    batch = make_batch(sms, promotions)
    queue(batch, RAHUL)
    drain()
    list_deletion.delete(promotions, move_to=newsletter)
    queue(batch, ASHA)
    drain()
    assert outbox.counts(batch)["suppressed"] == 1
    assert SandboxMessage.objects.count() == 1
    assert_invariants_hold()


def test_an_opt_out_from_a_deleted_list_counts_for_its_sends(sms: Channel) -> None:
    promotions, newsletter = make_list(), make_list("Newsletter", "NEWS OFF")
    batch = make_batch(sms, promotions)
    list_deletion.delete(promotions, move_to=newsletter)
    opt_out(ASHA, promotions)  # by a page that was opened before
    queue(batch, ASHA)
    drain()
    assert outbox.counts(batch)["suppressed"] == 1


def test_a_list_added_to_a_running_broadcast_withholds_at_once(
    draft: Callable[..., Any],  # noqa: F811
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    made, promotions = draft(), make_list()
    opt_out(numbers(1)[0], promotions)
    preparing.launch(made, actor=NOBODY)
    broadcasts.add_list(made, promotions)
    assert outbox.counts(made.batch)["suppressed"] == 1
    drain()
    assert SandboxMessage.objects.count() == 2
    assert_invariants_hold()


def test_a_send_whose_lists_went_while_it_ran_sends_nothing_more(sms: Channel) -> None:
    batch = make_batch(sms)
    message = queue(batch, ASHA)
    handover.claim(batch, 1)
    batch.lists.clear()
    OutgoingMessage.objects.update(
        state="queued", lease_until=None, next_at=timezone.now()
    )
    Channel.objects.update(paced_until=None)
    assert sender.send_due(seconds=5) == 1
    message.refresh_from_db()
    assert (message.state, message.error_code) == ("failed", "no_lists")
