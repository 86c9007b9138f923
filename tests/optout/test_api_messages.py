"""/api/v1/messages/: one message to one address, gated by its lists."""

from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from optout.access import Role
from optout.models import (
    OPTOUT_NUMBER,
    Channel,
    LedgerEvent,
    LedgerKind,
    OutgoingBatch,
    OutgoingMessage,
    SandboxMessage,
    default_list,
)
from tests.api_clients import client_of, problem
from tests.factories import (
    ASHA,
    LEENA,
    drain,
    make_channel,
    make_list,
    opt_out,
    sent_texts,
)

pytestmark = pytest.mark.django_db
MESSAGES = "/api/v1/messages/"


@pytest.fixture
def admin() -> APIClient:
    return client_of(Role.ADMIN)


@pytest.fixture
def sms() -> Channel:
    return make_channel(900)


@pytest.fixture
def mailbox() -> Channel:
    return make_channel(901, email=True)


def send(client: APIClient, **more: Any) -> Response:
    body = {
        "channel_id": 900,
        "to": ASHA,
        "text": "Hello",
        "opt_out_lists": [default_list().pk],
    }
    return client.post(MESSAGES, body | more)


def send_mail(client: APIClient, **more: Any) -> Response:
    return send(client, **{"channel_id": 901, "to": LEENA, "subject": "Hi"} | more)


def test_a_message_is_accepted_and_sent(admin: APIClient, sms: Channel) -> None:
    response = send(admin)
    body = response.json()
    assert response.status_code == 202
    assert (body["status"], body["opt_out_lists"]) == ("queued", [default_list().pk])
    assert sent_texts(sms) == ["Hello"]
    assert admin.get(f"{MESSAGES}{body['id']}/").json()["status"] == "sent"


def test_a_message_to_somebody_listed_reads_optout_number(
    admin: APIClient, sms: Channel
) -> None:
    entry = opt_out(ASHA, channel_id=900).entries[0]
    pk = send(admin, to="0034600111222").json()["id"]
    assert sent_texts(sms) == []
    shown = admin.get(f"{MESSAGES}{pk}/").json()
    assert (shown["status"], shown["error"]) == ("suppressed", OPTOUT_NUMBER)
    assert (shown["error_code"], shown["list"]) == (
        "opted_out",
        entry.list_id,
    )
    assert shown["entry"] == entry.pk


def test_the_default_list_is_added(admin: APIClient, sms: Channel) -> None:
    promotions = make_list()
    body = send(admin, opt_out_lists=[promotions.pk]).json()
    assert body["opt_out_lists"] == [default_list().pk, promotions.pk]


@pytest.mark.parametrize("lists", [[], None])
def test_a_send_without_lists_is_refused(
    admin: APIClient, sms: Channel, lists: object
) -> None:
    body = {"channel_id": 900, "to": ASHA, "text": "Hello"}
    if lists is not None:
        body["opt_out_lists"] = lists
    response = admin.post(MESSAGES, body)
    assert problem(response) == (400, "lists_required", "opt_out_lists")


def test_leaving_out_the_default_list_is_locked_for_a_marketer(sms: Channel) -> None:
    promotions = make_list()
    response = send(
        client_of(Role.MARKETER),
        opt_out_lists=[promotions.pk],
        skip_default_list={"reason": "a recall"},
    )
    assert problem(response)[:2] == (403, "default_list_locked")
    assert not OutgoingMessage.objects.exists()


def test_leaving_out_the_default_list_goes_into_the_ledger(
    admin: APIClient, sms: Channel
) -> None:
    promotions = make_list()
    body = {"opt_out_lists": [promotions.pk], "skip_default_list": {"reason": "recall"}}
    assert send(admin, **body).json()["opt_out_lists"] == [promotions.pk]
    assert OutgoingBatch.objects.get().skip_default_reason == "recall"
    fact = LedgerEvent.objects.get(kind=LedgerKind.DEFAULT_SKIPPED)
    assert fact.actor == "API key program of Admin"


def test_without_the_default_list_another_is_needed(
    admin: APIClient, sms: Channel
) -> None:
    response = send(admin, skip_default_list={"reason": "recall"})
    assert problem(response) == (400, "lists_required", "opt_out_lists")


def test_a_mail_carries_its_unsubscribe_link(
    admin: APIClient, mailbox: Channel
) -> None:
    send_mail(admin, html="<p>Hello</p>")
    drain()
    headers = SandboxMessage.objects.get().headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert OutgoingBatch.objects.get().unsubscribe_list == default_list()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("channel_id", 4711, "unknown_channel"),
        ("channel_id", 0, "unknown_channel"),
        ("channel_id", "900", "invalid"),
        ("to", LEENA, "invalid_number"),
        ("to", True, "invalid"),
        ("text", "", "text_required"),
        ("text", " \n", "text_required"),
        ("text", "x" * 4097, "text_too_long"),
        ("text", "Hello {{name}}", "unknown_variable"),
        ("subject", "Hi", "subject_not_allowed"),
        ("html", "<p>", "html_not_allowed"),
        ("opt_out_lists", [99], "unknown_list"),
        ("opt_out_lists", ["1"], "invalid"),
        ("skip_default_list", {"reason": " "}, "blank"),
        ("skip_default_list", True, "invalid"),
        ("status", "sent", "unknown_field"),
        ("purpose", "reply", "unknown_field"),
    ],
)
def test_bad_input_is_named_and_nothing_is_queued(
    admin: APIClient, sms: Channel, field: str, value: object, code: str
) -> None:
    response = send(admin, **{field: value})
    assert problem(response)[:2] == (400, code)
    assert problem(response)[2].split("/")[0] == field
    assert not OutgoingBatch.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("subject", "", "subject_required"),
        ("subject", "x" * 201, "max_length"),
        ("to", ASHA, "invalid_email"),
        ("text", "", "text_required"),
        ("text", "x" * 100_001, "max_length"),
        ("html", "x" * 500_001, "max_length"),
    ],
)
def test_a_mail_has_a_subject_words_and_an_email(
    admin: APIClient, mailbox: Channel, field: str, value: object, code: str
) -> None:
    response = send_mail(admin, **{field: value})
    assert problem(response) == (400, code, field)


def test_an_inactive_channel_sends_nothing(admin: APIClient) -> None:
    make_channel(900, is_active=False)
    assert problem(send(admin)) == (400, "inactive_channel", "channel_id")


def test_a_message_that_is_none_is_not_found(admin: APIClient) -> None:
    assert problem(admin.get(f"{MESSAGES}{10**30}/"))[:2] == (404, "not_found")
