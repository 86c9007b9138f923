"""What people write reaches lists, conversations and agents, whatever goes wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from optout import action_table
from optout.access import Role
from optout.action_forms import ActionForm
from optout.action_table import Result
from optout.models import Channel, Hold, SandboxMessage, live_entries
from teambox import contacts, tasks
from teambox.models import Contact, Conversation, EventState, InboundEvent
from tests.factories import ASHA, make_channel, make_list
from tests.flows.conftest import Api
from tests.page_clients import browser_of, text_of
from tests.teambox.panes import (
    ALL,
    LIST,
    THREAD,
    have,
    poll_list,
    poll_thread,
    url_of,
)
from tests.teambox.replies import adding, make_reply, outcomes, removing

pytestmark = pytest.mark.django_db(transaction=True)

Hear = Callable[[str], str]
DEFAULT = "Default opt-out list"


@pytest.fixture
def phone() -> Channel:
    return make_channel(900)


@pytest.fixture
def agent() -> Client:
    return browser_of(Role.AGENT)


@pytest.fixture
def hear(api: Api, phone: Channel) -> Hear:
    """A provider hands in what Asha wrote, and is told what it did."""

    def hand_in(text: str) -> str:
        number = InboundEvent.objects.count()
        body = {"from": ASHA, "text": text, "message_id": f"wamid.{number}"}
        outcome: str = api.post("/inbound/900/", body)["outcome"]
        return outcome

    return hand_in


def lists_of_asha() -> set[str]:
    return {entry.list.name for entry in live_entries().filter(address=ASHA)}


def sell(api: Api, work: Callable[[], None]) -> int:
    """A marketing message to Asha: how many reach her."""
    default = api.get("/opt-out-lists/")["results"][0]["id"]
    body = {"channel_id": 900, "to": ASHA, "text": "Sale", "opt_out_lists": [default]}
    api.post("/messages/", body)
    work()
    return SandboxMessage.objects.filter(text="Sale").count()


def test_stop_on_a_held_conversation_is_seen_within_one_poll(
    hear: Hear, work: Callable[[], None], agent: Client
) -> None:
    hear("Where is my parcel?")
    found = Conversation.objects.get()
    agent.post(url_of(found, "accept/"))
    rows, thread = have(agent, ALL, LIST), have(agent, url_of(found), THREAD)
    assert hear("STOP") == "opted_out"
    work()
    shown = poll_thread(agent, found, thread)[1]
    assert f"Opted out of {DEFAULT}." in shown
    assert "You will get no more marketing messages" in shown
    assert "Opted out" in poll_list(agent, rows)[1]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("please stop", "opted_out"),
        ("please stop messaging me about offers", "opted_out"),
        ("do NOT text me at work, my boss said stop it ok?", "review"),
        ("Where can I stop by to see your offers?", "message"),
    ],
)
def test_a_request_takes_its_tier_or_waits_for_review(
    hear: Hear, api: Api, work: Callable[[], None], text: str, outcome: str
) -> None:
    assert hear(text) == outcome
    assert bool(lists_of_asha()) == (outcome == "opted_out")
    assert Hold.objects.exists() == (outcome == "review")
    assert sell(api, work) == (1 if outcome == "message" else 0)


def test_a_managers_stop_is_treated_like_anyones(
    hear: Hear, api: Api, work: Callable[[], None], agent: Client
) -> None:
    manager = User.objects.create_superuser("manager")
    hear("Testing our line")
    found = Conversation.objects.get()
    Contact.objects.update(owner=manager, name="The manager")
    contacts.tag(Contact.objects.all(), "Staff")
    Conversation.objects.update(assignee=manager)
    assert hear("STOP") == "opted_out"
    assert lists_of_asha() == {DEFAULT}
    assert sell(api, work) == 0
    assert "Opted out of" in text_of(agent.get(url_of(found)))


def test_a_question_moves_somebody_between_lists(
    hear: Hear, work: Callable[[], None], agent: Client
) -> None:
    promo, news = make_list(), make_list("News", "NEWS OFF")
    events, letters = make_list("Events", "EVENTS OFF"), make_list("Mail", "MAIL OFF")
    make_reply("only events please", actions=(adding(promo, news), removing(events)))
    make_reply(
        "events and letters",
        answer="Gladly.",
        actions=(removing(promo, news), adding(events, letters)),
    )
    hear("Only events please!")
    assert lists_of_asha() == {"Promotions", "News"}
    hear("Events and letters?")
    work()
    assert lists_of_asha() == {"Events", "Mail"}
    assert SandboxMessage.objects.get().text == "Gladly."
    thread = text_of(agent.get(url_of(Conversation.objects.get())))
    assert "Remove from opt-out list" in thread


def test_a_failing_smart_reply_leaves_opt_out_and_conversation_in_place(
    hear: Hear, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Result:
        raise RuntimeError("the action is broken")

    broken = action_table.Action(
        name="broken", label="Broken", run=fail, form=ActionForm
    )
    monkeypatch.setitem(action_table.ACTIONS, "broken", broken)
    promo = make_list()
    make_reply("stop", actions=(("broken", {}), adding(promo)))
    assert hear("STOP") == "opted_out"
    assert lists_of_asha() == {DEFAULT, "Promotions"}
    assert [outcome for _, outcome in outcomes()] == ["failed", "added"]
    assert InboundEvent.objects.get().state == EventState.DONE
    assert "STOP" in text_of(agent.get(url_of(Conversation.objects.get())))


def test_trouble_with_a_contact_leaves_the_opt_out_in_place_and_is_tried_again(
    hear: Hear, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Contact:
        raise RuntimeError("no contacts today")

    with monkeypatch.context() as trouble:
        trouble.setattr(contacts, "meet", fail)
        assert hear("STOP") == "opted_out"
    assert lists_of_asha() == {DEFAULT}
    assert not Conversation.objects.exists()
    InboundEvent.objects.update(next_at="2026-01-01T00:00Z")
    tasks.handle_inbound()
    assert Conversation.objects.get().lines.filter(text="STOP").exists()
    assert InboundEvent.objects.get().state == EventState.DONE
