"""Making and changing channels, trying them out, and the workspace's settings."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from optout.models import Channel, MessageState, OutgoingMessage, Workspace
from tests.factories import drain, make_channel

pytestmark = pytest.mark.django_db
NEW_SANDBOX = "/channels/new/sandbox/"
NEW_SMTP = "/channels/new/smtp/"
SANDBOX = {
    "channel_id": 905,
    "name": "Trial",
    "address_kind": "phone",
    "rate": 10,
    "is_active": "on",
}
SMTP = {
    "channel_id": 201,
    "name": "Office",
    "sender": "Our shop <shop@example.org>",
    "rate": 5,
    "host": "smtp.example.org",
    "security": "starttls",
    "username": "shop",
    "password": "very secret",
    "is_active": "on",
}


def log_in(client: Client, role: str) -> Client:
    user = User.objects.create_user(role.lower())
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return client


@pytest.fixture
def admin(client: Client) -> Client:
    return log_in(client, "Admin")


def change(admin: Client, channel: Channel, **more: Any) -> Any:
    return admin.post(reverse("channel", args=[channel.pk]), SMTP | more)


@pytest.fixture
def office(admin: Client) -> Channel:
    admin.post(NEW_SMTP, SMTP)
    return Channel.objects.get(pk=201)


def test_the_next_free_number_of_the_kind_is_proposed(admin: Client) -> None:
    make_channel(900)
    make_channel(902)
    assert b'value="901"' in admin.get(NEW_SANDBOX).content


def test_a_channel_keeps_the_number_it_was_made_with(admin: Client) -> None:
    admin.post(NEW_SANDBOX, SANDBOX)
    made = Channel.objects.get(pk=905)
    assert (made.kind, made.address_kind) == ("sandbox", "phone")
    admin.post(reverse("channel", args=[905]), SANDBOX | {"channel_id": 7, "name": "X"})
    assert [(c.pk, c.name) for c in Channel.objects.exclude(pk=0)] == [(905, "X")]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("channel_id", 900, "Another channel has this number."),
        ("channel_id", 0, "greater than or equal to 1"),
        ("name", "sandbox 900", "Another channel has this name."),
        ("rate", 0, "greater than or equal to 1"),
        ("address_kind", "opaque", "Select a valid choice"),
        ("disabled_core_words", "core:stop", "Select a valid choice"),
    ],
)
def test_what_a_channel_may_not_be_is_refused_at_its_field(
    admin: Client, field: str, value: object, message: str
) -> None:
    make_channel(900)
    response = admin.post(NEW_SANDBOX, SANDBOX | {field: value})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert Channel.objects.filter(kind="sandbox").count() == 1


def test_core_words_are_switched_off_for_a_channel(admin: Client) -> None:
    admin.post(NEW_SANDBOX, SANDBOX | {"disabled_core_words": ["core:cancel"]})
    assert Channel.objects.get(pk=905).disabled_core_words == ["core:cancel"]
    form = admin.get(reverse("channel", args=[905])).context["form"]
    boxes = [box for _, boxes in form.word_groups() for box in boxes]
    ticked = [box.choice_label for box in boxes if box.data["selected"]]
    assert ticked == ["CANCEL"]


def test_a_kind_that_is_not_there_is_not_found(admin: Client) -> None:
    assert admin.get("/channels/new/pigeon/").status_code == 404
    assert admin.get(reverse("channel", args=[0])).status_code == 404


# SMTP


def test_options_and_credentials_are_kept_apart(office: Channel) -> None:
    assert office.options == {"host": "smtp.example.org", "security": "starttls"}
    assert office.credentials == {"username": "shop", "password": "very secret"}


def test_credentials_are_never_shown_and_blank_keeps_them(
    admin: Client, office: Channel
) -> None:
    html = admin.get(reverse("channel", args=[201])).content.decode()
    assert "very secret" not in html
    change(admin, office, username="", password="", rate=9)
    office.refresh_from_db()
    assert (office.rate, office.credentials["password"]) == (9, "very secret")


def test_another_server_does_not_get_the_stored_password(
    admin: Client, office: Channel
) -> None:
    response = change(admin, office, host="evil.example", username="", password="")
    office.refresh_from_db()
    assert response.status_code == 422
    assert b"type the log-in again" in response.content
    assert office.options["host"] == "smtp.example.org"


def test_a_stored_log_in_can_be_forgotten(admin: Client, office: Channel) -> None:
    change(admin, office, username="", password="", forget_credentials="on")
    office.refresh_from_db()
    assert office.credentials == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": ""},
        {"sender": "the shop"},
        {"sender": "a@example.org\r\nBcc: b@example.org"},
        {"host": "smtp.example.org/x"},
        {"port": 70000},
        {"security": "maybe"},
        {"inbound_mailbox": "nobody"},
        {"password": ""},
        {"username": ""},
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused(
    admin: Client, wrong: dict[str, object]
) -> None:
    assert admin.post(NEW_SMTP, SMTP | wrong).status_code == 422
    assert not Channel.objects.filter(kind="smtp").exists()


def test_a_connection_that_fails_says_why(admin: Client, office: Channel) -> None:
    change(admin, office, host="127.0.0.1", port=1, security="none")
    url = reverse("channel-test", args=[201])
    response = admin.post(url, headers={"HX-Request": "true"})
    assert b"No connection to the mail server" in response.content
    assert b"No connection" in admin.post(url, follow=True).content


# Trying out


def test_a_test_message_shows_how_it_goes(admin: Client) -> None:
    channel = make_channel(901, email=True)
    url = reverse("channel-send-test", args=[901])
    form = {"address": "Leena@Example.org"}
    queued = admin.post(url, form, headers={"HX-Request": "true"})
    message = OutgoingMessage.objects.get()
    assert b"Queued" in queued.content
    drain()
    asked = reverse("channel-test-message", args=[channel.pk, message.pk])
    later = admin.get(asked).content.decode()
    assert "Sent" in later
    assert "every 1s" not in later
    assert message.address == "leena@example.org"


def test_a_test_message_works_without_javascript(admin: Client) -> None:
    make_channel()
    url = reverse("channel-send-test", args=[900])
    response = admin.post(url, {"address": "+34 600 111 222"}, follow=True)
    assert b"Queued" in response.content
    assert OutgoingMessage.objects.get().state == MessageState.QUEUED


def test_a_test_message_to_no_address_is_refused(admin: Client) -> None:
    make_channel()
    url = reverse("channel-send-test", args=[900])
    form = {"address": "nobody"}
    assert admin.post(url, form, headers={"HX-Request": "true"}).status_code == 422
    assert admin.post(url, form).status_code == 302
    assert not OutgoingMessage.objects.exists()


def test_a_message_of_another_purpose_is_not_shown_as_a_test(admin: Client) -> None:
    make_channel()
    url = reverse("channel-test-message", args=[900, 1])
    assert admin.get(url).status_code == 404


# Roles


@pytest.mark.parametrize("role", ["Agent", "Marketer", "Compliance"])
def test_who_is_no_admin_sees_channels_and_changes_none(
    client: Client, role: str
) -> None:
    make_channel()
    log_in(client, role)
    own = reverse("channel", args=[900])
    assert client.get("/channels/").status_code == 200
    assert b"Save" not in client.get(own).content
    for url in (own, f"{own}test/", f"{own}send-test/", NEW_SANDBOX, "/settings/"):
        assert client.post(url, SANDBOX | {"address": "x"}).status_code == 403
    assert Channel.objects.get(kind="sandbox").name == "Sandbox 900"


def test_a_stranger_is_sent_to_the_log_in(client: Client) -> None:
    for url in ("/channels/", "/channels/new/", NEW_SANDBOX, "/settings/"):
        assert client.get(url)["Location"].startswith("/login/")


# Workspace


def test_an_admin_changes_the_workspace(admin: Client) -> None:
    form = {
        "name": "Corner Shop",
        "default_region": "ES",
        "person_opts_out_everywhere": "on",
    }
    admin.post("/settings/", form)
    workspace = Workspace.load()
    assert (workspace.name, workspace.region) == ("Corner Shop", "ES")
    assert workspace.person_opts_out_everywhere
    assert workspace.hash_key_fingerprint


def test_a_country_that_is_not_there_is_refused(admin: Client) -> None:
    form = {"name": "Corner Shop", "default_region": "XX"}
    assert admin.post("/settings/", form).status_code == 422
    assert Workspace.load().region is None
