"""A sequence's settings, its opt-out lists, and what stands against a start."""

import pytest

from broadcaster import sequences, steps
from broadcaster.broadcasts import Words
from broadcaster.sequences import SequenceError
from optout import addresses, overview
from optout.actors import NOBODY, Actor
from optout.models import (
    BatchState,
    Channel,
    LedgerEvent,
    OutgoingMessage,
    Purpose,
    default_list,
)
from optout.selection import SelectionError
from teambox import contacts
from tests.factories import ASHA, sent_texts
from tests.sequencing import AT_ONCE, configure, enrol, fresh, make_sequence, work

ANA = Actor(label="ana")


def test_a_new_sequence_is_a_draft_that_selects_the_default_list(phone):
    row = sequences.create(name="Welcome", channel=phone, actor=ANA)
    batch = row.batch
    assert (row.state, row.created_label) == (BatchState.DRAFT, "ana")
    assert (batch.purpose, batch.label) == (Purpose.SEQUENCE, "Welcome")
    assert list(batch.lists.all()) == [batch.unsubscribe_list] == [default_list()]


def test_its_settings_change_at_any_time_but_after_the_end(phone):
    row = make_sequence(phone, name="Hello", stop_on_reply=False)
    assert (row.name, row.stop_on_reply) == ("Hello", False)
    assert fresh(row).batch.label == "Hello"
    sequences.end(row, actor=NOBODY)
    with pytest.raises(SequenceError) as refused:
        configure(row, name="Other")
    assert (refused.value.code, fresh(row).name) == ("ended", "Hello")


# Lists


def test_the_selection_grows_and_shrinks_and_the_link_follows(phone, promotions):
    row = make_sequence(phone)
    both = [default_list().pk, promotions.pk]
    sequences.set_lists(row, both, unsubscribe_list_id=promotions.pk, actor=NOBODY)
    assert set(row.batch.lists.values_list("pk", flat=True)) == set(both)
    assert row.batch.unsubscribe_list == promotions
    sequences.set_lists(row, both[:1], actor=NOBODY)
    assert list(row.batch.lists.all()) == [row.batch.unsubscribe_list]


def test_leaving_out_the_default_list_goes_into_the_ledger_once(phone, promotions):
    row = make_sequence(phone)
    for _ in range(2):
        sequences.set_lists(
            row, [promotions.pk], skip_default="Invoices only", actor=ANA
        )
    written = LedgerEvent.objects.get(kind="default_skipped")
    assert (written.actor, written.facts["reason"]) == ("ana", "Invoices only")
    assert list(row.batch.lists.all()) == [promotions]


def test_a_bad_selection_changes_nothing(phone, promotions):
    row = make_sequence(phone)
    with pytest.raises(SelectionError):
        sequences.set_lists(row, [], actor=NOBODY)
    with pytest.raises(SequenceError) as refused:
        sequences.set_lists(
            row, [default_list().pk], unsubscribe_list_id=promotions.pk, actor=NOBODY
        )
    assert refused.value.field == "unsubscribe_list"
    assert list(fresh(row).batch.lists.all()) == [default_list()]


def test_the_overview_of_lists_names_the_sequences_that_use_one(phone):
    make_sequence(phone)
    assert overview.sends_of(default_list()) == [("Sequence", 1)]


# Starting and stopping


def test_what_stands_against_a_start_is_named(phone):
    row = sequences.create(name="Welcome", channel=phone, actor=NOBODY)
    Channel.objects.filter(pk=phone.pk).update(is_active=False)
    row.batch.lists.clear()
    found = [(p.page, p.code) for p in sequences.problems(fresh(row))]
    assert found == [
        ("settings", "inactive_channel"),
        ("steps", "steps_required"),
        ("lists", "lists_required"),
    ]
    with pytest.raises(SequenceError):
        sequences.start(row, actor=NOBODY)
    assert fresh(row).state == BatchState.DRAFT


def test_each_turn_is_taken_once(phone):
    row = make_sequence(phone, started=False)
    assert not sequences.pause(row, actor=NOBODY)
    turns = [
        sequences.start,
        sequences.pause,
        sequences.resume,
        sequences.end,
    ]
    for turn in turns:
        assert [turn(row, actor=NOBODY), turn(row, actor=NOBODY)] == [True, False]
    assert not sequences.start(row, actor=NOBODY)
    assert row.is_ended


def test_a_sequence_of_a_channel_that_is_off_puts_nothing(phone):
    row = make_sequence(phone)
    enrol(row, ASHA)
    Channel.objects.update(is_active=False)
    work()
    assert not OutgoingMessage.objects.exists()


def test_a_step_says_what_enrolment_and_contact_give(phone):
    contacts.make(name="Asha", addresses=[addresses.parse(ASHA)])
    row = sequences.create(name="Welcome", channel=phone, actor=NOBODY)
    steps.add(row, Words(text="{{name}}, {{ Plan }}, {{city|town}}"), AT_ONCE)
    sequences.start(row, actor=NOBODY)
    enrol(row, ASHA, PLAN="Gold", unused="x")
    work()
    assert OutgoingMessage.objects.get().variables == {"name": "Asha", "plan": "Gold"}
    assert sent_texts(phone) == ["Asha, Gold, town"]
