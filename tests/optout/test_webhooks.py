"""The opt-out webhook against a real receiver on loopback."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from optout import lifts, webhook_delivery, webhook_queue, webhooks
from optout.lifts import Power
from optout.models import DeliveryState, OptOutList, Source, WebhookDelivery
from tests.factories import ASHA, LEENA, make_channel, make_list, opt_out
from tests.servers import Receiver, Reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with Receiver() as found:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{found.port}"]
        settings.WEBHOOK_ALLOW_HTTP = True
        yield found


@pytest.fixture
def promotions(receiver: Receiver) -> OptOutList:
    found = make_list("Stop Automation Test", "STOP AUTO")
    found.webhook_url = f"http://127.0.0.1:{receiver.port}/opt-outs"
    found.save()
    return found


def test_the_body_is_exactly_the_four_keys(promotions, receiver) -> None:
    make_channel(101)
    opt_out("+19625800100", promotions, channel_id=101)
    webhook_delivery.deliver_due()
    assert receiver.requests[0].body == (
        b'{"opt_list_name": "Stop Automation Test", "mobile": 19625800100, '
        b'"email": null, "channel_id": 101}'
    )


def test_all_channels_and_an_email_read_null_and_text(promotions, receiver) -> None:
    opt_out(LEENA, promotions)
    webhook_delivery.deliver_due()
    body = json.loads(receiver.requests[0].body)
    assert (body["mobile"], body["email"], body["channel_id"]) == (None, LEENA, None)


def test_of_people_who_end_together_each_has_a_webhook_of_their_own(
    promotions, receiver
) -> None:
    opted_out = [opt_out(raw, promotions).entries[0].pk for raw in (ASHA, LEENA)]
    OptOutList.objects.update(webhook_on_lift=True)
    WebhookDelivery.objects.all().delete()
    lifts.lift(opted_out, source=Source.PAGE, power=Power(guarded=True))
    lifts.put_back(opted_out, source=Source.PAGE)
    bodies = [json.loads(row.body) for row in WebhookDelivery.objects.all()]
    named = [(body["mobile"], body["email"]) for body in bodies]
    assert sorted(named, key=str) == sorted(
        [(34600111222, None), (None, LEENA)] * 2, key=str
    )


def test_the_signature_verifies_with_the_lists_secret(promotions, receiver) -> None:
    opt_out(ASHA, promotions)
    webhook_delivery.deliver_due()
    request = receiver.requests[0]
    secret = promotions.webhook_secrets["current"]
    Webhook(secret).verify(request.body, request.headers)
    assert request.headers["webhook-event"] == "opted_out"


def test_after_a_rotation_both_secrets_verify(promotions, receiver) -> None:
    old = promotions.webhook_secrets["current"]
    fresh = webhooks.rotate_secret(promotions)
    opt_out(ASHA, promotions)
    webhook_delivery.deliver_due()
    request = receiver.requests[0]
    for secret in (old, fresh):
        Webhook(secret).verify(request.body, request.headers)


def test_a_refused_try_is_repeated_with_the_same_id(promotions, receiver) -> None:
    receiver.answer(Reply(status=500, body=b"broken"))
    opt_out(ASHA, promotions)
    webhook_delivery.deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries[0]["status"]) == ("retry", 500)
    assert delivery.tries[0]["response"] == "broken"
    WebhookDelivery.objects.update(next_at=timezone.now())
    webhook_delivery.deliver_due()
    ids = {request.headers["webhook-id"] for request in receiver.requests}
    assert (len(receiver.requests), ids) == (2, {delivery.webhook_id})
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED


def test_a_redirect_is_a_failure_and_not_followed(promotions, receiver) -> None:
    receiver.answer(Reply(status=302, headers={"location": "/elsewhere"}))
    opt_out(ASHA, promotions)
    webhook_delivery.deliver_due()
    assert [request.path for request in receiver.requests] == ["/opt-outs"]
    assert WebhookDelivery.objects.get().state == DeliveryState.RETRY


def test_retry_after_is_honoured(promotions, receiver) -> None:
    receiver.answer(Reply(status=503, headers={"retry-after": "3600"}))
    opt_out(ASHA, promotions)
    webhook_delivery.deliver_due()
    wait = WebhookDelivery.objects.get().next_at - timezone.now()
    assert wait > timedelta(minutes=59)


def test_gone_disables_and_later_events_are_held(promotions, receiver) -> None:
    receiver.answer(Reply(status=410))
    opt_out(ASHA, promotions)
    webhook_delivery.deliver_due()
    opt_out(LEENA, promotions)
    assert WebhookDelivery.objects.filter(state=DeliveryState.HELD).count() == 2
    promotions.refresh_from_db()
    webhook_queue.enable(promotions)
    WebhookDelivery.objects.update(next_at=timezone.now())
    webhook_delivery.deliver_due()
    assert len(receiver.requests) == 3


def test_after_the_last_try_it_is_shown_as_failed_and_can_be_resent(
    promotions, receiver
) -> None:
    receiver.default = Reply(status=500)
    opt_out(ASHA, promotions)
    for _ in range(len(webhook_queue.WAITS) + 1):
        WebhookDelivery.objects.update(next_at=timezone.now())
        webhook_delivery.deliver_due()
    assert WebhookDelivery.objects.get().state == DeliveryState.EXHAUSTED
    receiver.default = Reply()
    assert webhook_queue.resend(WebhookDelivery.objects.all()) == 1
    webhook_delivery.deliver_due()
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


def test_a_worker_that_died_leaves_the_delivery_to_another(
    promotions, receiver
) -> None:
    opt_out(ASHA, promotions)
    past = timezone.now() - timedelta(seconds=1)
    WebhookDelivery.objects.update(state=DeliveryState.DELIVERING, lease_until=past)
    webhook_queue.sweep_leases()
    webhook_delivery.deliver_due()
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED


def test_a_private_address_is_refused_at_the_send(
    promotions, receiver, settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    opt_out(ASHA, promotions)
    webhook_delivery.deliver_due()
    assert receiver.requests == []
    assert "OUTBOUND_ALLOWED_HOSTS" in WebhookDelivery.objects.get().tries[0]["error"]


def test_pending_tries_go_to_the_lists_current_url(promotions, receiver) -> None:
    opt_out(ASHA, promotions)
    promotions.webhook_url = f"http://127.0.0.1:{receiver.port}/moved"
    promotions.save()
    webhook_delivery.deliver_due()
    assert receiver.requests[0].path == "/moved"


def test_a_receiver_that_is_gone_is_not_asked_again(promotions, receiver) -> None:
    receiver.answer(Reply(status=410))
    opt_out(ASHA, promotions)
    opt_out(LEENA, promotions)
    webhook_delivery.deliver_due()
    assert len(receiver.requests) == 1
    assert WebhookDelivery.objects.filter(state=DeliveryState.HELD).count() == 2


def test_what_cannot_end_within_the_lease_is_given_back_untried(
    promotions, receiver, monkeypatch
) -> None:
    opt_out(ASHA, promotions)
    monkeypatch.setattr(webhook_queue, "LEASE", timedelta(seconds=1))
    webhook_delivery.deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert (receiver.requests, delivery.state) == ([], DeliveryState.PENDING)
    assert (delivery.attempts, delivery.lease_until) == (0, None)
