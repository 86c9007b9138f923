"""The numbers of a sequence: by step, as a funnel, and what comes next."""

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcaster import enrolments, sequence_reports, sequences, steps
from broadcaster.models import Sequence
from optout import addresses
from optout.actors import NOBODY
from optout.models import Channel
from tests.factories import ASHA, RAHUL, opt_out
from tests.sequencing import DAY, enrol, make_sequence, work
from tests.teambox.people import UNCLEAR, say

PEOPLE = [ASHA, RAHUL, "+34600111444", "+34600111555", "+34600111666"]


@pytest.fixture
def clock(db: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-13T08:00:00Z") as traveller:
        yield traveller


@pytest.fixture
def lived_in(phone: Channel, clock: time_machine.Traveller) -> Sequence:
    """One person opted out before step 2, one replied, one is held, one has left."""
    row = make_sequence(phone)
    for raw in PEOPLE:
        enrol(row, raw)
    work()
    clock.shift(DAY / 2)
    opt_out(PEOPLE[0])
    say(phone, "Tell me more", sender=PEOPLE[1])
    enrolments.unenrol(row, [addresses.parse(PEOPLE[2]).key], actor=NOBODY)
    clock.shift(DAY / 2)
    work()
    return row


def test_each_step_tells_what_became_of_its_messages(lived_in):
    first, second, third = sequence_reports.by_step(lived_in)
    assert (first.put, first.sent, first.opted_out) == (5, 5, 0)
    assert (second.put, second.sent, second.opted_out) == (3, 2, 1)
    assert (second.replied, second.ended["unenrolled"]) == (1, 1)
    assert (third.put, third.waiting) == (0, 2)


def test_under_review_is_told_apart_from_an_opt_out(phone, clock):
    row = make_sequence(phone, stop_on_reply=False)
    enrol(row, ASHA)
    say(phone, UNCLEAR)
    work()
    [first, *_] = sequence_reports.by_step(row)
    assert (first.held, first.under_review, first.opted_out) == (1, 1, 0)


def test_a_deleted_step_stays_in_the_report_if_it_was_sent(lived_in):
    first, second, third = steps.live(lived_in)
    steps.archive(first)
    steps.archive(third)
    work()
    shown = [row.step for row in sequence_reports.by_step(lived_in)]
    assert shown == [first, second]


def test_the_funnel_goes_from_enrolled_to_completed(lived_in, clock):
    clock.shift(DAY)
    work()
    rows = sequence_reports.by_step(lived_in)
    shown = sequence_reports.funnel(lived_in, rows)
    assert [(row.label, row.reached, row.percent) for row in shown] == [
        ("Enrolled", 5, 100),
        ("Step 1", 5, 100),
        ("Step 2", 2, 40),
        ("Step 3", 2, 40),
        ("Completed", 2, 40),
    ]


def test_the_funnel_of_an_empty_sequence_is_empty(phone):
    row = make_sequence(phone)
    shown = sequence_reports.funnel(row, sequence_reports.by_step(row))
    assert {(row.reached, row.percent) for row in shown} == {(0, 0)}


def test_all_states_and_reasons_are_counted(lived_in):
    found = sequence_reports.counts(lived_in)
    assert (found.total, found.live) == (5, 2)
    ended = {reason: n for reason, n in found.by_end_reason.items() if n}
    assert ended == {"opted_out": 1, "replied": 1, "unenrolled": 1}
    assert set(found.by_state) == {"waiting", "sending", "held", "ended"}


def test_what_comes_next_is_told_in_order_and_by_day(lived_in, clock):
    late = enrol(lived_in, "+34600111777")
    shown = sequence_reports.upcoming(lived_in)
    assert [row.step.position for row in shown] == [1, 3, 3]
    assert shown[0] == late
    by_day = sequence_reports.upcoming_by_day(lived_in)
    assert by_day == [(date(2026, 11, 14), 1), (date(2026, 11, 15), 2)]
    clock.shift(5 * DAY)
    assert sequence_reports.upcoming_by_day(lived_in) == [(date(2026, 11, 19), 3)]


def test_a_list_of_sequences_costs_two_queries(lived_in, phone):
    other = make_sequence(phone)
    sequences.end(other, actor=NOBODY)
    with CaptureQueriesContext(connection) as queries:
        found = sequence_reports.overviews([lived_in, other])
    assert len(queries) == 2
    mine = found[lived_in.pk]
    assert (mine.steps, mine.live, mine.completed, mine.opted_out) == (3, 2, 0, 1)
    assert mine.next_at == sequence_reports.upcoming(lived_in)[0].next_at
    assert (found[other.pk].live, found[other.pk].next_at) == (0, None)
