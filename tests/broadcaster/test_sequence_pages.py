"""The pages of sequences: settings and lists, the editor, people, upcoming, report."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from broadcaster import enrolments, sequences, steps
from broadcaster.models import EnrolmentJob, EnrolmentState, Sequence
from broadcaster.steps import Timing
from optout.access import Role
from optout.actors import NOBODY
from optout.addresses import parse
from optout.models import Channel, LedgerEvent, LedgerKind, default_list
from teambox import contacts
from tests.factories import ASHA, LEENA, RAHUL, opt_out
from tests.page_clients import HTMX, browser_of, queries_of, text_of
from tests.sequencing import AT_ONCE, DAY, enrol, fresh, make_sequence, work
from tests.teambox.panels import key_of, mask_for

HOURS = {"hours_days": list("1234567"), "hours_zone": "UTC"}
STEP = {
    "text": "Hello",
    "wait_days": "2",
    "at": "09:00",
    "zone": "Europe/Berlin",
} | HOURS


@pytest.fixture
def marketer(db) -> Client:
    return browser_of(Role.MARKETER)


@pytest.fixture
def welcome(phone: Channel) -> Sequence:
    """Three steps a day apart; it runs."""
    return make_sequence(phone)


def settings(**changed: Any) -> dict[str, Any]:
    """The settings form as it is sent, for the default list alone."""
    default = default_list().pk
    given = {"name": "Welcome", "re_enrolment": "when_ended", "stop_on_reply": "on"}
    return {**given, "unsubscribe_list": default, **changed}


def url(sequence: Sequence, rest: str = "") -> str:
    return f"/sequences/{sequence.pk}/{rest}"


def texts(sequence: Sequence) -> list[str]:
    return [step.content.text for step in steps.live(sequence)]


# The list


def test_the_list_tells_how_each_sequence_stands(marketer, welcome) -> None:
    opt_out(ASHA)
    for raw in (ASHA, RAHUL):
        enrol(welcome, raw)
    work()
    [(_, row)] = marketer.get("/sequences/").context["rows"]
    assert (row.steps, row.live, row.opted_out, row.completed) == (3, 1, 1, 0)
    assert row.next_at > timezone.now()


def test_a_search_that_finds_nothing_offers_the_way_back(marketer, welcome) -> None:
    found = text_of(marketer.get("/sequences/?search=nothing"))
    assert "No sequence has this name" in found
    assert "Clear search" in found


def test_the_list_asks_as_often_for_many_sequences(marketer, phone, welcome) -> None:
    enrol(welcome, ASHA)
    before = queries_of(marketer, "/sequences/")
    enrol(make_sequence(phone), ASHA)
    assert queries_of(marketer, "/sequences/") == before


# Settings and lists


def test_a_new_sequence_selects_the_default_list_and_what_is_ticked(
    marketer, phone, promotions
) -> None:
    sent = settings(channel=phone.pk, lists=[promotions.pk], description="Hi")
    answer = marketer.post("/sequences/new/", sent)
    made = Sequence.objects.get()
    assert answer.url == url(made)
    assert set(made.batch.lists.all()) == {default_list(), promotions}
    assert (made.description, made.stop_on_reply) == ("Hi", True)


def test_bad_settings_are_shown_again_and_make_nothing(marketer, phone) -> None:
    answer = marketer.post("/sequences/new/", settings(channel=phone.pk, name=""))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["name"]
    assert not Sequence.objects.exists()


def test_a_refused_list_leaves_no_half_made_sequence(
    marketer, phone, promotions
) -> None:
    sent = settings(channel=phone.pk, unsubscribe_list=promotions.pk)
    answer = marketer.post("/sequences/new/", sent)
    assert answer.status_code == 422
    assert list(answer.context["lists"].errors) == ["unsubscribe_list"]
    assert not Sequence.objects.exists()


def test_lists_are_changed_while_it_runs_and_may_shrink(
    marketer, welcome, promotions
) -> None:
    marketer.post(url(welcome, "edit/"), settings(lists=[promotions.pk]))
    assert promotions in welcome.batch.lists.all()
    marketer.post(url(welcome, "edit/"), settings())
    assert list(welcome.batch.lists.all()) == [default_list()]
    assert fresh(welcome).is_running


def test_only_some_may_leave_out_the_default_list_and_say_why(
    marketer, welcome, promotions
) -> None:
    wanted = {"lists": [promotions.pk], "unsubscribe_list": promotions.pk}
    sent = settings(**wanted, skip_default="on", skip_reason="")
    refused = browser_of(Role.ADMIN).post(url(welcome, "edit/"), sent)
    assert list(refused.context["lists"].errors) == ["skip_reason"]
    marketer.post(url(welcome, "edit/"), sent | {"skip_reason": "A recall"})
    assert default_list() in welcome.batch.lists.all()


def test_leaving_out_the_default_list_stands_in_the_ledger(welcome, promotions) -> None:
    wanted = {"lists": [promotions.pk], "unsubscribe_list": promotions.pk}
    sent = settings(**wanted, skip_default="on", skip_reason="A recall")
    admin = browser_of(Role.ADMIN)
    admin.post(url(welcome, "edit/"), sent)
    assert list(welcome.batch.lists.all()) == [promotions]
    assert LedgerEvent.objects.filter(kind=LedgerKind.DEFAULT_SKIPPED).count() == 1
    assert "A recall" in text_of(admin.get(url(welcome)))


def test_an_ended_sequence_has_no_settings_any_more(marketer, welcome) -> None:
    sequences.end(welcome, actor=NOBODY)
    assert marketer.get(url(welcome, "edit/")).url == url(welcome)


# The editor


def test_a_step_is_added_with_its_words_and_time(marketer, phone) -> None:
    draft = make_sequence(phone, AT_ONCE, started=False)
    more = {"hours_from": "08:00", "hours_until": "20:00", "name": "Care"}
    assert marketer.post(url(draft, "steps/new/"), STEP | more).url == url(draft)
    shown = text_of(marketer.get(url(draft)))
    assert "2 days after the step before, at 09:00 (Europe/Berlin)" in shown
    assert "08:00 to 20:00" in shown
    assert "Care" in shown


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"wait_days": "-1"}, "wait_days"),
        ({"wait_hours": "24"}, "wait_hours"),
        ({"at": "25:00"}, "at"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"hours_from": "20:00", "hours_until": "08:00"}, "hours_until"),
    ],
)
def test_a_wrong_time_is_named_and_changes_nothing(
    marketer, welcome, wrong, field
) -> None:
    answer = marketer.post(url(welcome, "steps/new/"), STEP | wrong)
    assert answer.status_code == 422
    assert list(answer.context["timing"].errors) == [field]
    assert len(texts(welcome)) == 3


def test_a_step_without_words_is_refused_at_its_field(marketer, welcome) -> None:
    answer = marketer.post(url(welcome, "steps/new/"), STEP | {"text": " "})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["text"]


def test_a_step_is_changed_and_keeps_its_place(marketer, welcome) -> None:
    second = steps.live(welcome)[1]
    marketer.post(url(welcome, f"steps/{second.pk}/"), STEP | {"text": "New words"})
    assert texts(welcome) == ["Step 1", "New words", "Step 3"]


def test_the_way_out_is_added_to_the_words_before_they_are_saved(
    marketer, welcome
) -> None:
    answer = marketer.post(url(welcome, "steps/new/"), STEP | {"add_way_out": "1"})
    assert answer.context["form"]["text"].value() == "Hello\nReply STOP to opt out."
    assert len(texts(welcome)) == 3


def test_a_step_moves_up_and_the_change_is_told(marketer, welcome) -> None:
    third = steps.live(welcome)[2]
    headers = HTMX | {"HX-Target": "steps"}
    move = url(welcome, f"steps/{third.pk}/move/")
    answer = marketer.post(move, {"by": "-1"}, headers=headers)
    assert "Step 3 moved up." in text_of(answer)
    assert texts(welcome) == ["Step 1", "Step 3", "Step 2"]


def test_a_deleted_step_is_passed_over_by_who_waits_for_it(marketer, welcome) -> None:
    second = steps.live(welcome)[1]
    enrol(welcome, ASHA)
    work()
    assert "1 person waits for it" in marketer.get(url(welcome)).content.decode()
    marketer.post(url(welcome, f"steps/{second.pk}/delete/"))
    assert texts(welcome) == ["Step 1", "Step 3"]


def test_a_step_of_another_sequence_is_not_found(marketer, phone, welcome) -> None:
    other = steps.live(make_sequence(phone))[0]
    assert marketer.get(url(welcome, f"steps/{other.pk}/")).status_code == 404
    assert marketer.post(url(welcome, f"steps/{other.pk}/delete/")).status_code == 404


def test_the_preview_reads_as_the_last_person_enrolled_would(marketer, welcome) -> None:
    enrol(welcome, ASHA, name="Asha")
    sent = {"text": "Hi {{name}}, {{shoe}}"}
    shown = text_of(marketer.post(url(welcome, "preview/"), sent))
    assert "Hi Asha," in shown
    assert "No contact has a value for {{shoe}}" in shown


def test_the_editor_asks_as_often_for_many_steps(marketer, phone, welcome) -> None:
    few = make_sequence(phone, AT_ONCE)
    many = make_sequence(phone, *[Timing(DAY)] * 4)
    assert queries_of(marketer, url(few)) == queries_of(marketer, url(many))


# Its course


def test_what_stands_against_a_start_is_named_with_the_way_to_mend_it(
    marketer, phone
) -> None:
    draft = make_sequence(phone, AT_ONCE, started=False)
    steps.archive(steps.live(draft)[0])
    assert url(draft, "steps/new/") in marketer.get(url(draft)).content.decode()
    marketer.post(url(draft, "start/"))
    assert fresh(draft).state == "draft"


def test_it_starts_pauses_resumes_and_ends(marketer, phone) -> None:
    row = make_sequence(phone, started=False)
    seen = []
    for act in ("start", "pause", "resume", "end"):
        assert marketer.post(url(row, f"{act}/")).url == url(row)
        seen.append(fresh(row).state)
    assert seen == ["running", "paused", "running", "cancelled"]
    assert "Ended" in text_of(marketer.get(url(row)))


# People


def test_somebody_is_enrolled_by_hand_in_any_spelling(marketer, welcome) -> None:
    sent = {"address": "+34 600-111-222"}
    answer = marketer.post(url(welcome, "enrol/"), sent, headers=HTMX)
    assert answer.status_code == 204
    assert welcome.enrolments.get().key == key_of(ASHA)


@pytest.mark.parametrize("typed", ["", "nobody", LEENA])
def test_what_the_channel_cannot_write_to_is_refused(marketer, welcome, typed) -> None:
    answer = marketer.post(url(welcome, "enrol/"), {"address": typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["address"]
    assert not welcome.enrolments.exists()


def test_contacts_are_counted_and_then_enrolled_by_a_job(marketer, welcome) -> None:
    known = [contacts.make(addresses=[parse(raw)]) for raw in (ASHA, LEENA)]
    tag = contacts.tag(known, "Customer")
    form = url(welcome, "enrol/contacts/")
    counted = text_of(marketer.post(form, {"tags": tag.pk, "count": "1"}))
    assert "2 contacts, 1 with a number" in counted
    assert not EnrolmentJob.objects.exists()
    marketer.post(form, {"tags": tag.pk})
    assert "Enrolling contacts" in text_of(marketer.get(url(welcome, "people/")))
    work()
    assert [row.address for row in welcome.enrolments.all()] == [ASHA]


def test_nobody_chosen_is_refused(marketer, welcome) -> None:
    answer = marketer.post(url(welcome, "enrol/contacts/"), {})
    assert answer.status_code == 422
    assert not EnrolmentJob.objects.exists()


FOUND = {
    "state=waiting": [RAHUL],
    "reason=opted_out": [ASHA],
    "search=600 111 222": [ASHA],
    "search=999": [],
    "state=nothing": [RAHUL, ASHA],
}


def test_people_are_filtered_and_searched(marketer, welcome) -> None:
    opt_out(ASHA)
    for raw in (ASHA, RAHUL):
        enrol(welcome, raw)
    work()
    for query, found in FOUND.items():
        page = marketer.get(url(welcome, f"people/?{query}")).context["page"]
        assert [row.enrolment.address for row in page.rows] == found, query


def test_people_asks_as_often_for_many(marketer, welcome) -> None:
    enrol(welcome, ASHA)
    before = queries_of(marketer, url(welcome, "people/"))
    enrol(welcome, RAHUL)
    assert queries_of(marketer, url(welcome, "people/")) == before


def test_who_is_unenrolled_may_go_on_at_a_step_that_is_left(marketer, welcome) -> None:
    row = enrol(welcome, ASHA)
    work()
    marketer.post(f"/sequences/enrolments/{row.pk}/unenrol/")
    resume = f"/sequences/enrolments/{row.pk}/resume/"
    offered = marketer.get(resume).context["form"].fields["step"].choices
    assert [label for _, label in offered] == ["Step 2", "Step 3"]
    marketer.post(resume, {"step": steps.live(welcome)[2].pk})
    newest = welcome.enrolments.first()
    assert (newest.state, newest.step.position) == (EnrolmentState.WAITING, 3)


def test_nobody_goes_on_at_a_step_that_was_had(marketer, welcome) -> None:
    row = enrol(welcome, ASHA)
    work()
    enrolments.unenrol(welcome, [row.key], actor=NOBODY)
    resume = f"/sequences/enrolments/{row.pk}/resume/"
    answer = marketer.post(resume, {"step": steps.live(welcome)[0].pk})
    assert answer.status_code == 422
    assert welcome.enrolments.count() == 1


def test_a_masked_role_meets_no_whole_address_when_enrolling(marketer, welcome) -> None:
    mask_for(Role.MARKETER)
    answer = marketer.post(url(welcome, "enrol/"), {"address": ASHA}, headers=HTMX)
    assert ASHA not in answer["HX-Trigger"]
    assert ASHA[1:] not in text_of(marketer.get(url(welcome, "people/")))


# What comes next, and the report


def test_upcoming_tells_the_next_sends_by_day(marketer, phone) -> None:
    row = make_sequence(phone, Timing(timedelta(days=2)))
    enrol(row, ASHA)
    context = marketer.get(url(row, "upcoming/")).context
    day = timezone.localdate() + timedelta(days=2)
    assert context["days"] == [(day, 1)]
    assert [one.address for one, _ in context["rows"]] == [ASHA]


def test_the_report_tells_what_became_of_each_step(marketer, welcome) -> None:
    opt_out(ASHA)
    for raw in (ASHA, RAHUL):
        enrol(welcome, raw)
    work()
    context = marketer.get(url(welcome, "report/")).context
    shown = [
        dict(zip(context["columns"], row, strict=True)) for _, row in context["table"]
    ]
    assert (shown[0]["Reached"], shown[0]["Sent"]) == (2, 1)
    assert shown[0]["Optout Number"] == 1
    assert shown[1]["Waiting"] == 1
    assert [one.reached for one in context["funnel"]] == [2, 1, 0, 0, 0]


@pytest.mark.parametrize("page", ["", "people/", "upcoming/", "report/"])
def test_a_sequence_without_anybody_says_so(marketer, phone, page) -> None:
    empty = make_sequence(phone, started=False)
    assert marketer.get(url(empty, page)).status_code == 200


def test_an_agent_does_not_see_sequences_in_the_rail(db) -> None:
    assert "/sequences/" not in browser_of(Role.AGENT).get("/").content.decode()
