"""Calls that ask for more than they may: other people's fields, odd pages, floods."""

from base64 import b64encode
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from optout.access import Role, create_api_key
from optout.models import Channel, Entry, OptOutList, OutgoingMessage, default_list
from tests.api_clients import client_of, client_with, problem
from tests.factories import ASHA, make_list, opt_out
from tests.hostile.doors import ENTRIES, LISTS, NEW_LIST, Visitor, refused_by_api
from tests.threads import at_once

COLLECTIONS = [
    "api-channels",
    "api-lists",
    "api-entries",
    "api-deliveries",
    "api-broadcasts",
]
NOT_FOR_CALLERS = [  # 57
    "id",
    "pk",
    "tenant",
    "tenant_id",
    "actor",
    "created_by",
    "created_at",
    "source",
    "state",
    "status",
    "key",
    "is_default",
    "webhook_secrets",
    "ended_at",
    "replaced_by",
    "__class__",
    "lists__name",
]
TOO_LARGE = [10**30, -(10**30), 2**63]
ODD_TIMES = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00+23:59:59",
    "2026-02-30T00:00Z",
    "yesterday",
    "\x00",
]


def writes() -> dict[str, dict[str, Any]]:
    """A good body for each URL that makes or changes something."""
    lists, by_lists = [default_list().pk], {"opt_out_lists": [default_list().pk]}
    send = {"channel_id": 900, "text": "Hello", **by_lists}
    return {
        LISTS: NEW_LIST,
        ENTRIES: {"lists": lists, "number": ASHA},
        f"{ENTRIES}remove/": {"lists": lists, "number": ASHA, "channel_id": None},
        f"{ENTRIES}bulk-delete/": {"ids": [1]},
        "/api/v1/messages/": send | {"to": ASHA},
        "/api/v1/broadcasts/": send | {"name": "Sale"},
        "/api/v1/inbound/900/": {"from": ASHA, "text": "STOP", "message_id": "1"},
        "/api/v1/channels/": {"channel_id": 950, "kind": "sandbox", "name": "New"},
    }


def test_what_only_we_set_is_refused_and_nothing_written(
    visitor: Visitor, phone: Channel
) -> None:
    wanted = dict.fromkeys(NOT_FOR_CALLERS, 1)
    for url, body in writes().items():
        answer = visitor.program.post(url, body | wanted)
        assert refused_by_api(answer) == wanted.keys(), url
    changed = visitor.program.patch(f"{LISTS}{default_list().pk}/", wanted)
    assert refused_by_api(changed) == wanted.keys()
    assert OptOutList.objects.count() == 1
    assert not Entry.objects.exists()
    assert not OutgoingMessage.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "list__tenant=1",
        "key=1",
        "ordering=key",
        "page_size=-1",
        "page_size=1000000000",
        "page_size=²",
        "cursor=../../etc/passwd",
        "format=../",
    ],
)
def test_a_query_that_is_none_is_refused_by_each_collection(
    visitor: Visitor, query: str
) -> None:
    for name in COLLECTIONS:
        answer = visitor.program.get(f"{reverse(name)}?{query}")
        assert problem(answer)[0] in (400, 404), name


@pytest.mark.parametrize("inside", ["p=" + "9" * 30, "o=" + "9" * 30, "p=\0", "p=²"])
def test_a_cursor_that_was_tampered_with_fails_nowhere(
    visitor: Visitor, inside: str
) -> None:
    cursor = b64encode(inside.encode()).decode()
    for name in COLLECTIONS:
        answer = visitor.program.get(reverse(name), {"cursor": cursor})
        assert answer.status_code in (200, 400), name


@pytest.mark.parametrize("number", TOO_LARGE)
def test_an_id_that_no_row_can_have_is_named(
    visitor: Visitor, phone: Channel, number: int
) -> None:
    for url, body in writes().items():
        for name, value in body.items():
            if name in ("lists", "opt_out_lists", "ids", "channel_id"):
                wrong = [number] if isinstance(value, list) else number
                answer = visitor.program.post(url, body | {name: wrong})
                assert refused_by_api(answer) == {name}, url


@pytest.mark.parametrize("text", ODD_TIMES)
@pytest.mark.parametrize("name", ["created_after", "created_before", "updated_after"])
def test_a_time_is_read_or_named_on_page_and_api(
    visitor: Visitor, name: str, text: str
) -> None:
    opt_out(ASHA)
    answer = visitor.program.get(ENTRIES, {name: text})
    assert refused_by_api(answer) <= {name}
    page = reverse("list", args=[default_list().pk])
    assert visitor.browser.get(page, {name: text}).status_code == 200
    export = visitor.browser.get(f"{page}export/", {name: text})
    assert b"".join(export.streaming_content)


def test_a_batch_of_a_hundred_thousand_is_refused_whole(visitor: Visitor) -> None:
    item = {"lists": [default_list().pk], "number": ASHA}
    answer = visitor.program.post(f"{ENTRIES}bulk/", {"items": [item] * 100_000})
    assert refused_by_api(answer) == {"items"}
    assert not Entry.objects.exists()


def test_a_key_that_is_half_known_is_looked_for_as_any_other(db: None) -> None:  # 60
    _key, text = create_api_key(name="x", role=Role.ADMIN)
    seen = set()
    for tried in (text[:12] + "x" * (len(text) - 12), "oo_" + "y" * 43, text.upper()):
        with CaptureQueriesContext(connection) as asked:
            answer = client_with(tried).get(LISTS)
        seen.add((answer.status_code, answer.content, len(asked)))
    assert len(seen) == 1


@pytest.mark.django_db(transaction=True)
def test_a_flood_at_once_gets_no_more_calls_than_the_limit(  # 61
    settings: Settings,
) -> None:
    settings.API_CALLS_PER_MINUTE = 100
    key = client_of()._credentials["HTTP_AUTHORIZATION"]
    addresses = iter(range(200))

    def call() -> int:
        forged = {"X-Forwarded-For": f"10.0.0.{next(addresses)}"}
        client = APIClient(headers={"Authorization": key})
        return client.get(reverse("api-channels"), headers=forged).status_code

    with time_machine.travel("2026-01-01T10:00:30Z", tick=False):
        answers = at_once(call, 200, threads=16)
    assert set(answers) == {200, 429}
    assert 100 <= answers.count(200) <= 105


def test_a_forged_address_unlocks_no_log_in(client: Client, db: None) -> None:
    User.objects.create_user("asha", password="right")
    for turn in range(6):
        forged = {"X-Forwarded-For": f"10.0.0.{turn}", "X-Real-IP": f"10.1.0.{turn}"}
        form = {"username": "asha", "password": "right" if turn == 5 else "wrong"}
        answer = client.post(reverse("login"), form, headers=forged)
    assert answer.status_code in (403, 429)
    assert "_auth_user_id" not in client.session


# The same hostile texts in the queries of pages


PAGES = ["lists", "deliveries", "keywords", "sandbox", "broadcasts", "channels"]
PARAMETERS = ["search", "page", "list", "state", "channel", "address", "next", "seen"]
TEXTS = ["\x00", "9" * 5000, "²", "%", "'; --", "x" * 60_000, "-1", "[]", "\u202e"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:9]))
def test_no_page_fails_for_what_stands_in_its_query(
    visitor: Visitor, phone: Channel, text: str
) -> None:
    listed = make_list()
    pages = [reverse(name) for name in PAGES] + [reverse("list", args=[listed.pk])]
    for page in pages:
        query = dict.fromkeys(PARAMETERS, text)
        assert visitor.browser.get(page, query).status_code < 500, page
    test = reverse("channel", args=[phone.pk])
    assert visitor.browser.get(test, {"message": text}).status_code == 200


TABLES = ["entry", "optoutlist", "channel", "outgoingmessage", "webhookdelivery"]


@pytest.mark.parametrize("text", TEXTS[:4], ids=lambda text: repr(text[:9]))
def test_no_table_of_the_admin_fails_for_what_stands_in_its_query(
    visitor: Visitor, phone: Channel, text: str
) -> None:
    for table in TABLES:
        url = reverse(f"admin:optout_{table}_changelist")
        for name in ("q", "p", "o", "source__exact", "list__id__exact", "e"):
            assert visitor.browser.get(url, {name: text}).status_code < 500, (url, name)


@pytest.mark.parametrize("pk", ["9" * 30, "9" * 5000, "-1", "²", "x", "\x00"])
def test_a_row_that_cannot_be_is_no_choice(
    visitor: Visitor, phone: Channel, pk: str
) -> None:
    opt_out(ASHA)
    listed = default_list().pk
    chosen = {"action": "remove_from_list", "_selected_action": [pk]}
    url = reverse("admin:optout_entry_changelist")
    assert visitor.browser.post(url, chosen).status_code < 500
    removal = f"{reverse('entries-remove', args=[listed])}?ids={pk[:100]}"
    assert visitor.browser.post(removal, {"upper": pk}).status_code < 500
    sale = {"name": "Sale", "channel_id": 900, "opt_out_lists": [listed]}
    made = visitor.program.post("/api/v1/broadcasts/", sale).json()["id"]
    more = reverse("broadcast-add-list", args=[made])
    assert visitor.browser.post(more, {"list": pk}).status_code == 404
    assert Entry.objects.filter(ended_at=None).count() == 1
