"""Whatever is posted to Teambox or broadcaster, page or API: refused, no failure."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.forms.forms import BaseForm
from django.urls import reverse
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.serializers import BaseSerializer

from optout.models import SandboxMessage
from tests import town
from tests.hostile.doors import Visitor
from tests.routes import Route, api_routes, page_routes
from tests.standing import standing
from tests.town import Town

pytestmark = pytest.mark.django_db

EMBEDDED = settings.EMBEDDED
FLOORS = ("teambox", "broadcaster")
# Longer than what any field takes; all fields at once are still a form that is read.
LONG = 6_000
SURROGATE = b"\xed\xa0\x80"  # half of a pair
DIGITS = b"9" * 30
# What is refused before a table is asked says the same on any database; that a text has
# a NUL or is too long, PostgreSQL alone minds.
READ = [None, True, [], {}, [[]], [None], -1, 1.5, ""]
STORED = [10**30, "\ud800", [10**30]]
STRICT = ["\0", "x" * LONG, ["\0"], {"id": "\0"}, [{"action": "\0"}]]
VALUES = [*READ, *STORED] if EMBEDDED else [*STORED, *STRICT]
TYPED = [b"", SURROGATE, DIGITS] if EMBEDDED else [DIGITS, b"\0", b"x" * LONG]
ASKED_FOR = [DIGITS] if EMBEDDED else [DIGITS, b"\0"]
BROKEN = [b"", b"null", b"[]", b"{", b"1e400", b"NaN", b"\xff", b'{"a":' * 3_000]
BODIES = BROKEN if EMBEDDED else []
NOT_ALLOWED = 405
ENDS = ("-delete", "-end", "-cancel")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
# What pages read from a query.
ASKED = ("tab", "search", "shown", "current", "have", "before", "channel", "decided")
ASKED += ("page", "entries", "text")
NOWHERE = {"key": (uuid.UUID(int=0),)}
NOWHERE |= dict.fromkeys(["pk", "line_pk", "action_pk", "channel_id"], (0, 10**30))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("town")


@pytest.fixture(scope="module")
def settled(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, files: Path
) -> Iterator[Town]:
    with standing(django_db_blocker, files):
        yield town.build()


@pytest.fixture
def _files_of_the_test(
    settings: Settings, settled: Town, files: Path, tmp_path: Path
) -> None:
    """A copy for each: a file that a test deletes does not come back with its row."""
    settings.MEDIA_ROOT = copytree(files, tmp_path / "town")


def upper(routes: list[Route]) -> list[Route]:
    """Those of these floors, but what ends a row without being told anything."""
    ours = (route for route in routes if route.module.startswith(FLOORS))
    return [route for route in ours if not route.name.endswith(ENDS)]


def kinds(base: type[Any]) -> Iterator[type[Any]]:
    """What inherits from a class on these floors."""
    for one in base.__subclasses__():
        if one.__module__.startswith(FLOORS):
            yield one
        yield from kinds(one)


def rows() -> tuple[int, ...]:
    """How many there are of everything, but what is noted when somebody looks."""
    counts = (f"(SELECT count(*) FROM {table})" for table in _tables())  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}")
        found: tuple[int, ...] = cursor.fetchone()
    return found


def _tables() -> list[str]:
    models = (apps.get_app_config(name).get_models() for name in ("optout", *FLOORS))
    tables = {model._meta.db_table for floor in models for model in floor}
    return sorted(tables - {SandboxMessage._meta.db_table})


def assert_withstands(post: Callable[[bytes], Any], bodies: Iterable[bytes]) -> None:
    """No body is a failure, and where all are refused nothing is written."""
    before, taken = rows(), []
    for body in bodies:
        status = post(body).status_code
        assert status < 500, body[:80]
        if status == NOT_ALLOWED:
            return
        if status < 400:
            taken.append(body[:80])
    assert taken or rows() == before


def test_whatever_a_page_is_sent_is_no_failure(visitor: Visitor, settled: Town) -> None:
    names = sorted({name for kind in kinds(BaseForm) for name in kind.base_fields})
    forms = [urlencode(dict.fromkeys(names, typed)).encode() for typed in TYPED]
    for route in upper(page_routes()):
        url = reverse(route.name, kwargs=settled.arguments(route))
        post = partial(visitor.browser.generic, "POST", url, content_type=FORM)
        assert_withstands(post, forms)


def test_whatever_a_page_is_asked_is_no_failure(
    visitor: Visitor, settled: Town
) -> None:
    queries = [urlencode(dict.fromkeys(ASKED, typed)) for typed in ASKED_FOR]
    for route in page_routes():
        url = reverse(route.name, kwargs=settled.arguments(route))
        for query in queries:
            assert visitor.browser.get(f"{url}?{query}").status_code < 500, url


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_whatever_the_api_is_sent_is_no_failure(
    visitor: Visitor, settled: Town, method: str
) -> None:
    fields = {name for kind in kinds(BaseSerializer) for name in kind._declared_fields}
    sent = [json.dumps(dict.fromkeys(fields, value)).encode() for value in VALUES]
    for route in upper(api_routes()):
        url = reverse(route.name, kwargs=settled.arguments(route))
        send = partial(visitor.program.generic, method, url, content_type=JSON)
        assert_withstands(send, [*BODIES, *sent])


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nothing_is_found_under_an_id_of_nobody(
    visitor: Visitor, settled: Town, method: str
) -> None:
    before, routes = rows(), api_routes()
    if method != "DELETE":  # a page has no such method
        routes += page_routes()
    for route in routes:
        for parameter in NOWHERE.keys() & set(route.parameters):
            for nobody in NOWHERE[parameter]:
                arguments = settled.arguments(route) | {parameter: nobody}
                url = reverse(route.name, kwargs=arguments)
                program = visitor.program if "api" in route.name else visitor.browser
                answer = program.generic(method, url)
                assert answer.status_code in (302, 400, 404, 405), (route.name, nobody)
    assert rows() == before
