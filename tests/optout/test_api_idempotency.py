"""`Idempotency-Key` on POST."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIClient

from optout import idempotency
from optout.access import Role
from optout.models import (
    Entry,
    IdempotentRequest,
    OptOutList,
    OutgoingMessage,
    default_list,
)
from tests.api_clients import client_of, problem
from tests.factories import ASHA, RAHUL, make_channel
from tests.threads import at_once

LISTS = "/api/v1/opt-out-lists/"
MESSAGES = "/api/v1/messages/"
ENTRIES = "/api/v1/opt-out-entries/"
PROMO = {"name": "Promotions", "keyword": "PROMO OFF", "message": "You are out."}


def hello(**more: object) -> dict[str, object]:
    """A message to Asha, as the API takes it."""
    return {
        "channel_id": 900,
        "to": ASHA,
        "text": "Hello",
        "opt_out_lists": [default_list().pk],
    } | more


def post(client: APIClient, url: str, body: object, key: str = "k1") -> Response:
    return client.post(url, body, headers={"Idempotency-Key": key})


@pytest.fixture
def client(db: None) -> APIClient:
    make_channel(900)
    return client_of()


def test_a_repeat_gets_the_first_answer_and_has_no_effect(client: APIClient) -> None:
    first = post(client, MESSAGES, hello())
    again = post(client, MESSAGES, hello())
    assert again.json() == first.json()
    assert (again.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert OutgoingMessage.objects.count() == 1


def test_without_a_key_a_repeat_is_another_message(client: APIClient) -> None:
    for _ in range(2):
        client.post(MESSAGES, hello())
    assert OutgoingMessage.objects.count() == 2


def test_a_repeat_is_shown_the_secret_which_is_stored_encrypted(
    client: APIClient,
) -> None:
    secret = post(client, LISTS, PROMO).json()["webhook_secret"]
    assert secret not in IdempotentRequest.objects.get().body
    assert post(client, LISTS, PROMO).json()["webhook_secret"] == secret
    assert OptOutList.objects.count() == 2


@pytest.mark.parametrize(("url", "change"), [(MESSAGES, {"to": RAHUL}), (ENTRIES, {})])
def test_a_key_that_was_used_for_another_request_is_refused(
    client: APIClient, url: str, change: dict[str, object]
) -> None:
    post(client, MESSAGES, hello())
    refused = post(client, url, hello(**change))
    assert problem(refused)[:2] == (422, "idempotency_key_reused")


def test_keys_of_two_programs_never_meet(client: APIClient) -> None:
    post(client, MESSAGES, hello())
    other = post(client_of(Role.MARKETER), MESSAGES, hello())
    assert "Idempotent-Replayed" not in other
    assert OutgoingMessage.objects.count() == 2


def test_a_refused_request_leaves_its_key_free(client: APIClient) -> None:
    assert post(client, MESSAGES, hello(to="nobody")).status_code == 400
    assert post(client, MESSAGES, hello()).status_code == 202


def test_a_request_in_flight_makes_its_repeat_wait(client: APIClient) -> None:
    post(client, MESSAGES, hello())
    IdempotentRequest.objects.update(status=None, body="")
    assert problem(post(client, MESSAGES, hello()))[:2] == (409, "request_in_flight")


def test_a_request_whose_process_died_may_be_repeated(client: APIClient) -> None:
    post(client, MESSAGES, hello())
    long_ago = timezone.now() - idempotency.LEASE - timedelta(seconds=1)
    IdempotentRequest.objects.update(status=None, body="", created_at=long_ago)
    assert post(client, MESSAGES, hello()).status_code == 202
    assert "Idempotent-Replayed" in post(client, MESSAGES, hello())


def test_who_lost_a_claim_keeps_no_answer(client: APIClient) -> None:
    post(client, MESSAGES, hello())
    mine = IdempotentRequest.objects.get()
    IdempotentRequest.objects.update(status=None, created_at=timezone.now())
    with pytest.raises(idempotency.LostClaim):
        idempotency.finish(mine, idempotency.Answer(202, {}))


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(client: APIClient, key: str) -> None:
    refused = post(client, MESSAGES, hello(), key=key)
    assert problem(refused)[:2] == (400, "invalid_idempotency_key")


def test_answers_are_kept_for_a_day_and_not_for_ever(client: APIClient) -> None:
    post(client, MESSAGES, hello(), key="old")
    post(client, MESSAGES, hello(), key="young")
    day = timezone.now() - timedelta(hours=25)
    IdempotentRequest.objects.filter(key="young").update(created_at=day)
    IdempotentRequest.objects.filter(key="old").update(created_at=day - timedelta(2))
    assert idempotency.forget_old() == 1
    assert IdempotentRequest.objects.get().key == "young"


def test_looking_things_up_keeps_no_answer(client: APIClient) -> None:
    post(client, f"{ENTRIES}search/", {"address": ASHA})
    assert not IdempotentRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("url", "body", "made"),
    [
        (MESSAGES, {"channel_id": 900, "to": ASHA, "text": "Hello"}, OutgoingMessage),
        (LISTS, PROMO, OptOutList),
        (ENTRIES, {"number": ASHA}, Entry),
    ],
)
def test_copies_that_come_at_once_have_one_effect(
    client: APIClient, url: str, body: dict[str, object], made: Any
) -> None:
    before = made.objects.count()
    lists = {MESSAGES: "opt_out_lists", ENTRIES: "lists"}
    if url in lists:
        body = body | {lists[url]: [default_list().pk]}
    authorization = client._credentials["HTTP_AUTHORIZATION"]

    def call() -> Response:
        own = APIClient(headers={"Authorization": authorization})
        return post(own, url, body)

    answers = at_once(call, copies=8)
    assert made.objects.count() == before + 1
    assert {one.status_code for one in answers} <= {201, 202, 409}
    done = {json.dumps(one.json()) for one in answers if one.status_code != 409}
    assert len(done) == 1
