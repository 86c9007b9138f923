"""Hostile requests: every one is a problem document, none a failure of ours."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from optout.api.urls import urlpatterns
from optout.models import OptOutList, default_list
from tests.api_clients import client_of, problem
from tests.factories import make_channel, make_list, opt_out

pytestmark = pytest.mark.django_db
ENTRIES = "/api/v1/opt-out-entries/"

DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"true",
    b'"text"',
    b"1e400",
    b'{"lists": [1], "number": NaN}',
    b'{"lists": [1e400], "number": "+34600111222"}',
    b'{"lists": [-Infinity]}',
    b'{"lists": [1], "lists": [1], "number": "+34600111222"}',
    b'{"lists": [%s]}' % (b"9" * 5000),
    b'{"lists": %s}' % DEEP,
    DEEP,
    b'{"lists": [1], "number": "\\ud800"}',
    b'{"lists": [1], "number": "\\u0000"}',
    b'{"lists": [1], "email": "a\xff@b.c"}',
    b"\xff\xfe{\x00}\x00",
    b'{"__proto__": 1}',
    b'{"%s": 1}' % (b"x" * 100_000),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:24]))
def test_a_body_that_is_no_good_is_refused(body: bytes) -> None:
    client = client_of()
    for pattern in urlpatterns:
        if "POST" not in pattern.callback.cls.permissions or pattern.pattern.converters:
            continue
        url = reverse(pattern.name)
        response = client.generic("POST", url, body, "application/json")
        assert problem(response)[0] == 400, pattern.name


def test_a_body_that_is_too_large_is_refused(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    client = client_of()
    body = {"lists": [default_list().pk], "note": "x" * 1_000}
    assert problem(client.post(ENTRIES, body))[:2] == (413, "body_too_large")
    keyed = client.post(ENTRIES, body, headers={"Idempotency-Key": "k"})
    assert problem(keyed)[:2] == (413, "body_too_large")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "x", "a/b; =", ""]
)
def test_a_body_that_is_not_json_is_refused(content_type: str) -> None:
    response = client_of().generic("POST", ENTRIES, b"{}", content_type)
    assert problem(response)[0] in (400, 415)


def test_a_method_cannot_be_overridden() -> None:
    row = make_list()
    url = reverse("api-list", args=[row.pk])
    query = f"{url}?_method=DELETE&remove_entries=true&reason=x"
    headers = {"X-HTTP-Method-Override": "DELETE"}
    response = client_of().post(query, {}, headers=headers)
    assert problem(response)[0] == 405
    assert OptOutList.objects.filter(pk=row.pk, state="active").exists()


@pytest.mark.parametrize("accept", ["*/html", "text/html", "x", "application/xml"])
def test_an_answer_is_json_whatever_is_asked_for(accept: str) -> None:
    response = client_of().get(ENTRIES, headers={"Accept": accept})
    assert response.status_code in (200, 406)
    assert "json" in response["Content-Type"]


@pytest.mark.parametrize("query", ["format=../", "format=html", "format="])
def test_no_format_can_be_chosen(query: str) -> None:
    assert client_of().get(f"{ENTRIES}?{query}").status_code in (400, 404)


@pytest.mark.parametrize("path", ["", "x/", "opt-out-entries", "opt-out-entries/0x1/"])
def test_an_address_that_leads_nowhere_is_a_problem(path: str) -> None:
    for method in ("GET", "POST"):
        response = APIClient().generic(method, f"/api/v1/{path}", "{}")
        assert problem(response)[:2] == (404, "not_found")


def test_a_name_that_is_markup_is_given_back_as_text() -> None:
    row = make_list("<script>alert(1)</script>")
    response = client_of().get(reverse("api-list", args=[row.pk]))
    assert response["Content-Type"] == "application/json"
    assert response["X-Content-Type-Options"] == "nosniff"


def fill(count: int, start: int = 0) -> None:
    """So many of everything that collections show."""
    for turn in range(start, start + count):
        row = make_list(f"List {turn}", f"WORD {turn}")
        OptOutList.objects.filter(pk=row.pk).update(webhook_url="https://example.com/")
        opt_out(f"+3460011122{turn}", row, channel_id=make_channel(900 + turn).pk)


@pytest.mark.parametrize(
    "name", ["api-channels", "api-lists", "api-entries", "api-deliveries"]
)
def test_twice_the_rows_cost_no_more_queries(
    name: str,
) -> None:
    client = client_of()
    client.get(reverse(name))  # the first call of a minute notes that the key is used
    counts: list[int] = []
    for start in (0, 4):
        fill(4, start)
        with CaptureQueriesContext(connection) as seen:
            shown = client.get(reverse(name)).json()["results"]
        assert len(shown) >= start + 4
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5
