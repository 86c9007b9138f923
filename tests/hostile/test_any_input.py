"""Any text and any JSON through the doors: refused or taken, and never a failure."""

import json
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from broadcaster.models import Broadcast
from optout.models import Channel, default_list
from teambox.models import InboundEvent
from tests.factories import ASHA
from tests.hostile.doors import (
    NEW_ENTRY_DOORS,
    NEW_LIST,
    NEW_LIST_DOORS,
    Visitor,
    refused_by_api,
    refused_by_form,
)

pytestmark = pytest.mark.django_db

some = profile(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
signs = st.characters(exclude_categories=[])  # half surrogate pairs too
texts = st.text(max_size=60)
wild_texts = st.text(alphabet=signs, max_size=60)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | wild_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(wild_texts, inner),
    max_leaves=8,
)
bodies = st.one_of(
    st.binary(max_size=80),
    values.map(lambda value: json.dumps(value).encode()),
    st.integers(0, 3_000).map(lambda depth: b'{"a":' * depth + b"1" + b"}" * depth),
    st.sampled_from([b'{"text":1e400}', b'{"from":"a","from":"b"}', b"\xef\xbb\xbf{}"]),
)


def test_any_text_is_a_list_or_a_refusal_of_its_field(visitor: Visitor) -> None:
    fields = ["name", "keyword", "message", "description", "webhook_url", "public_name"]

    @some
    @given(st.sampled_from(fields), texts, st.sampled_from(sorted(NEW_LIST_DOORS)))
    def check(field: str, text: str, door: str) -> None:
        assert NEW_LIST_DOORS[door](visitor, NEW_LIST | {field: text}) <= {
            field,
            "name",  # that of the list which an earlier text made
            "keyword",
        }

    check()


def test_any_text_is_an_address_or_a_refusal_of_its_field(visitor: Visitor) -> None:
    emails = st.builds("{}@{}".format, texts, texts)
    written = texts | emails | st.from_regex(r"\A\+?[0-9 ().-]{0,30}\Z")

    @some
    @given(st.sampled_from(["number", "email"]), written)
    def check(field: str, text: str) -> None:
        for name, door in NEW_ENTRY_DOORS.items():
            assert door(visitor, {field: text}) <= {field, "number"}, name

    check()


def test_any_body_of_an_inbound_message_is_taken_or_refused(
    visitor: Visitor, phone: Channel
) -> None:
    @some
    @given(bodies)
    def check(body: bytes) -> None:
        url = reverse("api-inbound", args=[phone.pk])
        answer = visitor.program.generic("POST", url, body, "application/json")
        refused_by_api(answer)
        assert answer.status_code == 400

    check()
    assert not InboundEvent.objects.exists()


def test_any_value_of_an_inbound_message_is_taken_or_named(
    visitor: Visitor, phone: Channel
) -> None:
    good = {"from": ASHA, "text": "Hello", "message_id": "1"}

    @some
    @given(st.sampled_from([*good, "sent_at"]), values | texts)
    def check(field: str, value: Any) -> None:
        body = json.dumps(good | {field: value})
        url = reverse("api-inbound", args=[phone.pk])
        answer = visitor.program.generic("POST", url, body, "application/json")
        assert refused_by_api(answer) <= {field}

    check()


@pytest.fixture
def draft(visitor: Visitor, mailbox: Channel) -> Broadcast:
    body = {"name": "Sale", "channel_id": mailbox.pk, "subject": "Sale", "text": "Hi"}
    body["opt_out_lists"] = [default_list().pk]
    made = visitor.program.post("/api/v1/broadcasts/", body)
    return Broadcast.objects.get(pk=made.json()["id"])


def test_any_pasted_text_is_an_audience_or_a_refusal(
    visitor: Visitor, draft: Broadcast
) -> None:
    url = reverse("broadcast-recipients", args=[draft.pk])
    pasted = st.lists(texts | st.just("a@b.org")).map(",\n".join)

    @some
    @given(pasted)
    def check(text: str) -> None:
        answer = visitor.browser.post(url, {"pasted": text})
        assert refused_by_form(answer) <= {"pasted", "file"}

    check()


def test_any_words_and_values_meet_once_and_a_subject_stays_one_line(
    visitor: Visitor, draft: Broadcast
) -> None:
    braces = st.text(alphabet="{}|ab {{", max_size=20)
    url = reverse("broadcast-preview", args=[draft.pk])
    recipients = reverse("api-recipients", args=[draft.pk])

    @some
    @given(braces | texts, st.sampled_from(["{{a}}", "{{b|{{a}}", "\r\nBcc: x", "=1"]))
    def check(words: str, value: str) -> None:
        row = f'email,a,b\nx@y.org,"{value}","{value}"'.encode()
        assert not refused_by_api(
            visitor.program.generic("POST", recipients, row, "text/csv")
        )
        typed = {"subject": f"{words} {{{{a}}}}", "text": words}
        answer = visitor.browser.post(url, typed)
        assert answer.status_code == 200
        assert len(answer.context["preview"].subject.splitlines()) <= 1

    check()
