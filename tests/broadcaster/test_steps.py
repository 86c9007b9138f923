"""The steps of a sequence: what they may hold, their order, and who waits for them."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from broadcaster import retiming, sequences, steps
from broadcaster.broadcasts import Words
from broadcaster.models import Sequence
from broadcaster.sequences import SequenceError
from broadcaster.step_timing import Timing, due_at
from optout.actors import NOBODY
from optout.models import Content
from tests.factories import ASHA
from tests.sequencing import AT_ONCE, DAY, enrol, make_sequence

HELLO = Words(text="Hello")


@pytest.fixture
def welcome(phone) -> Sequence:
    return make_sequence(phone)


def order(row: Sequence) -> list[tuple[int, str]]:
    return [(step.position, step.content.text) for step in steps.live(row)]


def code_of(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(SequenceError) as refused:
        call()
    return refused.value.code, refused.value.field


def test_steps_are_numbered_in_the_order_they_were_added(welcome):
    assert order(welcome) == [(1, "Step 1"), (2, "Step 2"), (3, "Step 3")]


@pytest.mark.parametrize(
    ("words", "timing", "name", "refused"),
    [
        (Words(), AT_ONCE, "", ("message_required", "text")),
        (Words(text="Hi", subject="Hi"), AT_ONCE, "", ("text_only", "text")),
        (HELLO, Timing(-DAY), "", ("bad_wait", "wait")),
        (HELLO, Timing(1000 * DAY), "", ("bad_wait", "wait")),
        (HELLO, Timing(zone="Mars/Base"), "", ("bad_zone", "zone")),
        (HELLO, Timing(zone="../etc/passwd"), "", ("bad_zone", "zone")),
        (HELLO, AT_ONCE, "x" * 61, ("name_too_long", "name")),
    ],
)
def test_what_is_wrong_with_a_step_is_named(welcome, words, timing, name, refused):
    assert code_of(lambda: steps.add(welcome, words, timing, name=name)) == refused
    first = steps.live(welcome)[0]
    assert code_of(lambda: steps.change(first, words, timing, name=name)) == refused
    assert len(order(welcome)) == 3


def test_a_step_by_email_has_a_subject(mailbox):
    row = sequences.create(name="Mails", channel=mailbox, actor=NOBODY)
    assert code_of(lambda: steps.add(row, HELLO, AT_ONCE)) == (
        "subject_required",
        "subject",
    )
    made = steps.add(row, Words(subject="Hi", html="<p>Hi</p>"), AT_ONCE)
    assert steps.words_of(made) == Words(subject="Hi", html="<p>Hi</p>")


def test_a_sequence_has_at_most_fifty_steps(phone):
    row = make_sequence(phone, *[AT_ONCE] * steps.MAX_STEPS)
    assert code_of(lambda: steps.add(row, HELLO, AT_ONCE)) == ("too_many_steps", "")


def test_other_words_are_a_new_content_and_the_same_ones_are_not(welcome):
    first = steps.live(welcome)[0]
    before = first.content
    steps.change(first, Words(text="Step 1"), Timing(DAY), name="Hello")
    assert (first.content, first.name, first.wait) == (before, "Hello", DAY)
    steps.change(first, HELLO, Timing(DAY))
    assert first.content != before
    assert Content.objects.get(pk=before.pk).text == "Step 1"


def test_a_step_and_its_neighbour_change_places(welcome):
    _, second, third = steps.live(welcome)
    assert steps.move(third, up=True)
    assert order(welcome) == [(1, "Step 1"), (2, "Step 3"), (3, "Step 2")]
    second.refresh_from_db()
    assert not steps.move(second, up=False)


def test_an_order_names_each_step_once(welcome):
    first, second, third = (step.pk for step in steps.live(welcome))
    for ids in ([first, second], [first, first, second], [first, second, 10**6]):
        refused = code_of(lambda ids=ids: steps.reorder(welcome, ids))
        assert refused == ("other_steps", "")
    steps.reorder(welcome, [third, first, second])
    assert order(welcome) == [(1, "Step 3"), (2, "Step 1"), (3, "Step 2")]


def test_a_deleted_step_leaves_no_gap_and_stays_behind_the_one_before_it(welcome):
    first, second, third = steps.live(welcome)
    steps.archive(second)
    steps.archive(second)
    assert order(welcome) == [(1, "Step 1"), (2, "Step 3")]
    assert second.position == 1
    steps.archive(first)
    second.refresh_from_db()
    assert (order(welcome), second.position) == ([(1, "Step 3")], 0)
    assert code_of(lambda: steps.change(second, HELLO, AT_ONCE)) == ("archived", "")


def test_a_changed_time_counts_for_each_who_waits(phone, monkeypatch):
    monkeypatch.setattr(retiming, "RANGE", 2)
    row = make_sequence(phone, Timing(2 * DAY))
    people = [enrol(row, f"+3460011122{n}") for n in range(5)]
    [step] = steps.live(row)
    nine = Timing(5 * DAY, time(9), "Europe/Madrid")
    steps.change(step, HELLO, nine)
    retiming.work_due()
    for person in people:
        person.refresh_from_db()
        assert person.next_at == due_at(nine, person.since, person.address)
    step.refresh_from_db()
    assert step.retime_after is None


def test_who_waits_for_a_deleted_step_waits_for_the_next_by_its_time(phone):
    row = make_sequence(phone, Timing(2 * DAY), Timing(3 * DAY))
    asha = enrol(row, ASHA)
    first, second = steps.live(row)
    steps.archive(first)
    retiming.work_due()
    asha.refresh_from_db()
    assert (asha.step, asha.next_at) == (second, asha.since + 3 * DAY)


def test_other_words_alone_set_no_time_anew(welcome):
    first = steps.live(welcome)[0]
    steps.change(first, HELLO, steps.timing_of(first))
    assert first.retime_after is None


def test_how_many_wait_for_a_step_is_told(welcome):
    enrol(welcome, ASHA)
    first, second, _ = steps.live(welcome)
    assert (steps.waiting_at(first), steps.waiting_at(second)) == (1, 0)


def test_nothing_is_changed_in_a_sequence_that_has_ended(welcome):
    first = steps.live(welcome)[0]
    sequences.end(welcome, actor=NOBODY)
    for call in (
        lambda: steps.add(welcome, HELLO, AT_ONCE),
        lambda: steps.change(first, HELLO, AT_ONCE),
        lambda: steps.move(first, up=False),
        lambda: steps.archive(first),
    ):
        assert code_of(call) == ("ended", "")
