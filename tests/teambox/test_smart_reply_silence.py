"""Smart replies are silent where a keyword, an agent or a program comes first."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from optout.actors import actor_of
from optout.models import Channel, OutgoingMessage, Purpose, default_list
from teambox import conversations
from teambox.models import (
    Conversation,
    InboundOutcome,
    Silence,
    SmartReplyRun,
    SmartReplySettings,
)
from tests.factories import RAHUL, make_channel, sent_texts
from tests.teambox.people import UNCLEAR, is_out, say
from tests.teambox.replies import (
    ADD,
    NO_OFFERS,
    REMOVE,
    adding,
    make_reply,
    outcomes,
    removing,
    told,
)

pytestmark = pytest.mark.django_db


def hold(channel: Channel) -> None:
    """An agent takes Asha's conversation."""
    say(channel, "hello there")
    agent = User.objects.create(username="mina")
    conversations.accept(Conversation.objects.get(), actor=actor_of(agent))


def automatic() -> int:
    return OutgoingMessage.objects.filter(batch__purpose=Purpose.SMART_REPLY).count()


def test_an_agents_conversation_gets_no_answer_but_is_still_opted_out(
    sms: Channel,
) -> None:
    hold(sms)
    tag = ("add_tag", {"tag": "quiet"})
    make_reply(answer="Done.", actions=(adding(default_list()), tag))
    say(sms, NO_OFFERS)
    assert sent_texts(sms) == []
    assert outcomes() == [(ADD, "added"), ("add_tag", "skipped")]
    assert SmartReplyRun.objects.get().silence == Silence.HELD


def test_a_solved_conversation_is_answered_again(sms: Channel) -> None:
    hold(sms)
    agent = User.objects.get()
    conversations.solve(Conversation.objects.get(), actor=actor_of(agent))
    make_reply(answer="Done.")
    say(sms, NO_OFFERS)
    assert sent_texts(sms) == ["Done."]


def test_where_a_keyword_decides_actions_run_without_an_answer(sms: Channel) -> None:
    more = ("reply", {"text": "More"})
    make_reply("stop", answer="Bye.", actions=(("add_tag", {"tag": "left"}), more))
    say(sms, "STOP")
    assert sent_texts(sms) == [default_list().message]
    assert outcomes() == [("add_tag", "added"), ("reply", "skipped")]


def test_a_keyword_is_not_undone_by_the_same_message(sms: Channel) -> None:
    make_reply("stop", actions=(removing(default_list()),))
    say(sms, "STOP")
    assert outcomes() == [(REMOVE, "kept")]
    assert is_out(sms)


def test_what_waits_for_review_is_not_answered(sms: Channel) -> None:
    SmartReplySettings.objects.create(pk=1, default_reply="Soon.")
    assert say(sms, UNCLEAR).outcome == InboundOutcome.REVIEW
    assert sent_texts(sms) == []


def test_our_own_words_are_not_answered(sms: Channel) -> None:
    SmartReplySettings.objects.create(pk=1, default_reply="We will be with you soon.")
    say(sms, "blue or green?")
    say(sms, "we will be with you soon")
    assert automatic() == 1


@pytest.mark.parametrize(
    "payload",
    [
        {"headers": {"Auto-Submitted": "auto-replied"}},
        {"headers": {"precedence": "Bulk"}},
        {"auto_reply": True},
    ],
)
def test_a_program_is_not_answered_and_nothing_is_done(
    sms: Channel, payload: dict[str, Any]
) -> None:
    make_reply(answer="Done.", actions=(("add_tag", {"tag": "quiet"}),))
    say(sms, NO_OFFERS, payload=payload)
    assert sent_texts(sms) == []
    assert outcomes() == []
    assert SmartReplyRun.objects.get().silence == Silence.AUTO_REPLY


def test_a_channel_of_ours_is_not_answered(sms: Channel) -> None:
    make_channel(901, sender=RAHUL)
    make_reply(answer="Done.")
    say(sms, NO_OFFERS, sender=RAHUL)
    assert sent_texts(sms) == []


def test_after_five_answers_in_ten_minutes_it_is_silent_and_says_so_once(
    sms: Channel,
) -> None:
    make_reply(answer="Done.")
    for _ in range(8):
        say(sms, NO_OFFERS)
    assert automatic() == 5
    silent = [text for text in told(sms) if "silent" in text]
    assert silent == ["Smart replies are silent: 5 went out in 10 minutes"]
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        say(sms, NO_OFFERS)
    assert automatic() == 6
