"""Whatever is posted to the Teambox, by page or by API: a refusal, never a failure."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.forms.forms import BaseForm
from django.urls import reverse
from rest_framework.serializers import BaseSerializer

from optout.models import Entry, Hold, OutgoingMessage
from teambox.models import (
    CannedReply,
    Contact,
    Conversation,
    InboundEvent,
    Line,
    Note,
    SmartReply,
    SmartReplyAction,
    SmartReplyCategory,
    Tag,
)
from tests import town
from tests.hostile.doors import Visitor
from tests.routes import Route, api_routes, page_routes
from tests.town import Town

pytestmark = pytest.mark.django_db

TYPED = [
    b"",
    b"\0",
    b"\xed\xa0\x80",  # half of a surrogate pair
    b"\xff\xfe",
    b"-1",
    b"9" * 30,
    b"9" * 5_000,
    b"1e400",
    "²".encode(),
    b"[]",
    b"00000000-0000-0000-0000-000000000000",
    b"x" * 100_000,
]
VALUES = [
    *(None, True, [], {}, [[]], [None], [{}], -1, 0, 1.5, 10**30, "", "\0", "\ud800"),
    *("9" * 30, "x" * 100_000, ["\0"], [10**30], {"id": "\0"}, [{"action": "\0"}]),
]
BODIES = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"1e400",
    b"NaN",
    b"\xff",
    b'{"a":' * 3_000,
]
NOT_ALLOWED = 405
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
# What pages read from a query.
ASKED = ("tab", "search", "shown", "current", "have", "before", "channel", "decided")
ASKED += ("page", "entries", "text")
WRITTEN = (
    *(CannedReply, Contact, Conversation, Entry, Hold, InboundEvent, Line, Note),
    *(OutgoingMessage, SmartReply, SmartReplyAction, SmartReplyCategory, Tag),
)
NOWHERE = {"key": (uuid.UUID(int=0),)}
NOWHERE |= dict.fromkeys(["pk", "line_pk", "action_pk", "channel_id"], (0, 10**30))


@pytest.fixture
def settled() -> Town:
    return town.build()


def teambox(routes: list[Route]) -> list[Route]:
    """Those of this floor, but what ends a row without being told anything."""
    ours = (route for route in routes if route.module.startswith("teambox"))
    return [route for route in ours if not route.name.endswith("-delete")]


def kinds(base: type[Any]) -> Iterator[type[Any]]:
    """What inherits from a class on this floor."""
    for one in base.__subclasses__():
        if one.__module__.startswith("teambox"):
            yield one
        yield from kinds(one)


def rows() -> dict[str, int]:
    """How many there are of what these doors write."""
    return {model.__name__: model.objects.count() for model in WRITTEN}


def assert_withstands(post: Callable[[bytes], Any], bodies: Iterable[bytes]) -> None:
    """No body is a failure, and none that is refused writes."""
    before = rows()
    for body in bodies:
        status, after = post(body).status_code, rows()
        assert status < 500, body[:80]
        assert status < 400 or after == before, body[:80]
        if status == NOT_ALLOWED:
            return
        before = after


def test_whatever_a_page_is_sent_is_no_failure(visitor: Visitor, settled: Town) -> None:
    names = sorted({name for kind in kinds(BaseForm) for name in kind.base_fields})
    forms = [urlencode(dict.fromkeys(names, typed)).encode() for typed in TYPED]
    for route in teambox(page_routes()):
        url = reverse(route.name, kwargs=settled.arguments(route))
        post = partial(visitor.browser.generic, "POST", url, content_type=FORM)
        assert_withstands(post, forms)


def test_whatever_a_page_is_asked_is_no_failure(
    visitor: Visitor, settled: Town
) -> None:
    queries = [urlencode(dict.fromkeys(ASKED, typed)) for typed in TYPED[1:7:2]]
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
    for route in teambox(api_routes()):
        url = reverse(route.name, kwargs=settled.arguments(route))
        send = partial(visitor.program.generic, method, url, content_type=JSON)
        assert_withstands(send, [*BODIES, *sent])


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nothing_is_found_under_an_id_of_nobody(
    visitor: Visitor, settled: Town, method: str
) -> None:
    before = rows()
    for route in page_routes() + api_routes():
        for parameter in NOWHERE.keys() & set(route.parameters):
            for nobody in NOWHERE[parameter]:
                arguments = settled.arguments(route) | {parameter: nobody}
                url = reverse(route.name, kwargs=arguments)
                program = visitor.program if "api" in route.name else visitor.browser
                answer = program.generic(method, url)
                assert answer.status_code in (302, 400, 404, 405), (route.name, nobody)
    assert rows() == before
