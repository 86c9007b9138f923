"""What agents' browsers and a program ask for, over and over."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.test import Client

from bench.data import execute
from bench.table import Target
from bench.talks import Talks
from bench.timing import nothing
from bench.web import Call
from optout import addresses
from optout.access import Role, create_api_key
from teambox.models import Conversation

HALF = Target(0.5, is_least=True)
SHOWN, WRITING = 10, 120  # people whose pages are asked for, and who write, in turn

_HTMX = {"HX-Request": "true"}
_LIST, _THREAD = "/teambox/?tab=all", "/teambox/{}/"
_PANE = '<section class="{}".*?</section>'
_FORGET_STOPS = """
SET session_replication_role = replica;
DELETE FROM optout_entry
WHERE source = 'keyword' AND key IN (SELECT key FROM bench_talker);
SET session_replication_role = DEFAULT
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A kind of request: the n-th of it, of so many people, and its answer's status."""

    name: str
    what: str
    call: Callable[[int], Call]
    people: int = SHOWN
    status: int = 200
    target: Target | None = None
    prepare: Callable[[], object] = nothing


@dataclass
class Browser:
    """An agent who is logged in."""

    talks: Talks
    cookies: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        client = Client()
        client.force_login(self.talks.agent)
        name = settings.SESSION_COOKIE_NAME
        self.cookies = {"Cookie": f"{name}={client.cookies[name].value}"}

    def requests(self) -> Iterator[Request]:
        """Pages, the panel, and polls that find nothing new."""
        keys = [addresses.parse(self.talks.number(n)).key for n in range(SHOWN)]
        found = dict(Conversation.objects.filter(key__in=keys).values_list("key", "pk"))
        threads = [_THREAD.format(found[key]) for key in keys]
        panels = [f"/panel/{key}/" for key in keys]
        polls = [self._poll(url, url, "pane-main") for url in threads]
        yield Request("list", "the list's page", self._asking([_LIST]), 1)
        yield Request("thread", "a conversation's page", self._asking(threads))
        yield Request("panel", "the contact panel", self._asking(panels, _HTMX))
        yield Request(
            "list-poll",
            "the list's poll, nothing new",
            self._asking([self._poll(_LIST, "/teambox/?tab=all", "pane-list")], _HTMX),
            1,
            204,
            HALF,
        )
        yield Request(
            "thread-poll",
            "a conversation's poll, nothing new",
            self._asking(polls, _HTMX),
            status=204,
        )

    def _asking(
        self, urls: list[str], headers: Mapping[str, str] | None = None
    ) -> Callable[[int], Call]:
        sent = {**self.cookies, **(headers or {})}
        return lambda number: Call("GET", urls[number % len(urls)], sent)

    def _poll(self, page: str, url: str, pane: str) -> str:
        """Where a page asks what is new, with what it shows as its script tells it."""
        html = ask(Call("GET", page, self.cookies)).content.decode()
        [part] = re.findall(_PANE.format(pane), html, re.DOTALL)
        have = ",".join(re.findall(r'data-piece="([^"]+)"', part))
        path, _, query = url.partition("?")
        return f"{path}poll/?{query}&{urlencode({'have': have})}"


@dataclass
class Program:
    """A program that hands in what people wrote."""

    talks: Talks
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        _key, text = create_api_key(name="bench", role=Role.AGENT)
        self.headers = {
            "Authorization": f"Bearer {text}",
            "Content-Type": "application/json",
        }

    def requests(self) -> Iterator[Request]:
        """A message like any other, then one that opts out."""
        yield Request(
            "inbound",
            "an inbound message of a known person",
            self._saying("Where is my parcel? It is late again."),
            WRITING,
            target=HALF,
        )
        yield Request(
            "stop",
            "an inbound STOP, which adds an entry and is answered",
            self._saying("STOP"),
            WRITING,
            prepare=lambda: execute(_FORGET_STOPS),
        )

    def _saying(self, text: str) -> Callable[[int], Call]:
        url = f"/api/v1/inbound/{self.talks.channel.pk}/"

        def call(number: int) -> Call:
            said = {
                "from": self.talks.number(number % WRITING),
                "text": text,
                "message_id": uuid4().hex,
            }
            return Call("POST", url, self.headers, json.dumps(said).encode())

        return call


def ask(call: Call) -> Any:
    """Ask in this process, without a server."""
    headers = dict(call.headers)
    kind = headers.pop("Content-Type", "application/octet-stream")
    return _client().generic(call.method, call.path, call.body, kind, headers=headers)


@cache
def _client() -> Client:
    """One for all: each sets the whole product up anew."""
    return Client(SERVER_NAME="127.0.0.1")
