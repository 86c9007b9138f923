"""/api/v1/webhook-deliveries/."""

import pytest

from optout.models import DeliveryState, OptOutList, WebhookDelivery
from tests.api_clients import client_of, problem
from tests.factories import ASHA, make_list, opt_out

pytestmark = pytest.mark.django_db
DELIVERIES = "/api/v1/webhook-deliveries/"


@pytest.fixture
def failed() -> WebhookDelivery:
    """A delivery whose last try has failed."""
    hooked = make_list()
    OptOutList.objects.filter(pk=hooked.pk).update(webhook_url="https://example.com/")
    opt_out(ASHA, hooked)
    delivery = WebhookDelivery.objects.get()
    delivery.state, delivery.attempts = DeliveryState.EXHAUSTED, 10
    delivery.tries = [{"at": "2026-01-01T00:00:00Z", "status": 500}]
    delivery.save()
    return delivery


def test_deliveries_are_listed_and_selected(failed: WebhookDelivery) -> None:
    client = client_of()
    shown = client.get(f"{DELIVERIES}?state=exhausted&list={failed.list_id}").json()
    assert [one["id"] for one in shown["results"]] == [failed.pk]
    assert client.get(f"{DELIVERIES}?state=delivered").json()["results"] == []


def test_one_delivery_shows_its_body_and_its_tries(failed: WebhookDelivery) -> None:
    shown = client_of().get(f"{DELIVERIES}{failed.pk}/").json()
    assert shown["body"] == failed.body
    assert shown["tries"][0]["status"] == 500


def test_a_resent_delivery_keeps_its_id_and_starts_again(
    failed: WebhookDelivery,
) -> None:
    response = client_of().post(f"{DELIVERIES}{failed.pk}/resend/")
    body = response.json()
    assert response.status_code == 202
    assert (body["state"], body["attempts"]) == ("pending", 0)
    assert body["webhook_id"] == failed.webhook_id


def test_what_waits_anyway_is_not_resent(failed: WebhookDelivery) -> None:
    WebhookDelivery.objects.update(state=DeliveryState.HELD)
    response = client_of().post(f"{DELIVERIES}{failed.pk}/resend/")
    assert problem(response)[:2] == (409, "not_resendable")
