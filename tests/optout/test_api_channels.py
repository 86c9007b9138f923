"""/api/v1/channels/."""

from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from optout.models import Channel, connected_channels
from tests.api_clients import client_of, problem
from tests.factories import make_channel

pytestmark = pytest.mark.django_db
CHANNELS = "/api/v1/channels/"
PHONE = {
    "channel_id": 900,
    "name": "Phone",
    "kind": "sandbox",
    "address_kind": "phone",
}
MAIL = {
    "channel_id": 201,
    "name": "Mail",
    "kind": "smtp",
    "sender": "Shop <shop@example.org>",
    "options": {"host": "smtp.example.org", "port": 587, "security": "starttls"},
}


@pytest.fixture
def admin() -> APIClient:
    return client_of()


def create(client: APIClient, **more: Any) -> Response:
    return client.post(CHANNELS, PHONE | more)


def test_a_new_channel_keeps_the_id_that_was_chosen(admin: APIClient) -> None:
    response = create(admin, rate=5, disabled_core_words=["core:end"])
    assert response.status_code == 201
    assert response.json()["rate"] == 5
    assert connected_channels().get().pk == 900


def test_the_row_that_stands_for_all_channels_is_not_one_of_them(
    admin: APIClient,
) -> None:
    make_channel(900)
    shown = admin.get(CHANNELS).json()["results"]
    assert [channel["channel_id"] for channel in shown] == [900]
    assert admin.get(f"{CHANNELS}0/").status_code == 404


def test_credentials_are_kept_and_never_shown(admin: APIClient) -> None:
    log_in = {"username": "shop", "password": "sesame"}
    response = admin.post(CHANNELS, MAIL | {"credentials": log_in})
    shown = response.content + admin.get(f"{CHANNELS}201/").content
    assert b"sesame" not in shown
    assert Channel.objects.get(pk=201).credentials == log_in


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("channel_id", 0, "unique"),
        ("channel_id", -1, "min_value"),
        ("channel_id", 2_000_000_001, "max_value"),
        ("channel_id", "900", "invalid"),
        ("channel_id", True, "invalid"),
        ("name", "", "blank"),
        ("name", "x" * 61, "max_length"),
        ("kind", "pigeon", "unknown_kind"),
        ("kind", "all", "unknown_kind"),
        ("address_kind", "opaque", "unknown_address_kind"),
        ("rate", 0, "min_value"),
        ("rate", 10_001, "max_value"),
        ("help_text", "x" * 301, "max_length"),
        ("disabled_core_words", ["core:stop"], "invalid_choice"),
        ("sender", "a\r\nBcc: x@y.z", "invalid"),
        ("options", {"host": ["a"]}, "not_plain"),
        ("options", {"host": "smtp.example.org"}, "unknown_field"),
        ("credentials", {"token": "x"}, "unknown_field"),
        ("is_active", "yes", "invalid"),
        ("paced_until", None, "unknown_field"),
    ],
)
def test_what_a_channel_may_not_have_is_named_and_nothing_made(
    admin: APIClient, field: str, value: object, code: str
) -> None:
    response = create(admin, **{field: value})
    assert problem(response)[:2] == (400, code)
    assert problem(response)[2].split("/")[0] == field
    assert not connected_channels().exists()


def test_an_id_or_name_that_is_taken_is_refused(admin: APIClient) -> None:
    make_channel(900, name="Phone")
    assert problem(create(admin, name="Other"))[1:] == ("unique", "channel_id")
    refused = create(admin, channel_id=901, name="PHONE")
    assert problem(refused)[1:] == ("name_taken", "name")


def test_a_change_touches_what_is_named_alone(admin: APIClient) -> None:
    make_channel(900, name="Phone")
    response = admin.patch(f"{CHANNELS}900/", {"is_active": False})
    assert (response.json()["is_active"], response.json()["name"]) == (False, "Phone")


@pytest.mark.parametrize("field", ["channel_id", "kind", "address_kind"])
def test_what_is_chosen_once_cannot_be_changed(admin: APIClient, field: str) -> None:
    make_channel(900)
    response = admin.patch(f"{CHANNELS}900/", {field: PHONE[field]})
    assert problem(response) == (400, "unknown_field", field)


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("sender", "nobody", "sender"),
        ("options", {"security": "starttls"}, "options/host"),
        ("options", {"host": "a b", "security": "none"}, "options/host"),
        ("options", {"host": "h", "security": "none", "port": 0}, "options/port"),
        ("credentials", {"password": "sesame"}, "credentials/username"),
    ],
)
def test_a_kind_has_rules_of_its_own(
    admin: APIClient, field: str, value: object, pointer: str
) -> None:
    response = admin.post(CHANNELS, MAIL | {field: value})
    assert (problem(response)[0], problem(response)[2]) == (400, pointer)
    assert not connected_channels().exists()


def test_a_stored_log_in_is_never_sent_to_another_server(admin: APIClient) -> None:
    log_in = {"username": "shop", "password": "sesame"}
    admin.post(CHANNELS, MAIL | {"credentials": log_in})
    moved = {"options": {"host": "smtp.example.net"}}
    refused = admin.patch(f"{CHANNELS}201/", moved)
    assert problem(refused)[2] == "credentials/password"
    again = admin.patch(f"{CHANNELS}201/", moved | {"credentials": log_in})
    assert again.json()["options"]["host"] == "smtp.example.net"


def test_an_option_that_is_not_named_stays(admin: APIClient) -> None:
    admin.post(CHANNELS, MAIL)
    changed = admin.patch(f"{CHANNELS}201/", {"options": {"port": 25}}).json()
    assert changed["options"] == MAIL["options"] | {"port": 25}
