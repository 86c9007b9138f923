"""What people write to us: in disguise, too long, or meant for our own pages."""

import pytest
from django.test import Client
from django.urls import reverse

from optout.models import Channel, Entry, WebhookDelivery, default_list
from teambox.models import InboundEvent
from tests.factories import ASHA, make_list
from tests.hostile.doors import Visitor, refused_by_api
from tests.page_clients import HTMX

pytestmark = pytest.mark.django_db

INBOUND = "/api/v1/inbound/900/"
MEANT = [  # 43
    ("ＳＴＯＰ", "opted_out"),
    ("stop🙏", "opted_out"),
    ('"Stop."', "opted_out"),
    ("STOP\u200b", "opted_out"),
    ("\u202eSTOP\u202c", "opted_out"),
    ("STOP\r\n\r\nsent from my phone", "opted_out"),
    ("\ufeffSTOP", "opted_out"),
    ("S T O P", "review"),
    ("ЅТОР", "review"),
    ("STOP 12345", "review"),  # 44
    ("we must STOP this bill", "message"),
    ("don't stop", "message"),
    ("a" * 65_535 + "!", "message"),
    ("STOP " * 13_000, "review"),
    ("\u0301" * 60_000, "message"),
    ("﷽" * 20_000, "message"),
    ("(" * 30_000 + ")" * 30_000, "message"),
]
MARKUP = [  # 45
    "<script>alert(1)</script>",
    '<img src="https://evil.example/x" onerror="alert(1)">',
    '<div hx-get="/api/" hx-trigger="load">x</div>',
    "{{7*7}} {% debug %} ${7*7}",
    "--><svg onload=alert(1)>",
    "javascript:alert(1)",
]
NO_MESSAGES = [
    b'{"from": "+34600111222", "text": "STOP", "message_id": "1", "message_id": "2"}',
    b'{"from": "+34600111222", "text": 1e400, "message_id": "1"}',
    b'{"from": "+34600111222", "text": "STOP", "message_id": NaN}',
    b'{"from": "+34600111222", "message_id": "1", "text": %s}'
    % (b"[" * 10_000 + b"]" * 10_000),
    b'[{"from": "+34600111222", "text": "STOP", "message_id": "1"}]',
    b'{"from": "+34600111222", "text": "STOP", "message_id": "1\\ud800"}',
    b'{"from": "+34600111222", "text": "ST\xffOP", "message_id": "1"}',
    b"",
    b" ",
]


def hand_in(visitor: Visitor, text: str, message_id: str = "1", **more: object):
    body = {"from": ASHA, "text": text, "message_id": message_id, **more}
    return visitor.program.post(INBOUND, body)


@pytest.mark.parametrize(("text", "outcome"), MEANT, ids=lambda text: repr(text[:24]))
def test_a_text_means_what_a_person_would_say(
    visitor: Visitor, phone: Channel, text: str, outcome: str
) -> None:
    answer = hand_in(visitor, text)
    assert (answer.status_code, answer.json()["outcome"]) == (200, outcome)
    assert Entry.objects.exists() == (outcome == "opted_out")


@pytest.mark.parametrize("text", ["a" * 100_000 + "!", "STOP\x00", "x" * 5_000_000])
def test_what_cannot_be_kept_whole_is_named_and_nothing_stored(
    visitor: Visitor, phone: Channel, text: str
) -> None:
    assert refused_by_api(hand_in(visitor, text)) == {"text"}
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("body", NO_MESSAGES, ids=lambda body: repr(body[-24:]))
def test_a_body_that_is_no_message_is_refused(
    visitor: Visitor, phone: Channel, body: bytes
) -> None:
    answer = visitor.program.generic("POST", INBOUND, body, "application/json")
    refused_by_api(answer)
    assert answer.status_code == 400
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    "sent_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0"]
)
def test_a_time_that_no_calendar_has_is_named(
    visitor: Visitor, phone: Channel, sent_at: str
) -> None:
    assert refused_by_api(hand_in(visitor, "STOP", sent_at=sent_at)) == {"sent_at"}
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    "sent_at",
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00+23:59:59"],
)
def test_a_stop_with_an_odd_time_is_obeyed(
    visitor: Visitor, phone: Channel, sent_at: str
) -> None:
    answer = hand_in(visitor, "STOP", sent_at=sent_at)
    assert answer.json()["outcome"] == "opted_out"


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_text_on_every_page_that_shows_it(
    visitor: Visitor, phone: Channel, text: str
) -> None:
    hand_in(visitor, text)
    event = InboundEvent.objects.get()
    shown = [
        f"/sandbox/?channel=900&address={ASHA.replace('+', '%2B')}",
        reverse("admin:teambox_inboundevent_changelist"),
        reverse("admin:teambox_inboundevent_change", args=[event.pk]),
    ]
    for url in shown:
        page = visitor.browser.get(url).content.decode()
        assert text not in page or not set(text) & set('<>"')
    assert event.text == text


@pytest.mark.parametrize("text", MARKUP)
def test_the_playground_and_the_sandbox_take_markup_for_text(
    visitor: Visitor, phone: Channel, text: str
) -> None:
    browser: Client = visitor.browser
    page = browser.get(reverse("keywords"), {"text": text, "channel": "900"})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    written = {"channel": "900", "sender": text, "text": text}
    refused = browser.post(reverse("sandbox-inbound"), written, headers=HTMX)
    assert refused.status_code == 422
    assert refused["Content-Type"].startswith("text/plain")
    assert not InboundEvent.objects.exists()


def test_a_lists_name_that_is_markup_is_text_in_the_webhook_and_the_log(
    visitor: Visitor, phone: Channel
) -> None:
    row = make_list('<img src=x onerror="alert(1)">', "LEAVE IT")
    type(row).objects.filter(pk=row.pk).update(webhook_url="https://x.org/")
    assert hand_in(visitor, "leave it").json()["lists"] == [row.pk]
    delivery = WebhookDelivery.objects.get()
    page = visitor.browser.get(reverse("delivery", args=[delivery.pk]))
    assert "<img src=x" not in page.content.decode()
    assert default_list().pk != row.pk
