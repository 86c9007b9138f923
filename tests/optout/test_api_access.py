"""Keys: what opens the API, and what does not."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from optout.access import Role, create_api_key, revoke
from optout.models import default_list
from tests.api_clients import client_of, client_with, problem

pytestmark = pytest.mark.django_db


def test_only_staff_reaches_the_deletion_of_a_list() -> None:
    for role in Role:
        response = client_of(role).delete(reverse("api-list", args=[default_list().pk]))
        expected = (
            "default_list"
            if role in (Role.COMPLIANCE, Role.ADMIN)
            else "permission_denied"
        )
        assert problem(response)[:2] == (403, expected)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {key}",
        "{key}",
        "Bearer {prefix}",
        "Bearer {upper}",
        "Bearer {key}x",
        "Bearer {key} {key}",
        "Bearer ключ",
    ],
)
def test_what_is_no_key_opens_nothing(header: str) -> None:
    _key, text = create_api_key(name="x", role=Role.ADMIN)
    sent = header.format(key=text, prefix=text[:12], upper=text.upper())
    client = APIClient(headers={"Authorization": sent.encode().decode("latin-1")})
    response = client.get(reverse("api-lists"))
    assert problem(response)[0] == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_in_the_query_string_opens_nothing() -> None:
    _key, text = create_api_key(name="x", role=Role.ADMIN)
    assert APIClient().get(reverse("api-lists"), {"key": text}).status_code == 401


def test_a_revoked_or_expired_key_opens_nothing() -> None:
    revoked, first = create_api_key(name="x", role=Role.ADMIN)
    revoke(revoked)
    ended = timedelta(seconds=-1)
    _key, second = create_api_key(name="y", role=Role.ADMIN, expires_in=ended)
    for text in (first, second):
        assert client_with(text).get(reverse("api-lists")).status_code == 401


def test_a_method_that_is_not_there_is_named() -> None:
    response = client_of(Role.AGENT).put(reverse("api-lists"), {})
    assert problem(response)[:2] == (405, "method_not_allowed")


def test_a_log_in_of_the_pages_opens_no_api(admin_client: APIClient) -> None:
    assert admin_client.get(reverse("api-lists")).status_code == 401


@time_machine.travel("2026-01-01T10:00:30Z", tick=False)
def test_calls_beyond_the_limit_wait_whatever_address_they_claim(
    settings: Settings,
) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    client = client_of()
    answers = [
        client.get(reverse("api-lists"), headers={"X-Forwarded-For": f"10.0.0.{turn}"})
        for turn in range(5)
    ]
    assert answers[0].status_code == 200
    assert problem(answers[-1])[:2] == (429, "throttled")
    assert answers[-1]["Retry-After"] == "31"
    assert client_of().get(reverse("api-lists")).status_code == 200
