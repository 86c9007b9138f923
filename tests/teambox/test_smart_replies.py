"""Smart replies: what a message is answered with, and what is done for it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from optout import action_table, addresses, list_deletion
from optout.action_forms import ActionForm
from optout.action_table import Result, Situation
from optout.models import (
    Channel,
    Purpose,
    Reason,
    default_list,
    live_entries,
)
from teambox import contacts, inbound, smart_replies, threads
from teambox.keyword_requests import Handled
from teambox.models import (
    Conversation,
    EventState,
    InboundEvent,
    InboundOutcome,
    LineKind,
    SmartReplyRun,
    SmartReplySettings,
)
from tests.factories import (
    ASHA,
    make_list,
    opt_out,
    sent_texts,
)
from tests.teambox.people import is_out, minute, say
from tests.teambox.replies import (
    NO_OFFERS,
    REMOVE,
    adding,
    make_reply,
    outcomes,
    removing,
    told,
)

pytestmark = pytest.mark.django_db
BACK = "send me offers again"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """An action `break` that raises what the list holds, one a time."""
    to_raise: list[Exception] = []

    def run(_situation: Situation, _settings: Any) -> Result:
        if to_raise:
            raise to_raise.pop(0)
        return Result("done")

    broken = action_table.Action(name="break", label="Break", run=run, form=ActionForm)
    monkeypatch.setitem(action_table.ACTIONS, "break", broken)
    return to_raise


# Answers


def test_a_question_is_answered_in_the_thread(sms: Channel) -> None:
    make_reply("opening hours", answer="Hi {{name|there}}, 9 to 5.")
    say(sms, "What are your OPENING hours?", payload={"name": "Asha"})
    assert sent_texts(sms) == ["Hi Asha, 9 to 5."]
    line = Conversation.objects.get().lines.last()
    assert (line.kind, line.text) == (LineKind.REPLY, "Hi Asha, 9 to 5.")
    assert line.actor_label == "Smart reply"
    assert line.message.batch.purpose == Purpose.SMART_REPLY


def test_a_fallback_stands_where_the_name_is_unknown(sms: Channel) -> None:
    make_reply("opening hours", answer="Hi {{name|there}}, 9 to 5.")
    say(sms, "opening hours")
    assert sent_texts(sms) == ["Hi there, 9 to 5."]


def test_an_answer_leaves_the_message_unread(sms: Channel) -> None:
    make_reply("opening hours", answer="9 to 5.")
    say(sms, "opening hours")
    assert Conversation.objects.get().unread == 1


def test_an_answer_reaches_who_is_opted_out(sms: Channel) -> None:
    opt_out(ASHA)
    make_reply("opening hours", answer="9 to 5.")
    say(sms, "opening hours")
    assert sent_texts(sms) == ["9 to 5."]


def test_what_no_question_asks_gets_the_default_reply(sms: Channel) -> None:
    SmartReplySettings.objects.create(pk=1, default_reply="We will be with you soon.")
    make_reply("opening hours", answer="9 to 5.")
    say(sms, "blue or green?")
    assert sent_texts(sms) == ["We will be with you soon."]


def test_without_a_default_reply_nothing_is_said_or_kept(sms: Channel) -> None:
    make_reply("opening hours", answer="9 to 5.")
    say(sms, "blue or green?")
    assert sent_texts(sms) == []
    assert not SmartReplyRun.objects.exists()


@pytest.mark.parametrize("how", ["off", "channel"])
def test_switched_off_nothing_is_answered_or_done(sms: Channel, how: str) -> None:
    settings = SmartReplySettings.objects.create(pk=1, is_on=how != "off")
    if how == "channel":
        settings.off_channels.add(sms)
    make_reply(answer="Done.", actions=(adding(default_list()),))
    say(sms, NO_OFFERS)
    assert sent_texts(sms) == []
    assert not is_out(sms)


# Actions


def test_a_question_adds_to_two_lists(sms: Channel) -> None:
    promo, news = make_list(), make_list("News", "NEWS OFF")
    make_reply(answer="You get no more.", actions=(adding(promo, news),))
    say(sms, "please, no more offers", sent_at=minute(3))
    assert is_out(sms, from_list=promo)
    assert is_out(sms, from_list=news)
    entry = live_entries().first()
    assert (entry.source, entry.reason_code) == ("smart_reply", Reason.PERSON)
    assert entry.asked_at == minute(3)
    assert entry.actor_label == "smart reply “no more offers”"
    assert sent_texts(sms) == ["You get no more."]


def test_a_question_removes_from_two_lists(sms: Channel) -> None:
    promo, news = make_list(), make_list("News", "NEWS OFF")
    say(sms, "PROMO OFF")
    say(sms, "NEWS OFF")
    make_reply(BACK, actions=(removing(promo, news, reason="asked_by_phone"),))
    say(sms, BACK)
    assert not live_entries().exists()
    entry = promo.entries.get()
    assert (entry.ended_source, entry.ended_reason) == ("smart_reply", "asked_by_phone")
    assert told(sms)[-1] == (
        "Smart reply “send me offers again” · "
        "Remove from opt-out list: removed: Promotions, News"
    )


@pytest.mark.parametrize("reason", [Reason.LEGAL, Reason.COMPLAINT])
def test_legal_and_complaint_entries_are_kept(sms: Channel, reason: Reason) -> None:
    promo = make_list()
    opt_out(ASHA, promo, reason=reason)
    make_reply(BACK, actions=(removing(promo),))
    say(sms, BACK)
    assert outcomes() == [(REMOVE, "kept")]
    assert is_out(sms, from_list=promo)


def test_what_the_person_made_is_kept_where_the_action_says_so(sms: Channel) -> None:
    say(sms, "STOP")
    make_reply(BACK, actions=(removing(default_list(), lift_what_person_made=False),))
    say(sms, BACK)
    assert outcomes() == [(REMOVE, "kept")]
    assert is_out(sms)


def test_a_message_that_is_older_than_the_stop_ends_nothing(sms: Channel) -> None:
    say(sms, "STOP", sent_at=minute(5))
    make_reply(BACK, actions=(removing(default_list()),))
    say(sms, BACK, sent_at=minute(4))
    assert outcomes() == [(REMOVE, "kept")]
    assert is_out(sms)


def test_an_older_wish_that_comes_late_does_not_undo_the_way_back(sms: Channel) -> None:
    say(sms, "STOP", sent_at=minute(1))
    make_reply(BACK, actions=(removing(default_list()),))
    say(sms, BACK, sent_at=minute(5))
    assert say(sms, "STOP", sent_at=minute(3)).outcome == InboundOutcome.STALE
    assert not is_out(sms)


def test_tags_assignment_and_one_more_message(sms: Channel) -> None:
    agent = User.objects.create(username="mina", is_superuser=True)
    wanted = (
        ("add_tag", {"tag": "Quiet"}),
        ("remove_tag", {"tag": "loud"}),
        ("assign", {"user": agent.pk}),
        ("reply", {"text": "One moment, {{name|friend}}."}),
    )
    make_reply(answer="Mina helps you.", actions=wanted)
    say(sms, NO_OFFERS)
    assert [done for _, done in outcomes()] == [
        "added",
        "not there",
        "assigned",
        "queued",
    ]
    assert sent_texts(sms) == ["One moment, friend.", "Mina helps you."]
    conversation = Conversation.objects.get()
    contact = contacts.of_address(conversation.key)
    assert contact is not None
    assert [str(tag) for tag in contact.tags.all()] == ["Quiet"]
    assert conversation.assignee == agent


def test_what_took_a_lists_place_is_added_to_and_never_left_by_itself(
    sms: Channel,
) -> None:
    promo, news = make_list(), make_list("News", "NEWS OFF")
    make_reply(actions=(adding(promo),))
    make_reply(BACK, actions=(removing(promo),))
    list_deletion.delete(promo, move_to=news)
    say(sms, NO_OFFERS)
    assert is_out(sms, from_list=news)
    say(sms, BACK)
    assert is_out(sms, from_list=news)


# Repeats and failures


def test_a_repeat_of_the_message_answers_once(sms: Channel) -> None:
    make_reply(answer="Done.", actions=(adding(default_list()),))
    for _ in range(3):
        say(sms, NO_OFFERS, message_id="m-same")
    assert sent_texts(sms) == ["Done."]
    assert len(told(sms)) == 1


def test_a_second_try_after_a_crash_goes_on_where_the_first_stopped(
    sms: Channel, failing: list[Exception]
) -> None:
    twice = (("reply", {"text": "First."}), ("break", {}))
    make_reply(answer="Done.", actions=twice)
    failing.append(OperationalError("the database went away"))
    assert say(sms, NO_OFFERS).event.state == EventState.STORED
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        inbound.handle_due()
        assert sent_texts(sms) == ["First.", "Done."]
    assert outcomes() == [("reply", "queued"), ("break", "done")]
    assert InboundEvent.objects.get().state == EventState.DONE


def test_whatever_is_repeated_has_one_effect(sms: Channel) -> None:
    make_reply(answer="Done.", actions=(("reply", {"text": "First."}),))
    event = say(sms, NO_OFFERS).event
    SmartReplyRun.objects.update(
        finished_at=None, results=[begun("reply", {"text": "First."})]
    )
    handled = Handled(InboundOutcome.MESSAGE)
    smart_replies.respond(event, handled, threads.take_in(event, handled))
    assert sent_texts(sms) == ["First.", "Done."]
    assert Conversation.objects.get().lines.filter(kind=LineKind.REPLY).count() == 2


def test_a_message_whose_run_has_ended_is_not_told_again(sms: Channel) -> None:
    make_reply(actions=(("add_tag", {"tag": "quiet"}),))
    event = say(sms, NO_OFFERS).event
    handled = Handled(InboundOutcome.MESSAGE)
    smart_replies.respond(event, handled, threads.take_in(event, handled))
    assert len(told(sms)) == 1


def begun(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"action": name, "settings": settings, "outcome": "begun", "detail": ""}


def test_a_failed_action_stops_neither_the_others_nor_the_opt_out(
    sms: Channel, failing: list[Exception]
) -> None:
    failing.append(ValueError("no such thing"))
    make_reply("stop", actions=(("break", {}), ("add_tag", {"tag": "left"})))
    received = say(sms, "STOP")
    assert received.event.state == EventState.DONE
    assert received.outcome == InboundOutcome.OPTED_OUT
    assert is_out(sms)
    assert outcomes() == [("break", "failed"), ("add_tag", "added")]
    assert "Break: failed: ValueError: no such thing" in told(sms)[-1]


def test_an_action_that_is_gone_is_kept_as_failed(
    sms: Channel, failing: list[Exception]
) -> None:
    make_reply(answer="Done.", actions=(("break", {}),))
    del action_table.ACTIONS["break"]
    say(sms, NO_OFFERS)
    assert outcomes() == [("break", "failed")]
    assert sent_texts(sms) == ["Done."]


def test_smart_replies_that_always_fail_leave_opt_out_and_conversation(
    sms: Channel, failing: list[Exception]
) -> None:
    failing += [OperationalError("down")] * inbound.MAX_TRIES
    make_reply("stop", actions=(("break", {}),))
    say(sms, "STOP")
    for hours in range(1, 200, 25):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            inbound.handle_due()
    event = InboundEvent.objects.get()
    assert (event.state, event.outcome) == (EventState.FAILED, "opted_out")
    assert is_out(sms)
    assert Conversation.objects.get().lines.filter(kind=LineKind.INBOUND).count() == 1


def test_trying_out_changes_nothing(sms: Channel) -> None:
    make_reply(answer="Hi {{name|there}}.", actions=(adding(default_list()),))
    trial = smart_replies.try_out(sms, "no more offers!")
    assert trial is not None
    assert trial.answer == "Hi there."
    told = [(one.label, one.words) for one in trial.actions]
    assert told == [("Add to opt-out list", "Default opt-out list")]
    assert not live_entries().exists()
    assert not SmartReplyRun.objects.exists()
    assert not contacts.of_address(addresses.parse(ASHA).key)
