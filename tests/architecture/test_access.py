"""Who may reach what: every route, every role, and strangers.

The routes are those of the URL conf. One that is not in the table fails.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django.fixtures import Settings

from optout.access import Role
from tests.api_clients import client_of
from tests.architecture.who_may import API, OPEN, PAGES, POSTS
from tests.page_clients import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
NOT_THERE = 999_999_999
ARGUMENTS: Mapping[str, Any] = {
    "key": "00000000-0000-0000-0000-000000000000",
    "kind": "sandbox",
    "name": "add_tag",
    "app_label": "optout",
    "url": "nowhere",
    "token": "v1.k1.none",
}


def patterns(
    found: list[URLPattern | URLResolver], namespace: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every route with its name, those of included URL confs too."""
    for each in found:
        if isinstance(each, URLResolver):
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from patterns(each.url_patterns, inner)
        elif each.name:
            yield namespace + each.name, each


ROUTES = dict(patterns(get_resolver().url_patterns))
_NO_LOG_IN = {"admin:login", "admin:logout", "admin:jsi18n"}
ADMIN_SITE = {name for name in ROUTES if name.startswith("admin:")}


def url_of(name: str) -> str:
    """A URL of the route; what it names is not there, so that nothing is changed."""
    wanted = ROUTES[name].pattern.regex.groupindex
    return reverse(
        name, kwargs={each: ARGUMENTS.get(each, NOT_THERE) for each in wanted}
    )


def status(client: Client, name: str, method: str) -> int:
    """What a call with nothing in it is answered."""
    response = client.generic(method, url_of(name), "{}", "application/json")
    assert response.status_code < 500, (name, method)
    assert "/login/" not in response.headers.get("Location", ""), (name, method)
    return response.status_code


def wrong(
    client: Client, role: Role, table: Mapping[tuple[str, str], frozenset[Role]]
) -> list[str]:
    """The calls that this role may do and cannot, or may not do and can.

    That a page has no such method (405) is told before anything else.
    """
    found = {call: status(client, *call) for call in table}
    return [
        f"{method} {name}"
        for (name, method), answer in found.items()
        if answer != 405 and (answer != 403) != (role in table[name, method])
    ]


@pytest.fixture(autouse=True)
def _no_throttle(settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 100_000


def test_the_tables_name_every_route_and_no_other() -> None:
    known = {name for name, _ in API} | PAGES.keys() | OPEN
    assert ROUTES.keys() - ADMIN_SITE - known == set()
    assert known - ROUTES.keys() == set()


def test_the_table_names_every_method_of_the_api() -> None:
    there = {
        (name, method)
        for name, pattern in ROUTES.items()
        if name.startswith("api-") and name not in OPEN
        for method in getattr(pattern.callback, "cls").permissions  # noqa: B009
    }
    assert there == API.keys()


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_its_pages_and_no_others(role: Role) -> None:
    table = {(name, "GET"): roles for name, roles in PAGES.items()}
    table |= {(name, "POST"): roles for name, roles in (PAGES | POSTS).items()}
    assert wrong(browser_of(role), role, table) == []


@pytest.mark.parametrize("role", Role)
def test_a_role_calls_its_part_of_the_api_and_no_other(role: Role) -> None:
    assert wrong(client_of(role), role, API) == []


def test_a_stranger_is_sent_to_the_log_in_or_asked_for_a_key() -> None:
    stranger = Client()
    for name in PAGES.keys() | ADMIN_SITE - _NO_LOG_IN:
        response = stranger.get(url_of(name))
        assert response.status_code in (302, 405), name
        assert response.status_code == 405 or "login" in response["Location"], name
    for name, method in API:
        assert status(stranger, name, method) == 401, name


def test_the_admin_is_for_staff_alone() -> None:
    agent = browser_of(Role.AGENT)
    for name in ADMIN_SITE - _NO_LOG_IN:
        assert agent.get(url_of(name)).status_code in (302, 405), name
