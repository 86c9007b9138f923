"""The review queue's page: the sentence, why it waits, and deciding it."""

import pytest
from django.test import Client

from optout.access import Role
from optout.models import Channel, Hold, HoldState, live_entries
from teambox.models import Conversation
from tests.factories import RAHUL, make_batch, queue, sent_texts
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of
from tests.teambox.people import UNCLEAR, is_out, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Client:
    return browser_of(Role.AGENT)


@pytest.fixture
def hold(sms: Channel) -> Hold:
    say(sms, UNCLEAR, payload={"name": "Asha Rao"})
    return Hold.objects.get()


def test_the_queue_shows_who_wrote_what_and_why_it_waits(
    agent: Client, hold: Hold
) -> None:
    shown = text_of(agent.get("/review/"))
    for part in ("Asha Rao", UNCLEAR, hold.reason, "Review 1"):
        assert part in shown


def test_one_click_opts_out_and_the_thread_tells(
    agent: Client, hold: Hold, sms: Channel
) -> None:
    assert is_out(sms)  # withheld while it waits
    response = agent.post(f"/review/{hold.pk}/opt-out/", headers=HTMX)
    assert "Added to" in response["HX-Trigger"]
    assert live_entries().get().source == "review"
    thread = text_of(agent.get(f"/teambox/{Conversation.objects.get().pk}/"))
    assert "decided the review: added to Default opt-out list" in thread


def test_a_dismissed_request_lets_marketing_go_on(
    agent: Client, hold: Hold, sms: Channel
) -> None:
    url = f"/review/{hold.pk}/dismiss/"
    assert errors_of(agent.post(url, {"reason": ""}, headers=HTMX))["reason"]
    assert errors_of(agent.post(url, {"reason": "other"}, headers=HTMX))["note"]
    agent.post(url, {"reason": "other", "note": "Talks of work"}, headers=HTMX)
    queue(make_batch(sms), hold.address, "Our sale")
    assert sent_texts(sms) == ["Our sale"]
    assert "Other: Talks of work" in text_of(agent.get("/review/?decided=1"))


def test_identical_requests_can_go_together(
    agent: Client, hold: Hold, sms: Channel
) -> None:
    say(sms, UNCLEAR, sender=RAHUL)
    url = f"/review/{hold.pk}/dismiss/"
    assert "Dismiss 1 more" in text_of(agent.get(url))
    agent.post(url, {"reason": "no_request", "identical": "on"}, headers=HTMX)
    assert not Hold.objects.filter(state=HoldState.WAITING).exists()


def test_the_second_to_decide_is_told_who_was_first(agent: Client, hold: Hold) -> None:
    browser_of(Role.COMPLIANCE).post(f"/review/{hold.pk}/opt-out/")
    response = agent.post(f"/review/{hold.pk}/dismiss/", headers=HTMX)
    assert "a compliance has decided this already" in response["HX-Trigger"]


def test_an_empty_queue_says_so(agent: Client) -> None:
    assert "Nothing waits for you" in text_of(agent.get("/review/"))


def test_the_queue_asks_as_often_for_many_as_for_one(
    agent: Client, hold: Hold, sms: Channel
) -> None:
    queries_of(agent, "/review/")
    few = queries_of(agent, "/review/")
    for number in range(10):
        say(sms, UNCLEAR, sender=f"+346001117{number:02}")
    assert queries_of(agent, "/review/") == few


def test_a_marketer_decides_nothing(hold: Hold) -> None:
    marketer = browser_of(Role.MARKETER)
    assert marketer.get("/review/").status_code == 403
    assert marketer.post(f"/review/{hold.pk}/opt-out/").status_code == 403
