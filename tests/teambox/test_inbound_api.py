"""POST /api/v1/inbound/{channel_id}/: a program hands in what a person wrote."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from optout import gate
from optout.access import Role, create_api_key
from optout.models import Channel, default_list
from teambox.models import InboundEvent
from tests.factories import ASHA, make_channel
from tests.teambox.people import is_out

pytestmark = pytest.mark.django_db
STOP = {"from": ASHA, "text": "STOP", "message_id": "SM1"}


def client_of(role: Role) -> APIClient:
    _, text = create_api_key(name=role, role=role)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def hand_in(
    body: object, *, channel_id: int = 900, role: Role = Role.ADMIN, **more: Any
) -> Any:
    url = reverse("api-inbound", args=[channel_id])
    return client_of(role).post(url, body, format="json", **more)


def test_a_stop_is_answered_with_its_outcome(sms: Channel) -> None:
    response = hand_in(STOP)
    assert response.status_code == 200
    assert response.json() == {
        "outcome": "opted_out",
        "lists": [default_list().pk],
        "duplicate": False,
    }
    assert is_out(sms)


def test_a_copy_gets_the_first_answer(sms: Channel) -> None:
    hand_in(STOP)
    assert hand_in(STOP).json() == {
        "outcome": "opted_out",
        "lists": [default_list().pk],
        "duplicate": True,
    }


def test_the_time_it_was_sent_decides_not_the_order_of_arrival(sms: Channel) -> None:
    start = STOP | {"text": "START", "message_id": "2", "sent_at": "2026-01-02T10:00Z"}
    stop = STOP | {"sent_at": "2026-01-02T09:00Z"}
    assert hand_in(start).json()["outcome"] == "lifted"
    assert hand_in(stop).json()["outcome"] == "stale"


def test_a_sender_that_is_no_address_is_named_and_nothing_stored(sms: Channel) -> None:
    response = hand_in(STOP | {"from": "nobody"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["pointer"] == "from"
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", None),
        ("from", 34600111222),
        ("from", "x" * 321),
        ("text", True),
        ("text", "null\x00byte"),
        ("text", "x" * 65_537),
        ("message_id", ""),
        ("message_id", "x" * 256),
        ("sent_at", "yesterday"),
        ("outcome", "lifted"),
    ],
)
def test_bad_input_is_named_and_nothing_stored(
    sms: Channel, field: str, value: object
) -> None:
    response = hand_in(STOP | {field: value})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == field
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("field", STOP)
def test_a_field_left_out_is_named(sms: Channel, field: str) -> None:
    response = hand_in({name: value for name, value in STOP.items() if name != field})
    assert response.json()["errors"][0]["pointer"] == field


@pytest.mark.parametrize("channel_id", [0, 4711, 10**30])
def test_a_channel_that_is_none_is_not_found(sms: Channel, channel_id: int) -> None:
    assert hand_in(STOP, channel_id=channel_id).status_code == 404


def test_an_inactive_channel_still_takes_a_stop(db: None) -> None:
    quiet = make_channel(is_active=False)
    assert hand_in(STOP).status_code == 200
    assert is_out(quiet)


def test_what_cannot_be_handled_now_is_accepted(
    sms: Channel, settings: Settings
) -> None:
    gate.forget_trust()
    gate.require_our_key()
    settings.OPTOUT_HASH_KEY = b"another key"
    response = hand_in(STOP)
    gate.forget_trust()
    assert response.status_code == 202
    assert response.json() == {"outcome": "stored", "lists": [], "duplicate": False}


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.AGENT, 200),
        (Role.MARKETER, 403),
        (Role.COMPLIANCE, 200),
        (Role.ADMIN, 200),
    ],
)
def test_roles_that_may_hand_in(sms: Channel, role: Role, status: int) -> None:
    assert hand_in(STOP, role=role).status_code == status


def test_a_stranger_is_refused(sms: Channel) -> None:
    url = reverse("api-inbound", args=[sms.pk])
    assert APIClient().post(url, STOP, format="json").status_code == 401
    assert not InboundEvent.objects.exists()
