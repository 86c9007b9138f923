"""/api/v1/conversations/ and /api/v1/reviews/."""

import pytest
from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from optout.access import Role
from optout.models import Channel, Hold
from teambox.models import Conversation
from tests.api_clients import client_of, problem
from tests.factories import ASHA, RAHUL, make_channel, opt_out, sent_texts
from tests.teambox.people import UNCLEAR, is_out, say

pytestmark = pytest.mark.django_db
CONVERSATIONS = "/api/v1/conversations/"
REVIEWS = "/api/v1/reviews/"


@pytest.fixture
def agent() -> APIClient:
    return client_of(Role.AGENT)


@pytest.fixture
def asha(sms: Channel) -> Conversation:
    say(sms, "Where is my parcel?")
    return Conversation.objects.get()


def url_of(conversation: Conversation, act: str = "") -> str:
    return f"{CONVERSATIONS}{conversation.pk}/{act}"


def test_conversations_are_listed_and_selected(
    agent: APIClient, asha: Conversation, sms: Channel
) -> None:
    say(sms, "Hello", sender=RAHUL)
    agent.post(url_of(asha, "solve/"))
    solved = agent.get(f"{CONVERSATIONS}?state=solved").json()["results"]
    assert [row["address"] for row in solved] == [ASHA]
    nobodys = agent.get(f"{CONVERSATIONS}?assignee=nobody&state=open").json()
    assert [row["address"] for row in nobodys["results"]] == [RAHUL]


def test_a_thread_tells_what_was_written_and_what_became_of_it(
    agent: APIClient, asha: Conversation, sms: Channel
) -> None:
    reply = agent.post(url_of(asha, "replies/"), {"text": "It left today."})
    assert (reply.status_code, reply.json()["status"]) == (202, "queued")
    agent.post(url_of(asha, "notes/"), {"text": "Late again"})
    assert sent_texts(sms) == ["It left today."]
    thread = agent.get(url_of(asha, "thread/")).json()
    shown = [(row["kind"], row["status"]) for row in thread["items"]]
    assert shown == [("inbound", None), ("reply", "sent"), ("note", None)]
    assert thread["before"] is None


def test_the_same_reply_with_one_key_is_sent_once(
    agent: APIClient, asha: Conversation, sms: Channel
) -> None:
    key = {"Idempotency-Key": "one"}
    for _ in range(2):
        agent.post(url_of(asha, "replies/"), {"text": "It left."}, headers=key)
    assert sent_texts(sms) == ["It left."]


@pytest.mark.parametrize("before", ["yesterday", "1", "2026-99-01"])
def test_no_time_is_refused(agent: APIClient, asha: Conversation, before: str) -> None:
    response = agent.get(url_of(asha, "thread/"), {"before": before})
    assert response.status_code == 400


def test_a_conversation_is_started_unless_the_default_list_withholds_it(
    agent: APIClient, sms: Channel
) -> None:
    body = {"channel_id": sms.pk, "to": ASHA, "text": "Your order"}
    made = agent.post(CONVERSATIONS, body)
    assert (made.status_code, made.json()["address"]) == (202, ASHA)
    opt_out(RAHUL)
    refused = agent.post(CONVERSATIONS, body | {"to": RAHUL})
    assert problem(refused) == (409, "opted_out", "text")
    wrong = agent.post(CONVERSATIONS, body | {"channel_id": 7})
    assert problem(wrong) == (400, "unknown_channel", "channel_id")


def test_a_conversation_is_given_to_agents_alone(
    agent: APIClient, asha: Conversation
) -> None:
    mina = User.objects.create_user("mina")
    refused = agent.post(url_of(asha, "assign/"), {"assignee": "mina"})
    assert problem(refused) == (400, "unknown_agent", "assignee")
    mina.groups.add(Group.objects.get(name=Role.AGENT))
    given = agent.post(url_of(asha, "assign/"), {"assignee": "mina"})
    assert given.json()["assignee"] == "mina"
    freed = agent.post(url_of(asha, "assign/"), {"assignee": None})
    assert freed.json()["assignee"] is None


def test_a_solved_conversation_is_opened_again(
    agent: APIClient, asha: Conversation
) -> None:
    assert agent.post(url_of(asha, "solve/")).json()["state"] == "solved"
    assert agent.post(url_of(asha, "reopen/")).json()["state"] == "open"


def test_a_review_is_decided_once(agent: APIClient, sms: Channel) -> None:
    say(sms, UNCLEAR)
    [waiting] = agent.get(f"{REVIEWS}?state=waiting").json()["results"]
    decided = agent.post(f"{REVIEWS}{waiting['id']}/opt-out/")
    assert decided.json()["state"] == "opted_out"
    assert is_out(sms)
    again = agent.post(f"{REVIEWS}{waiting['id']}/dismiss/", {"note": "No"})
    assert problem(again)[:2] == (409, "decided")


def test_identical_requests_are_dismissed_together(
    agent: APIClient, sms: Channel
) -> None:
    whatsapp = make_channel(101)
    for channel, text in ((sms, UNCLEAR), (whatsapp, UNCLEAR.upper())):
        say(channel, text)
    say(sms, "Who is this? Stop", sender=RAHUL)
    first = Hold.objects.earliest("id")
    body = {"note": "Talks of work", "identical": True}
    answer = agent.post(f"{REVIEWS}{first.pk}/dismiss/", body)
    assert answer.json() == {"dismissed": 2}
    assert Hold.objects.filter(state="waiting").count() == 1
