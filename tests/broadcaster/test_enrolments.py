"""Enrolling by every rule, unenrolling, going on, jobs of contacts and tags."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcaster import enrolment_jobs, enrolments, sequences, steps, tasks
from broadcaster.broadcasts import Words
from broadcaster.enrolments import Enrolled, Result
from broadcaster.models import (
    EndReason,
    Enrolment,
    EnrolmentSource,
    ReEnrolment,
    Sequence,
)
from broadcaster.sequences import SequenceError
from broadcaster.step_timing import Timing
from optout import addresses
from optout.actors import NOBODY, Actor
from optout.models import OutgoingMessage
from teambox import contacts, vocabulary
from tests.factories import ASHA, LEENA, RAHUL, recipient
from tests.sequencing import (
    AT_ONCE,
    DAY,
    configure,
    enrol,
    make_sequence,
    said_to,
    work,
)

ANA = Actor(label="ana")
HAND = EnrolmentSource.HAND


@pytest.fixture
def welcome(phone) -> Sequence:
    return make_sequence(phone)


def wish(row: Sequence, raw: str = ASHA) -> Enrolled:
    return enrolments.enrol(row, addresses.parse(raw), source=HAND, actor=ANA)


def unenrol(row: Sequence | None, raw: str = ASHA) -> int:
    return enrolments.unenrol(row, [addresses.parse(raw).key], actor=ANA)


def code_of(refused: pytest.ExceptionInfo[SequenceError]) -> str:
    return refused.value.code


# Enrolling


def test_who_is_enrolled_waits_for_the_first_step(phone):
    row = make_sequence(phone, Timing(DAY))
    made = wish(row).enrolment
    assert made.step == steps.live(row)[0]
    assert made.next_at == made.since + DAY
    assert (made.source, made.actor_label) == ("hand", "ana")


@pytest.mark.parametrize(
    ("rule", "while_live", "once_ended"),
    [
        (ReEnrolment.NEVER, Result.ALREADY, Result.NOT_AGAIN),
        (ReEnrolment.WHEN_ENDED, Result.ALREADY, Result.ENROLLED),
        (ReEnrolment.RESTART, Result.RESTARTED, Result.ENROLLED),
    ],
)
def test_the_rule_says_what_becomes_of_who_was_there(
    welcome, rule, while_live, once_ended
):
    configure(welcome, re_enrolment=rule)
    assert wish(welcome).result == Result.ENROLLED
    assert wish(welcome).result == while_live
    unenrol(welcome)
    told = wish(welcome)
    assert told.result == once_ended
    assert told.enrolment.is_live == (once_ended == Result.ENROLLED)


def test_who_begins_again_is_on_the_way_once_from_the_first_step(welcome):
    configure(welcome, re_enrolment=ReEnrolment.RESTART)
    first = wish(welcome).enrolment
    tasks.advance_sequences()
    wish(welcome)
    work()
    first.refresh_from_db()
    assert (first.end_reason, first.ended_label) == (EndReason.RESTARTED, "ana")
    assert said_to(ASHA) == ["Step 1"], "what was queued for the first was taken back"


def test_many_are_enrolled_at_once_with_a_result_each(welcome):
    wish(welcome, RAHUL)
    people = [recipient(raw) for raw in (ASHA, RAHUL, ASHA)]
    told = enrolments.enrol_many(welcome, people, source=HAND, actor=NOBODY)
    assert [one.result for one in told] == ["enrolled", "already", "already"]
    assert [one.enrolment.address for one in told] == [ASHA, RAHUL, ASHA]
    assert Enrolment.objects.count() == 2


def test_many_cost_as_many_queries_as_few(welcome):
    costs = []
    for tens in (1, 4):
        people = [recipient(f"+3460022{tens}{n:03}") for n in range(10 * tens)]
        with CaptureQueriesContext(connection) as queries:
            enrolments.enrol_many(welcome, people, source=HAND, actor=NOBODY)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_another_kind_of_address_is_refused(welcome):
    with pytest.raises(SequenceError) as refused:
        wish(welcome, LEENA)
    assert (code_of(refused), refused.value.field) == ("wrong_address", "address")


def test_nobody_is_enrolled_into_a_sequence_that_has_ended(welcome):
    sequences.end(welcome, actor=NOBODY)
    with pytest.raises(SequenceError) as refused:
        wish(welcome)
    assert code_of(refused) == "ended"


def test_who_came_before_there_was_a_step_gets_the_first_one(phone):
    row = sequences.create(name="Empty", channel=phone, actor=NOBODY)
    assert wish(row).enrolment.step is None
    first = steps.add(row, Words(text="Step 1"), AT_ONCE)
    assert steps.waiting_at(first) == 1
    sequences.start(row, actor=NOBODY)
    work()
    assert said_to(ASHA) == ["Step 1"]


# Unenrolling and going on


def test_who_is_unenrolled_does_not_get_what_was_queued(welcome):
    made = wish(welcome).enrolment
    tasks.advance_sequences()
    assert (unenrol(welcome), unenrol(welcome)) == (1, 0)
    work()
    made.refresh_from_db()
    assert (made.end_reason, made.ended_label) == (EndReason.UNENROLLED, "ana")
    assert OutgoingMessage.objects.get().state == "cancelled"


def test_without_a_sequence_all_of_them_end(phone, welcome):
    other = make_sequence(phone)
    for row in (welcome, other):
        wish(row)
        wish(row, RAHUL)
    assert unenrol(None) == 2
    live = Enrolment.objects.filter(ended_at=None)
    assert set(live.values_list("address", flat=True)) == {RAHUL}


def test_who_was_unenrolled_may_go_on_at_a_step_of_choice(welcome):
    made = wish(welcome).enrolment
    work()
    assert enrolments.steps_to_resume_at(made) == []
    unenrol(welcome)
    made.refresh_from_db()
    second, third = enrolments.steps_to_resume_at(made)
    resumed = enrolments.resume_at(made, third, actor=ANA)
    assert (second.position, resumed.step.position) == (2, 3)
    assert resumed.next_at == resumed.since + DAY
    made.refresh_from_db()
    assert made.end_reason == EndReason.UNENROLLED, "its history stays"
    assert enrolments.steps_to_resume_at(made) == []


def test_going_on_is_refused_where_it_makes_no_sense(welcome):
    made = wish(welcome).enrolment
    second = steps.live(welcome)[1]
    with pytest.raises(SequenceError) as refused:
        enrolments.resume_at(made, second, actor=ANA)
    assert code_of(refused) == "already"
    unenrol(welcome)
    steps.archive(second)
    with pytest.raises(SequenceError) as refused:
        enrolments.resume_at(made, second, actor=ANA)
    assert code_of(refused) == "no_such_step"


def test_a_persons_enrolments_are_read_in_one_query(
    phone, welcome, django_assert_num_queries
):
    rows = [welcome, make_sequence(phone)]
    for row in rows:
        enrol(row, ASHA)
    with django_assert_num_queries(1):
        found = enrolments.of_people([addresses.parse(ASHA).key])
        names = [(f.sequence.channel, f.sequence.state, f.step.name) for f in found]
    assert [one.sequence for one in found] == rows[::-1]
    assert len(names) == 2


# Contacts and tags


def person(*raws: str, tag: str = "") -> contacts.Contact:
    made = contacts.make(addresses=[addresses.parse(raw) for raw in raws])
    if tag:
        contacts.tag([made], tag)
    return made


def test_contacts_are_enrolled_by_their_first_address_chunk_by_chunk(
    welcome, monkeypatch
):
    monkeypatch.setattr(enrolment_jobs, "CHUNK", 2)
    person(ASHA, LEENA)
    person(RAHUL, "+34600111555", tag="VIP")
    person("leena@example.net")
    wish(welcome, RAHUL)
    job = enrolment_jobs.start(welcome, {"all": True}, actor=ANA)
    tasks.enrol_people()
    job.refresh_from_db()
    counts = (job.enrolled, job.already, job.without_address)
    assert counts == (1, 1, 1)
    assert job.finished_at
    made = Enrolment.objects.get(address=ASHA)
    assert (made.source, made.actor_label) == ("contacts", "ana")


def test_a_job_whose_worker_died_goes_on_where_it_was(welcome, monkeypatch):
    monkeypatch.setattr(enrolment_jobs, "CHUNK", 1)
    for raw in (ASHA, RAHUL):
        person(raw)
    job = enrolment_jobs.start(welcome, {"all": True}, actor=ANA)
    enrolment_jobs.work_due()
    with monkeypatch.context() as patch:
        patch.setattr(enrolments, "enrol_many", die)
        with pytest.raises(KeyboardInterrupt):
            enrolment_jobs.work_due()
    tasks.enrol_people()
    job.refresh_from_db()
    assert (job.enrolled, job.already) == (2, 0)


def die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_job_of_a_sequence_that_ended_is_over(welcome):
    person(ASHA)
    enrolment_jobs.start(welcome, {"all": True}, actor=ANA)
    sequences.end(welcome, actor=NOBODY)
    tasks.enrol_people()
    assert not Enrolment.objects.exists()
    assert not enrolment_jobs.work_due()


def test_a_tag_enrols_who_gets_it_from_now_on(welcome):
    person(RAHUL, tag="VIP")
    vip = contacts.tag([], "VIP")
    configure(welcome, enrol_tag=vip)
    tasks.enrol_people()
    assert not Enrolment.objects.exists()
    for raw, tag in ((ASHA, "VIP"), ("+34600111555", "Other")):
        person(raw, tag=tag)
    person("leena@example.net", tag="VIP")
    for _ in range(2):
        tasks.enrol_people()
    made = Enrolment.objects.get()
    assert (made.address, made.source) == (ASHA, "tag")
    assert made.actor_label == "tag “VIP”"


def test_a_tag_that_is_merged_enrols_by_the_other_one(welcome):
    person(RAHUL, tag="VIP")
    vip, gold = contacts.tag([], "VIP"), contacts.tag([], "Gold")
    configure(welcome, enrol_tag=vip)
    vocabulary.merge_tags(vip, gold)
    person(ASHA, tag="Gold")
    tasks.enrol_people()
    assert Enrolment.objects.get().address == ASHA


def test_a_tag_of_a_draft_enrols_nobody_before_the_start(phone):
    row = make_sequence(phone, started=False, enrol_tag=contacts.tag([], "VIP"))
    person(ASHA, tag="VIP")
    tasks.enrol_people()
    sequences.start(row, actor=NOBODY)
    tasks.enrol_people()
    assert not Enrolment.objects.exists()
