"""A sequence over days: steps, opt-outs in between, replies, reviews and edits."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from broadcaster import enrolments, sequences, steps, tasks
from broadcaster.broadcasts import Words
from broadcaster.models import EndReason, Enrolment, EnrolmentState
from broadcaster.step_timing import Timing
from optout import lifts, reviews
from optout.actors import NOBODY
from optout.lifts import Power
from optout.models import (
    Channel,
    Hold,
    MessageState,
    OutgoingMessage,
    Source,
    default_list,
    live_entries,
)
from tests.factories import ASHA, RAHUL, drain, make_channel, make_list, opt_out
from tests.flows.scripted_provider import REFUSE, ScriptedProvider
from tests.invariants import assert_invariants_hold
from tests.sequencing import (
    AT_ONCE,
    DAY,
    HOUR,
    enrol,
    make_sequence,
    said_to,
    work,
)
from tests.teambox.people import UNCLEAR, say

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
FRIDAY = datetime(2026, 11, 13, 3, tzinfo=MADRID)
# The others compare with the database's clock, which is not moved.
OURS = (
    "everybody_is_at_a_step_of_their_sequence",
    "who_is_sent_to_has_a_message",
    "each_step_that_was_put_has_a_message",
    "who_is_on_the_way_is_looked_at_again",
)
THREE = ["Step 1", "Step 2", "Step 3"]


@pytest.fixture
def sms(db: None) -> Channel:
    return make_channel()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FRIDAY) as traveller:
        yield traveller
        assert_invariants_hold(*OURS)


def pass_days(clock: time_machine.Traveller, days: int) -> None:
    """Work a round now, and another after each day."""
    work()
    for _ in range(days):
        clock.shift(DAY)
        work()


def ended(enrolment: Enrolment) -> tuple[str, str]:
    enrolment.refresh_from_db()
    return enrolment.state, enrolment.end_reason


def test_three_steps_follow_each_other_over_days(sms, clock):
    asha = enrol(make_sequence(sms), ASHA)
    work()
    assert said_to(ASHA) == THREE[:1]
    clock.shift(DAY - HOUR)
    work()
    assert said_to(ASHA) == THREE[:1]
    clock.shift(HOUR)
    work()
    assert said_to(ASHA) == THREE[:2]
    pass_days(clock, 1)
    assert said_to(ASHA) == THREE
    assert ended(asha) == (EnrolmentState.ENDED, EndReason.COMPLETED)
    pass_days(clock, 3)
    assert said_to(ASHA) == THREE


def test_a_wait_counts_from_when_the_step_before_left(sms, clock):
    asha = enrol(make_sequence(sms), ASHA)
    tasks.advance_sequences()
    drain()
    clock.shift(3 * HOUR)
    tasks.advance_sequences()
    asha.refresh_from_db()
    assert asha.next_at == OutgoingMessage.objects.get().sent_at + DAY


def test_exact_times_hold_over_a_change_of_the_clocks(sms, clock):
    clock.move_to(datetime(2026, 10, 23, 20, tzinfo=MADRID))
    nine = Timing(DAY, time(9), "Europe/Madrid")
    asha = enrol(make_sequence(sms, nine, nine, nine), ASHA)
    sent_at = []
    while asha.next_at:
        clock.move_to(asha.next_at)
        work()
        sent_at.append(OutgoingMessage.objects.latest("id").sent_at.astimezone(MADRID))
        asha.refresh_from_db()
    assert [f"{at:%d %H:%M}" for at in sent_at] == ["24 09:00", "25 09:00", "26 09:00"]


def test_an_opt_out_between_steps_reads_optout_number_and_ends_it(sms, clock):
    asha, rahul = (enrol(row := make_sequence(sms), ASHA), enrol(row, RAHUL))
    work()
    opt_out(ASHA)
    pass_days(clock, 3)
    assert said_to(ASHA) == THREE[:1]
    assert said_to(RAHUL) == THREE
    assert ended(asha) == (EnrolmentState.ENDED, EndReason.OPTED_OUT)
    assert asha.step.position == 2
    withheld = row.batch.messages.get(state=MessageState.SUPPRESSED)
    assert (withheld.error, withheld.content.text) == ("Optout Number", "Step 2")
    assert ended(rahul)[1] == EndReason.COMPLETED


def test_who_is_put_back_is_not_revived_but_may_go_on_where_it_ended(sms, clock):
    asha = enrol(make_sequence(sms), ASHA)
    work()
    opt_out(ASHA)
    pass_days(clock, 1)
    lifts.lift([live_entries().get().pk], source=Source.PAGE, power=Power())
    pass_days(clock, 3)
    assert said_to(ASHA) == THREE[:1]
    asha.refresh_from_db()
    offered = enrolments.steps_to_resume_at(asha)
    assert [step.position for step in offered] == [2, 3]
    enrolments.resume_at(asha, offered[0], actor=NOBODY)
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE


def test_going_on_does_not_go_past_an_opt_out(sms, clock):
    asha = enrol(make_sequence(sms), ASHA)
    opt_out(ASHA)
    work()
    asha.refresh_from_db()
    resumed = enrolments.resume_at(asha, asha.step, actor=NOBODY)
    work()
    assert said_to(ASHA) == []
    assert ended(resumed)[1] == EndReason.OPTED_OUT


# Replies and reviews


def test_a_reply_stops_the_steps_that_would_follow(sms, clock):
    asha = enrol(make_sequence(sms), ASHA)
    work()
    clock.shift(HOUR)
    say(sms, "Tell me more")
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE[:1]
    assert ended(asha)[1] == EndReason.REPLIED


def test_a_reply_stops_nothing_where_the_switch_is_off(sms, clock):
    enrol(make_sequence(sms, stop_on_reply=False), ASHA)
    work()
    clock.shift(HOUR)
    say(sms, "Tell me more")
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE


def test_who_replies_while_the_sequence_is_paused_gets_nothing_more(sms, clock):
    row = make_sequence(sms)
    asha = enrol(row, ASHA)
    tasks.advance_sequences()
    sequences.pause(row, actor=NOBODY)
    clock.shift(HOUR)
    say(sms, "Tell me more")
    sequences.resume(row, actor=NOBODY)
    drain()
    assert said_to(ASHA) == []
    assert ended(asha)[1] == EndReason.REPLIED


def test_a_stop_is_shown_as_an_opt_out_though_it_is_a_reply(sms, clock):
    asha = enrol(make_sequence(sms), ASHA)
    work()
    clock.shift(HOUR)
    say(sms, "STOP")
    pass_days(clock, 2)
    assert ended(asha)[1] == EndReason.OPTED_OUT


@pytest.mark.parametrize(
    ("decide", "said", "reason"),
    [
        (reviews.dismiss, THREE, EndReason.COMPLETED),
        (reviews.opt_out, THREE[:1], EndReason.OPTED_OUT),
    ],
)
def test_under_review_holds_the_step_until_it_is_decided(
    sms, clock, decide, said, reason
):
    asha = enrol(make_sequence(sms, stop_on_reply=False), ASHA)
    work()
    say(sms, UNCLEAR)
    pass_days(clock, 3)
    assert said_to(ASHA)[:2] == THREE[:1]
    assert ended(asha)[0] == EnrolmentState.HELD
    decide(Hold.objects.get(), actor=NOBODY)
    pass_days(clock, 2)
    assert [text for text in said_to(ASHA) if text in THREE] == said
    assert ended(asha)[1] == reason


# Edits while it runs


def test_a_list_that_is_added_counts_at_the_next_step(sms, clock):
    row = make_sequence(sms)
    asha, promotions = enrol(row, ASHA), make_list()
    work()
    opt_out(ASHA, promotions)
    sequences.set_lists(row, [default_list().pk, promotions.pk], actor=NOBODY)
    pass_days(clock, 1)
    assert said_to(ASHA) == THREE[:1]
    assert ended(asha)[1] == EndReason.OPTED_OUT


def test_a_list_that_is_taken_out_counts_no_more(sms, clock):
    row, promotions = make_sequence(sms), make_list()
    sequences.set_lists(row, [default_list().pk, promotions.pk], actor=NOBODY)
    enrol(row, ASHA)
    work()
    opt_out(ASHA, promotions)
    sequences.set_lists(row, [default_list().pk], actor=NOBODY)
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE


def test_other_words_go_to_those_who_wait_for_them(sms, clock):
    row = make_sequence(sms)
    enrol(row, ASHA)
    work()
    second = steps.live(row)[1]
    steps.change(second, Words(text="New words"), steps.timing_of(second))
    pass_days(clock, 1)
    assert said_to(ASHA) == ["Step 1", "New words"]


@pytest.mark.parametrize("wait", [timedelta(hours=2), timedelta(days=3)])
def test_another_wait_counts_for_those_who_wait(sms, clock, wait):
    row = make_sequence(sms)
    enrol(row, ASHA)
    work()
    second = steps.live(row)[1]
    steps.change(second, Words(text="Step 2"), Timing(wait))
    work()
    clock.shift(wait - timedelta(minutes=1))
    work()
    assert said_to(ASHA) == THREE[:1]
    clock.shift(timedelta(minutes=1))
    work()
    assert said_to(ASHA) == THREE[:2]


def test_who_waits_for_a_step_that_is_deleted_gets_the_next_one(sms, clock):
    row = make_sequence(sms)
    enrol(row, ASHA)
    work()
    steps.archive(steps.live(row)[1])
    pass_days(clock, 1)
    assert said_to(ASHA) == ["Step 1", "Step 3"]


def test_another_order_sends_nobody_a_step_twice(sms, clock):
    row = make_sequence(sms)
    asha = enrol(row, ASHA)
    work()
    first, second, third = steps.live(row)
    steps.reorder(row, [third.pk, second.pk, first.pk])
    pass_days(clock, 3)
    assert said_to(ASHA) == ["Step 1", "Step 2"]
    assert ended(asha)[1] == EndReason.COMPLETED


def test_a_step_that_is_added_follows_for_those_on_the_way(sms, clock):
    row = make_sequence(sms, AT_ONCE, Timing(DAY))
    enrol(row, ASHA)
    work()
    steps.add(row, Words(text="Step 3"), Timing(DAY))
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE


# Starting, pausing, ending


def test_nobody_gets_a_step_before_the_start_or_during_a_pause(sms, clock):
    row = make_sequence(sms, started=False)
    enrol(row, ASHA)
    pass_days(clock, 1)
    assert said_to(ASHA) == []
    sequences.start(row, actor=NOBODY)
    work()
    sequences.pause(row, actor=NOBODY)
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE[:1]
    sequences.resume(row, actor=NOBODY)
    work()
    assert said_to(ASHA) == THREE[:2]


def test_an_opt_out_during_a_pause_counts_when_it_goes_on(sms, clock):
    row = make_sequence(sms)
    asha = enrol(row, ASHA)
    tasks.advance_sequences()
    sequences.pause(row, actor=NOBODY)
    opt_out(ASHA)
    sequences.resume(row, actor=NOBODY)
    work()
    assert said_to(ASHA) == []
    assert ended(asha)[1] == EndReason.OPTED_OUT


def test_the_end_ends_everybodys_way(sms, clock):
    row = make_sequence(sms)
    asha = enrol(row, ASHA)
    work()
    rahul = enrol(row, RAHUL)
    tasks.advance_sequences()
    sequences.end(row, actor=NOBODY)
    pass_days(clock, 2)
    assert (said_to(ASHA), said_to(RAHUL)) == (THREE[:1], [])
    assert ended(asha) == ended(rahul) == (EnrolmentState.ENDED, EndReason.ENDED)


# Each step once


def test_two_ticks_put_a_step_once(sms, clock):
    row = make_sequence(sms)
    enrol(row, ASHA)
    for _ in range(3):
        tasks.advance_sequences()
    assert row.batch.messages.count() == 1


def test_a_tick_that_dies_before_its_commit_leaves_the_step_to_the_next(
    sms, clock, monkeypatch
):
    row = make_sequence(sms)
    asha = enrol(row, ASHA)
    with monkeypatch.context() as patch:
        patch.setattr("broadcaster.ticking._mark_sending", die)
        with pytest.raises(KeyboardInterrupt):
            tasks.advance_sequences()
    asha.refresh_from_db()
    assert (asha.state, row.batch.messages.count()) == (EnrolmentState.WAITING, 0)
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE


def die(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_step_that_failed_is_followed_by_the_next_one(clock):
    with_scripted = make_channel(980, kind="scripted")
    ScriptedProvider.forget()
    ScriptedProvider.start([REFUSE])
    asha = enrol(make_sequence(with_scripted), ASHA)
    pass_days(clock, 2)
    assert said_to(ASHA) == THREE[1:]
    assert ended(asha)[1] == EndReason.COMPLETED
