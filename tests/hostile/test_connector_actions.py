"""Hostile values in what other systems post, through every action of a connector.

Numbers are those of README.md. A value is text: it is no template, no second token, no
header, no other URL than the one that was meant, and leads to no inside.
"""

from typing import Any

import pytest

from connectors import http_requests
from connectors.models import Run, RunState
from connectors.plans import PlannedAction, new_id
from optout.models import Channel, SandboxMessage, default_list
from teambox.models import Contact, Tag
from tests.connectors.making import after, make_connector, post, step, told
from tests.connectors.test_actions import context
from tests.factories import ASHA, drain
from tests.hostile.test_webhook_urls import HOSTILE, name_of, url_of
from tests.name_service import PUBLIC, Names
from tests.servers import Peer

pytestmark = [pytest.mark.django_db]

EVALUATED = [  # 49 to 51
    "{name.__class__.__init__.__globals__}",
    "{{ settings.SECRET_KEY }}",
    "{% include 'base.html' %}",
    "%s%s%n",
    "${x}",
    "{{7*7}}",
    "{{body.other}}",
    "{{name}}",
    "{{secrets.KEY}}",
    "<script>alert(1)</script>",
]


def request(url: str, **more: Any) -> PlannedAction:
    settings = {
        "method": "GET",
        "url": url,
        "headers": "",
        "body_kind": "none",
        "body": "",
        "answer": "answer",
    }
    return PlannedAction(new_id(), "http_request", settings | more)


@pytest.fixture
def mixed_names(names: Names) -> None:
    names["public-and-private.example"] = [PUBLIC, "127.0.0.1"]
    names["public-and-private6.example"] = [PUBLIC, "::1"]


@pytest.mark.once
@pytest.mark.usefixtures("mixed_names")
@pytest.mark.parametrize("numbered_url", HOSTILE, ids=name_of)
def test_no_url_that_came_in_leads_inside(canary: Peer, numbered_url: str) -> None:
    shop = make_connector(step(request("{{body.url}}")))
    url = url_of(numbered_url, canary).replace("\0", "\\u0000")
    run = after(post(shop, {"url": url}))
    assert run.state == RunState.FAILED
    assert run.error


@pytest.mark.once
@pytest.mark.parametrize("host", ["127.0.0.1:{port}/", "@127.0.0.1:{port}/", "/../.."])
def test_no_value_changes_the_host_of_a_url(canary: Peer, host: str) -> None:
    shop = make_connector(step(request("https://x.org/{{body.path}}")))
    text = host.replace("{port}", str(canary.port))
    sent = post(shop, {"path": text})
    settings = request("https://x.org/{{body.path}}").settings
    made = http_requests.prepared(settings, context(shop, sent.data["body"]))
    assert made.url.startswith("https://x.org/")
    assert made.url.count("/") == 3


@pytest.mark.parametrize("value", EVALUATED)
def test_nothing_that_came_in_is_evaluated_in_a_message(
    phone: Channel, value: str
) -> None:
    settings = {
        "channel": None,
        "text": "A {{body.text}} B",
        "lists": [default_list().pk],
    }
    whom = {"number": ASHA, "email": "", "channel": phone.pk}
    sending = PlannedAction(new_id(), "send_message", settings, whom)
    after(post(make_connector(step(sending)), {"text": value, "other": "no"}))
    drain()
    assert SandboxMessage.objects.get().text == f"A {value} B"


@pytest.mark.parametrize("value", EVALUATED)
def test_nothing_that_came_in_is_evaluated_in_a_tag_or_a_name(value: str) -> None:
    whom = {"number": ASHA, "email": ""}
    actions = (
        PlannedAction(new_id(), "save_contact", {"name": "{{body.text}}"}, whom),
        PlannedAction(new_id(), "add_tag", {"tag": "{{body.text}}"}, whom),
    )
    run = after(post(make_connector(step(*actions)), {"text": value, "other": "no"}))
    assert [one.outcome for one in told(run)[0].actions] == ["created", "added"]
    assert Contact.objects.get().name == value
    assert Tag.objects.get().name == value


@pytest.mark.parametrize("number", [None, [], {}, True, 1e10, "1e10", "-1", "\u202e1"])
def test_what_is_no_number_adds_nobody(number: Any) -> None:  # 34, 37, 39
    settings = {"lists": [default_list().pk], "reason_code": "person"}
    whom = {"number": "{{body.n}}", "email": "", "channel": None}
    adding = PlannedAction(new_id(), "add_to_opt_out_list", settings, whom)
    run = after(post(make_connector(step(adding)), {"n": number}))
    assert run.state == RunState.FAILED
    assert default_list().entries.count() == 0


def test_a_megabyte_is_refused_in_words(phone: Channel) -> None:  # 51
    settings = {
        "channel": None,
        "text": "{{body.text}}",
        "lists": [default_list().pk],
    }
    whom = {"number": ASHA, "email": "", "channel": phone.pk}
    sending = PlannedAction(new_id(), "send_message", settings, whom)
    run = after(post(make_connector(step(sending)), {"text": "x" * 1_000_000}))
    assert "1,000,000 characters" in run.error
    drain()
    assert not SandboxMessage.objects.exists()
    assert Run.objects.count() == 1
