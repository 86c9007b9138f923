"""The playground says what a message would do; the table lists every word."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from optout.models import Channel, Entry, Hold, Workspace
from tests.factories import make_channel, make_list

pytestmark = pytest.mark.django_db
PAGE = "/opt-out/keywords/"


@pytest.fixture
def agent(client: Client) -> Client:
    user = User.objects.create_user("agent")
    user.groups.add(Group.objects.get(name="Agent"))
    client.force_login(user)
    return client


@pytest.fixture
def phone() -> Channel:
    return make_channel(name="Phone")


def said(agent: Client, text: str) -> str:
    part = {"HX-Request": "true", "HX-Target": "verdict"}
    query = {"text": text, "channel": "900"}
    return agent.get(PAGE, query, headers=part).content.decode()


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("STOP", "Opts out of Default opt-out list"),
        ("Stop. Thank you", "nothing around it but polite words"),
        ("please remove me from your list", "A phrase that asks for it"),
        ("start", "Comes back to Default opt-out list"),
        ("help", "Asks for help"),
        ("When do you open?", "Nothing happens"),
        ("promo off", "Opts out of Promotions"),
    ],
)
def test_the_verdict_names_what_happens_and_why(
    agent: Client, phone: Channel, text: str, verdict: str
) -> None:
    make_list()
    assert verdict in said(agent, text)
    assert not Entry.objects.exists()


def test_what_nobody_can_be_sure_of_goes_to_review(
    agent: Client, phone: Channel
) -> None:
    html = said(agent, "please do not remove me from your list")
    assert "Goes to the review queue" in html
    assert not Hold.objects.exists()


def test_a_word_that_the_channel_is_deaf_to_does_nothing(
    agent: Client, phone: Channel
) -> None:
    Channel.objects.filter(pk=900).update(disabled_core_words=["core:cancel"])
    assert "Opts out" not in said(agent, "CANCEL")


def test_the_verdict_says_where_it_counts(agent: Client, phone: Channel) -> None:
    assert "on Phone" in said(agent, "STOP")
    Workspace.objects.update(person_opts_out_everywhere=True)
    assert "on all channels" in said(agent, "STOP")


@pytest.mark.parametrize("text", ["", "   ", "x" * 1601])
def test_nothing_to_judge_gives_no_verdict(
    agent: Client, phone: Channel, text: str
) -> None:
    assert "appears here as you type" in said(agent, text)


def test_a_hostile_message_is_shown_as_text(agent: Client, phone: Channel) -> None:
    html = agent.get(PAGE, {"text": "</textarea><script>x()</script>"}).content
    assert b"<script>x()" not in html


def test_the_page_works_without_any_channel(agent: Client) -> None:
    response = agent.get(PAGE, {"text": "STOP"})
    assert response.status_code == 200
    assert b"appears here as you type" in response.content


def test_the_table_has_built_in_words_and_those_of_lists(agent: Client) -> None:
    make_list()
    html = agent.get(PAGE).content.decode()
    for word in ("UNSUBSCRIBE", "ARRÊT", "退订", "PROMO OFF"):
        assert word in html


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("search=arret", "ARRÊT", "BAJA"),
        ("meaning=lift", "UNSTOP", "BAJA"),
        ("language=French", "ABONNER", "BAJA"),
        ("language=lists", "PROMO OFF", "BAJA"),
    ],
)
def test_the_table_is_narrowed_down(
    agent: Client, query: str, shown: str, hidden: str
) -> None:
    make_list()
    part = {"HX-Request": "true", "HX-Target": "words"}
    html = agent.get(f"{PAGE}?{query}", headers=part).content.decode()
    assert shown in html
    assert hidden not in html


def test_a_search_without_a_match_offers_to_clear_it(agent: Client) -> None:
    assert b"No word matches" in agent.get(f"{PAGE}?search=zzzz").content


def test_a_stranger_is_sent_to_the_log_in(client: Client) -> None:
    assert client.get(PAGE)["Location"].startswith("/login/")
