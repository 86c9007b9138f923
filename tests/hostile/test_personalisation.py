"""Words and values of customers: filled in once, and never run."""

from typing import Any

import pytest

from optout.models import Channel, OutgoingMessage, SandboxMessage, default_list
from tests.factories import ASHA, LEENA, drain
from tests.hostile.doors import Visitor, refused_by_api

BROADCASTS = "/api/v1/broadcasts/"
WORDS = [  # 49, 50
    "{name.__class__.__init__.__globals__}",
    "{{ name.__class__ }}",
    "{{ settings.SECRET_KEY }}",
    "{{7*7}}",
    "{{name|safe|upper }",
    "{% include 'base.html' %}{% debug %}",
    "%s%s%(name)s%n",
    "${name} $name #{name} <%= name %>",
    "{0} {name!r:>100000000}",
]
VALUES = [  # 51
    "{{name}}",
    "{{city}}{{unsubscribe_link}}",
    "{name.__class__}",
    "{% debug %}",
    "%(city)s ${city}",
    "\\1\\g<0>",
    "<script>alert(1)</script>",
]


def launch(visitor: Visitor, to: dict[str, str], **words: Any) -> SandboxMessage:
    """What one recipient of a broadcast gets."""
    email = "email" in to
    body = {"name": "Sale", "channel_id": 901 if email else 900, "recipients": [to]}
    body |= {"opt_out_lists": [default_list().pk]} | words
    made = visitor.program.post(BROADCASTS, body)
    assert made.status_code == 201, made.json()
    visitor.program.post(f"{BROADCASTS}{made.json()['id']}/launch/")
    drain()
    return SandboxMessage.objects.get()


@pytest.mark.parametrize("words", WORDS)
def test_words_that_are_no_variable_are_sent_as_they_are(
    visitor: Visitor, phone: Channel, words: str
) -> None:
    got = launch(visitor, {"number": ASHA, "name": "Ana"}, text=f"{words} {{{{name}}}}")
    assert got.text == f"{words} Ana"


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_not_expanded_again(
    visitor: Visitor, phone: Channel, value: str
) -> None:
    to = {"number": ASHA, "name": value, "city": "Cadiz"}
    got = launch(visitor, to, text="Hi {{name}} of {{city}}")
    assert got.text == f"Hi {value} of Cadiz"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x1f", "\x85", "\u2028"])
def test_a_subject_is_one_line_whatever_the_value(
    visitor: Visitor, mailbox: Channel, end: str
) -> None:
    to = {"email": LEENA, "name": f"Ana{end}Bcc: x@y.org"}
    got = launch(visitor, to, subject="Hi {{name}}", text="Hello", html="<p>Hi</p>")
    assert len(got.subject.splitlines()) == 1
    assert "bcc" not in {name.lower() for name in got.headers}


def test_a_value_is_text_in_the_html_of_a_mail(
    visitor: Visitor, mailbox: Channel
) -> None:
    to = {"email": LEENA, "name": '<img src=x onerror="alert(1)">'}
    got = launch(visitor, to, subject="Hi", html="<p title='{{name}}'>{{name}}</p>")
    assert "<img" not in got.html
    assert got.html.count("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;") == 2


def test_a_value_of_a_megabyte_is_refused_with_its_place(
    visitor: Visitor, phone: Channel
) -> None:
    body = {"name": "Sale", "channel_id": 900, "text": "Hi {{name}}"}
    body |= {"opt_out_lists": [default_list().pk]}
    body["recipients"] = [{"number": ASHA, "name": "x" * 1_000_000}]
    assert refused_by_api(visitor.program.post(BROADCASTS, body)) == {"recipients"}
    assert not OutgoingMessage.objects.exists()


@pytest.mark.parametrize("words", WORDS)
def test_a_single_message_is_sent_as_it_is_or_refused(
    visitor: Visitor, phone: Channel, words: str
) -> None:
    body = {"channel_id": 900, "to": ASHA, "text": words}
    body |= {"opt_out_lists": [default_list().pk]}
    answer = visitor.program.post("/api/v1/messages/", body)
    if refused_by_api(answer):
        assert answer.json()["code"] == "unknown_variable"
        return
    drain()
    assert SandboxMessage.objects.get().text == words


def test_braces_in_a_lists_own_message_are_just_braces(
    visitor: Visitor, phone: Channel
) -> None:
    row, words = default_list(), "Bye {{name}} {{ settings.SECRET_KEY }} %s {0}"
    visitor.program.patch(f"/api/v1/opt-out-lists/{row.pk}/", {"message": words})
    stop = {"from": ASHA, "text": "STOP", "message_id": "1"}
    visitor.program.post("/api/v1/inbound/900/", stop)
    drain()
    assert SandboxMessage.objects.get().text == words
