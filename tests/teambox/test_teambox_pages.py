"""The Teambox's pages: the list, a thread, what agents do, and what a poll tells."""

import re
import runpy
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from optout.access import Role
from optout.models import (
    Channel,
    OutgoingMessage,
    Purpose,
    Reason,
    Source,
    Workspace,
    default_list,
    live_entries,
)
from teambox.models import CannedReply, Conversation, Line
from teambox.views.inbox import MOST_SHOWN
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    drain,
    make_batch,
    make_channel,
    make_list,
    opt_out,
    queue,
    sent_texts,
)
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of
from tests.teambox.panes import (
    ALL,
    LIST,
    THREAD,
    have,
    poll_list,
    poll_thread,
    url_of,
)
from tests.teambox.people import UNCLEAR, is_out, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Client:
    return browser_of(Role.AGENT)


@pytest.fixture
def asha(sms: Channel) -> Conversation:
    say(sms, "Where is my parcel?", payload={"name": "Asha Rao"})
    return Conversation.objects.get()


# The list


def test_a_tab_shows_its_conversations_and_each_tab_its_count(
    agent: Client, asha: Conversation
) -> None:
    assert "Nothing is yours yet" in text_of(agent.get("/teambox/"))
    shown = text_of(agent.get("/teambox/?tab=unassigned"))
    assert "Mine 0 Unassigned 1 All 1 Solved 0" in shown
    assert "Asha Rao" in shown
    agent.post(url_of(asha, "accept/"))
    assert "Mine 1 Unassigned 0" in text_of(agent.get("/teambox/"))
    agent.post(url_of(asha, "solve/"))
    assert "Asha Rao" in text_of(agent.get("/teambox/?tab=solved"))


@pytest.mark.parametrize("search", ["asha", "0034 600-111-222", "111222", "RAO"])
def test_a_search_finds_names_and_addresses(
    agent: Client, asha: Conversation, sms: Channel, search: str
) -> None:
    say(sms, "Hello", sender=RAHUL)
    shown = text_of(agent.get("/teambox/", {"tab": "all", "search": search}))
    assert "Asha Rao" in shown
    assert RAHUL not in shown


def test_a_row_tells_who_is_opted_out_and_who_is_under_review(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    assert "Opted out" not in text_of(agent.get("/teambox/?tab=all"))
    say(sms, "STOP")
    say(sms, UNCLEAR, sender=RAHUL)
    shown = text_of(agent.get("/teambox/?tab=all"))
    assert shown.count("Opted out") == 1
    assert shown.count("Under review") == 1


def test_the_page_asks_the_database_as_often_for_many_as_for_one(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    queries_of(agent, "/teambox/?tab=all")
    few = queries_of(agent, "/teambox/?tab=all")
    for number in range(20):
        say(sms, "STOP", sender=f"+346001117{number:02}")
    assert queries_of(agent, "/teambox/?tab=all") == few


def test_a_conversation_asks_the_database_as_often_when_much_was_said(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    pages = [url_of(asha), url_of(asha, "older/?before=2099-01-01T00:00:00Z")]

    def queries_after(messages: int) -> list[int]:
        for number in range(messages):
            say(sms, "STOP" if number % 2 else "Hello")
            queue(make_batch(sms, purpose=Purpose.BROADCAST), ASHA, f"Sale {number}")
        agent.get(url_of(asha))  # reads it
        return [queries_of(agent, page) for page in pages]

    assert queries_after(2) == queries_after(20)


# Polls


def test_a_poll_answers_nothing_while_nothing_happens(
    agent: Client, asha: Conversation
) -> None:
    agent.get(url_of(asha))
    rows = have(agent, url_of(asha, "?tab=all"), LIST)
    thread = have(agent, url_of(asha), THREAD)
    assert poll_list(agent, rows, current=asha.pk) == (204, "")
    assert poll_thread(agent, asha, thread) == (204, "")


def test_a_list_poll_brings_only_what_changed(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    say(sms, "Hello", sender=RAHUL)
    shown = have(agent, ALL, LIST)
    say(sms, "And now?")
    status, html = poll_list(agent, shown)
    assert status == 200
    assert "And now?" in html
    assert 'hx-swap-oob="afterbegin:#conversations"' in html
    assert RAHUL not in html


def test_a_row_that_left_the_tab_is_taken_away(
    agent: Client, asha: Conversation
) -> None:
    shown = have(agent, ALL, LIST)
    agent.post(url_of(asha, "solve/"))
    _, html = poll_list(agent, shown)
    assert f'<div id="conversation-{asha.pk}" hx-swap-oob="delete">' in html


def test_an_agent_sees_a_stop_of_a_held_conversation_within_one_poll(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    agent.post(url_of(asha, "accept/"))
    rows, thread = have(agent, ALL, LIST), have(agent, url_of(asha), THREAD)
    say(sms, "STOP")
    assert is_out(sms)
    _, html = poll_thread(agent, asha, thread)
    assert "Added to Default opt-out list by keyword STOP" in html
    assert "Opted out of Default opt-out list." in html
    assert "Opted out" in poll_list(agent, rows)[1]


def test_an_opt_out_by_another_door_reaches_list_and_banner(
    agent: Client, asha: Conversation
) -> None:
    rows, thread = have(agent, ALL, LIST), have(agent, url_of(asha), THREAD)
    opt_out(ASHA)
    assert "Opted out" in poll_list(agent, rows)[1]
    assert "Opted out of" in poll_thread(agent, asha, thread)[1]


def test_polls_stay_within_three_queries_of_their_own(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    """Beside the three that tell who asks: session, user and permissions."""
    for number in range(20):
        say(sms, "STOP", sender=f"+346001117{number:02}")
        say(sms, f"Number {number}")
    agent.get(url_of(asha))
    rows, thread = have(agent, ALL, LIST), have(agent, url_of(asha), THREAD)
    with CaptureQueriesContext(connection) as seen:
        assert poll_list(agent, rows)[0] == 204
    assert len(seen) == 3 + 2
    with CaptureQueriesContext(connection) as seen:
        assert poll_thread(agent, asha, thread)[0] == 204
    assert len(seen) == 3 + 3


def test_the_longest_poll_fits_the_line_that_the_server_reads(agent: Client) -> None:
    script = Path("static/js/teambox.js").read_text()
    [rows] = re.findall(r"MOST_ROWS = (\d+)", script)
    assert int(rows) >= MOST_SHOWN
    shown = ",".join(["conversation-1234567890.deadbeef"] * int(rows))
    url = "/teambox/poll/?" + urlencode({"search": "é" * 320, "have": shown})
    assert len(url) < runpy.run_path("gunicorn.conf.py")["limit_request_line"]


# The thread


def test_a_thread_shows_what_they_wrote_what_we_sent_and_what_happened(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    queue(make_batch(sms, purpose=Purpose.BROADCAST), ASHA, "Our sale starts")
    drain()
    say(sms, "STOP")
    drain()
    queue(make_batch(sms, purpose=Purpose.BROADCAST), ASHA, "Last chance")
    drain()
    shown = text_of(agent.get(url_of(asha)))
    parts = [
        "Where is my parcel?",
        "Our sale starts",
        "STOP",
        "by keyword STOP",
        default_list().message,
        "Broadcast withheld: Optout Number",
    ]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)


def test_earlier_messages_come_by_a_button(agent: Client, asha: Conversation) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    Line.objects.bulk_create(
        Line(
            conversation=asha,
            kind="note",
            text=f"Note {n:02}",
            at=long_ago + timedelta(minutes=n),
        )
        for n in range(60)
    )
    page = agent.get(url_of(asha))
    assert "Note 59" in text_of(page)
    assert "Note 05" not in text_of(page)
    [link] = re.findall(r'hx-get="([^"]+older/[^"]+)"', page.content.decode())
    earlier = text_of(agent.get(link, headers=HTMX))
    assert "Note 05" in earlier
    assert "Note 59" not in earlier
    alone = text_of(agent.get(link))
    assert "Earlier messages" in alone
    assert "Note 05" in alone


def test_opening_a_conversation_reads_it(agent: Client, asha: Conversation) -> None:
    assert Conversation.objects.get().unread == 1
    browser_of(Role.COMPLIANCE).get(url_of(asha))
    assert Conversation.objects.get().unread == 1
    agent.get(url_of(asha))
    assert Conversation.objects.get().unread == 0


@pytest.mark.parametrize("url", ["/teambox/99/", "/teambox/99/poll/"])
def test_no_conversation_is_not_found(agent: Client, url: str) -> None:
    assert agent.get(url).status_code == 404


def test_earlier_than_no_time_is_not_found(agent: Client, asha: Conversation) -> None:
    for before in ("", "yesterday", "2026-13-45T00:00", "2026-01-01T00:00"):
        response = agent.get(url_of(asha, "older/"), {"before": before})
        assert response.status_code == 404


# What agents do


def test_a_reply_leaves_and_the_composer_comes_back_empty(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    form = {"text": "It left today.", "version": asha.version}
    response = agent.post(url_of(asha, "write/"), form, headers=HTMX)
    assert response.status_code == 200
    assert "It left today." not in response.content.decode()
    agent.post(url_of(asha, "write/"), form, headers=HTMX)  # a double click
    assert sent_texts(sms) == ["It left today."]


def test_a_note_stays_with_us(agent: Client, asha: Conversation, sms: Channel) -> None:
    agent.post(url_of(asha, "write/"), {"text": "Call her back", "is_note": "on"})
    assert "Call her back" in text_of(agent.get(url_of(asha)))
    assert sent_texts(sms) == []


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4_001])
def test_a_reply_that_makes_no_sense_is_shown_again(
    agent: Client, asha: Conversation, text: str
) -> None:
    response = agent.post(url_of(asha, "write/"), {"text": text}, headers=HTMX)
    assert response.status_code == 422
    assert errors_of(response)["text"]
    assert not OutgoingMessage.objects.exists()


def test_a_reply_to_who_is_opted_out_goes_unless_the_workspace_forbids(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    opt_out(ASHA)
    agent.post(url_of(asha, "write/"), {"text": "One"})
    Workspace.objects.update(forbid_agent_replies=True)
    response = agent.post(url_of(asha, "write/"), {"text": "Two"}, headers=HTMX)
    assert "Default opt-out list" in errors_of(response)["text"][0]
    assert sent_texts(sms) == ["One"]


def test_a_second_agent_is_told_who_was_quicker(
    agent: Client, asha: Conversation
) -> None:
    browser_of(Role.ADMIN).post(url_of(asha, "accept/"))
    response = agent.post(url_of(asha, "accept/"), headers=HTMX)
    assert "a admin has it already" in response["HX-Trigger"]


def test_a_conversation_is_given_to_an_agent_and_to_no_marketer(
    agent: Client, asha: Conversation
) -> None:
    browser_of(Role.MARKETER)
    me, marketer = (User.objects.get(username=f"a {r}") for r in ("agent", "marketer"))
    url = url_of(asha, "assign/")
    assert agent.post(url, {"assignee": marketer.pk}).status_code == 422
    agent.post(url, {"assignee": me.pk})
    assert Conversation.objects.get().assignee == me
    agent.post(url, {"assignee": ""})
    assert Conversation.objects.get().assignee is None


def test_an_agent_starts_a_conversation_and_has_it(agent: Client, sms: Channel) -> None:
    form = {"address": "0034 600 111 222", "channel": sms.pk, "text": "Your order"}
    response = agent.post("/teambox/start/", form)
    found = Conversation.objects.get()
    assert response["Location"] == url_of(found)
    assert found.assignee is not None
    assert sent_texts(sms) == ["Your order"]


def test_nobody_on_the_default_list_is_written_to_first(
    agent: Client, sms: Channel
) -> None:
    opt_out(ASHA)
    form = {"address": ASHA, "channel": sms.pk, "text": "Your order"}
    response = agent.post("/teambox/start/", form)
    assert response.status_code == 422
    assert "we may not write first" in errors_of(response)["text"][0]
    assert sent_texts(sms) == []


def test_a_conversation_begun_before_the_opt_out_is_withheld_at_the_gate(
    agent: Client, sms: Channel
) -> None:
    form = {"address": ASHA, "channel": sms.pk, "text": "Your order"}
    agent.post("/teambox/start/", form)
    opt_out(ASHA)
    assert sent_texts(sms) == []
    assert "Optout Number" in OutgoingMessage.objects.get().error


@pytest.mark.parametrize(
    ("address", "field"), [("nobody", "address"), (LEENA, "address")]
)
def test_a_start_names_what_is_wrong(
    agent: Client, sms: Channel, address: str, field: str
) -> None:
    form = {"address": address, "channel": sms.pk, "text": "Hi"}
    response = agent.post("/teambox/start/", form)
    assert response.status_code == 422
    assert errors_of(response)[field]


def test_a_message_becomes_the_evidence_of_an_opt_out(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    promotions = make_list()
    line = asha.lines.get()
    url = url_of(asha, f"lines/{line.pk}/opt-out/")
    assert "Where is my parcel?" in text_of(agent.get(url))
    lists = [default_list().pk, promotions.pk]
    agent.post(url, {"lists": lists, "channel": sms.pk})
    entries = live_entries()
    assert {entry.list_id for entry in entries} == set(lists)
    assert {(e.source, e.reason_code) for e in entries} == {
        (Source.MESSAGE, Reason.PERSON)
    }
    assert entries[0].asked_at == line.at
    assert "from a message" in text_of(agent.get(url_of(asha)))


def test_an_opt_out_from_a_message_needs_a_list(
    agent: Client, asha: Conversation, sms: Channel
) -> None:
    url = url_of(asha, f"lines/{asha.lines.get().pk}/opt-out/")
    response = agent.post(url, {"channel": sms.pk}, headers=HTMX)
    assert response.status_code == 422
    assert not live_entries().exists()


# Canned replies


def test_canned_replies_are_kept_found_and_deleted(agent: Client) -> None:
    url = "/teambox/canned-replies/"
    agent.post(f"{url}add/", {"shortcut": "parcel", "text": "It left."})
    again = agent.post(f"{url}add/", {"shortcut": "PARCEL", "text": "Twice"})
    assert again.status_code == 422
    assert "/parcel" in text_of(agent.get(f"{url}find/", {"shortcut": "Par"}))
    assert "/parcel" not in text_of(agent.get(f"{url}find/", {"shortcut": "x"}))
    [kept] = CannedReply.objects.all()
    agent.post(f"{url}{kept.pk}/delete/")
    assert "No canned reply yet" in text_of(agent.get(url))


# Roles


def test_compliance_reads_and_a_marketer_stays_out(asha: Conversation) -> None:
    reader, marketer = browser_of(Role.COMPLIANCE), browser_of(Role.MARKETER)
    assert "Where is my parcel?" in text_of(reader.get(url_of(asha)))
    for act in ("write/", "accept/", "solve/", "reopen/", "assign/"):
        assert reader.post(url_of(asha, act), {"text": "x"}).status_code == 403
    assert marketer.get(url_of(asha)).status_code == 403
    assert marketer.get("/teambox/").status_code == 403


def test_a_masked_agent_never_gets_a_whole_address(agent: Client, sms: Channel) -> None:
    Workspace.objects.update(masked_roles=[Role.AGENT])
    say(sms, "Hello")
    asha = Conversation.objects.get()
    pages = ["/teambox/?tab=all", url_of(asha), url_of(asha, "poll/")]
    pages.append(url_of(asha, f"lines/{asha.lines.get().pk}/opt-out/"))
    for url in pages:
        assert ASHA not in agent.get(url).content.decode()
    assert "+34•••••222" in text_of(agent.get("/teambox/?tab=all"))


def test_channels_of_another_kind_have_threads_of_their_own(
    agent: Client, asha: Conversation
) -> None:
    mailbox = make_channel(901, email=True)
    say(mailbox, "Hello by mail", sender=LEENA)
    assert "Hello by mail" not in text_of(agent.get(url_of(asha)))
