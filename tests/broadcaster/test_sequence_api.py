"""The sequences of the API: made, changed, let run, and who is on the way."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from broadcaster import following, ticking
from broadcaster.models import Enrolment, Sequence, Step
from optout.access import Role
from optout.models import LedgerEvent, LedgerKind, default_list
from teambox import contacts
from tests.api_clients import client_of, problem
from tests.broadcaster.conftest import numbers
from tests.factories import ASHA, LEENA, drain, make_list, opt_out, sent_texts
from tests.page_clients import queries_of

pytestmark = pytest.mark.django_db
PLACE = "/api/v1/sequences/"


@pytest.fixture
def program(phone) -> APIClient:
    return client_of(Role.MARKETER)


def body(**changes: Any) -> dict[str, Any]:
    lists = [default_list().pk]
    return {"name": "Welcome", "channel_id": 900, "opt_out_lists": lists} | changes


def make(program: APIClient, **changes: Any) -> dict[str, Any]:
    answer = program.post(PLACE, body(**changes))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def add(program: APIClient, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = program.post(f"{PLACE}{made['id']}/steps/", {"text": "Hello"} | changes)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def move(program: APIClient, made: dict[str, Any], way: str) -> Any:
    return program.post(f"{PLACE}{made['id']}/{way}/")


def enrol(program: APIClient, made: dict[str, Any], *items: Any) -> list[Any]:
    answer = program.post(f"{PLACE}{made['id']}/enrolments/", {"items": list(items)})
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


@pytest.fixture
def running(program) -> dict[str, Any]:
    """A running sequence of two steps."""
    made = make(program)
    add(program, made, text="Hello {{name|you}}")
    add(program, made, text="Still there?", wait={"days": 1})
    assert move(program, made, "start").status_code == 200
    return made


# Sequences


def test_a_sequence_is_made_with_its_lists(program):
    promo = make_list()
    made = make(program, opt_out_lists=[promo.pk], unsubscribe_list=promo.pk)
    assert made["state"] == "draft"
    assert made["opt_out_lists"] == sorted([default_list().pk, promo.pk])
    assert made["unsubscribe_list"] == promo.pk
    assert made["counts"]["total"] == 0
    assert program.get(PLACE).json()["results"][0]["id"] == made["id"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"opt_out_lists": []}, "lists_required"),
        ({"opt_out_lists": [999]}, "unknown_list"),
        ({"channel_id": 7}, "unknown_channel"),
        ({"name": ""}, "blank"),
        ({"unsubscribe_list": 999}, "unsubscribe_list"),
        ({"re_enrolment": "often"}, "invalid_choice"),
        ({"enrol_tag": "nobody has it"}, "unknown"),
        ({"state": "running"}, "unknown_field"),
    ],
)
def test_bad_input_makes_no_sequence(program, changes, code):
    answer = program.post(PLACE, body(**changes))
    assert problem(answer) == (400, code, problem(answer)[2])
    assert problem(answer)[2] == next(iter(changes))
    assert not Sequence.objects.exists()


def test_only_an_admin_leaves_out_the_default_list(program):
    skipping = body(opt_out_lists=[make_list().pk], skip_default_list={"reason": "Due"})
    assert problem(program.post(PLACE, skipping))[:2] == (403, "default_list_locked")
    answer = client_of(Role.ADMIN).post(PLACE, skipping)
    assert answer.json()["skip_default_reason"] == "Due"
    assert LedgerEvent.objects.filter(kind=LedgerKind.DEFAULT_SKIPPED).count() == 1


def test_settings_and_lists_change_while_it_runs(program, running):
    contacts.tag([], "VIP")
    promo = make_list()
    place = f"{PLACE}{running['id']}/"
    answer = program.patch(place, {"opt_out_lists": [promo.pk], "enrol_tag": "vip"})
    assert answer.json()["opt_out_lists"] == sorted([default_list().pk, promo.pk])
    assert (answer.json()["enrol_tag"], answer.json()["name"]) == ("VIP", "Welcome")
    shrunk = program.patch(place, {"opt_out_lists": [default_list().pk]}).json()
    assert shrunk["opt_out_lists"] == [default_list().pk]


def test_the_channel_never_changes(program, running):
    answer = program.patch(f"{PLACE}{running['id']}/", {"channel_id": 900})
    assert problem(answer) == (400, "unknown_field", "channel_id")


def test_a_part_of_an_object_in_a_change_is_refused(program, running):
    answer = program.patch(f"{PLACE}{running['id']}/", {"skip_default_list": {}})
    assert problem(answer) == (400, "required", "skip_default_list/reason")


def test_the_same_idempotency_key_makes_one_sequence(program):
    for _ in range(2):
        program.post(PLACE, body(), headers={"Idempotency-Key": "once"})
    assert Sequence.objects.count() == 1


def test_sequences_are_filtered_by_their_state(program, running):
    make(program, name="Draft")
    assert [
        row["name"] for row in program.get(PLACE, {"state": "draft"}).json()["results"]
    ] == ["Draft"]
    move(program, running, "end")
    ended = program.get(PLACE, {"state": "ended"}).json()["results"]
    assert [row["state"] for row in ended] == ["ended"]


def test_a_start_tells_what_is_missing(program):
    made = make(program)
    answer = move(program, made, "start")
    assert answer.status_code == 400
    assert Sequence.objects.get().state == "draft"


def test_it_is_paused_resumed_and_ended_and_each_repeat_is_the_same(program, running):
    for way, state in (("pause", "paused"), ("resume", "running"), ("end", "ended")):
        for _ in range(2):
            answer = move(program, running, way)
            assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert problem(move(program, running, "resume"))[:2] == (409, "wrong_state")
    place = f"{PLACE}{running['id']}/"
    assert problem(program.patch(place, {"name": "x"}))[:2] == (409, "ended")


# Steps


def test_a_step_is_added_with_its_timing(program):
    made = make(program)
    hours = {"opens": "09:00", "closes": "18:00", "days": [1, 2], "zone": "Asia/Tokyo"}
    step = add(
        program,
        made,
        wait={"days": 2, "minutes": 90},
        at="09:30",
        zone="Europe/Madrid",
        by_recipient=True,
        hours=hours,
    )
    assert step["wait"] == {"days": 2, "hours": 1, "minutes": 30}
    assert (step["at"], step["zone"], step["position"]) == ("09:30", "Europe/Madrid", 1)
    assert step["hours"] == hours | {"by_recipient": False}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"text": ""}, "text"),
        ({"subject": "Hi"}, "text"),
        ({"wait": {"days": 3651}}, "wait/days"),
        ({"wait": {"days": -1}}, "wait/days"),
        ({"wait": {"weeks": 1}}, "wait/weeks"),
        ({"wait": {"days": 3650}}, "wait"),
        ({"at": "25:00"}, "at"),
        ({"at": 9}, "at"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"hours": {"opens": "09:00"}}, "hours/closes"),
        ({"hours": {"opens": "18:00", "closes": "09:00"}}, "hours/closes"),
        ({"hours": {"opens": "09:00", "closes": "18:00", "days": [8]}}, "hours/days/0"),
        ({"hours": {"opens": "09:00", "closes": "18:00", "days": []}}, "hours/days"),
    ],
)
def test_a_bad_step_is_refused_and_names_its_field(program, changes, pointer):
    made = make(program)
    answer = program.post(f"{PLACE}{made['id']}/steps/", {"text": "Hello"} | changes)
    status, _code, named = problem(answer)
    assert (status, named) == (400, pointer)
    assert not Step.objects.exists()


def test_steps_are_changed_moved_and_taken_away(program, running):
    place = f"{PLACE}{running['id']}/steps/"
    first, second = program.get(place).json()["results"]
    changed = program.patch(f"{place}{second['id']}/", {"text": "New", "position": 1})
    assert (changed.json()["text"], changed.json()["position"]) == ("New", 1)
    assert changed.json()["wait"] == second["wait"]
    assert program.delete(f"{place}{first['id']}/").status_code == 204
    assert [row["text"] for row in program.get(place).json()["results"]] == ["New"]
    assert program.patch(f"{place}{first['id']}/", {"text": "x"}).status_code == 404


def test_a_step_belongs_to_its_sequence(program, running):
    other = make(program, name="Other")
    pk = Step.objects.first().pk
    answer = program.patch(f"{PLACE}{other['id']}/steps/{pk}/", {"text": "x"})
    assert answer.status_code == 404


# Enrolments


def test_people_are_enrolled_with_a_result_each(program, running):
    results = enrol(
        program,
        running,
        {"number": "0034600111222", "variables": {"name": "Asha", "n": 1}},
        {"number": ASHA},
        {"email": LEENA},
        {"number": "12"},
        "nonsense",
        {"number": ASHA, "variables": {"name": True}},
    )
    assert [row["result"] for row in results] == [
        "enrolled",
        "already",
        *["refused"] * 4,
    ]
    codes = [row["problem"]["code"] for row in results[2:]]
    assert codes == ["wrong_address", "invalid_number", "invalid", "invalid"]
    assert results[0]["enrolment"] == results[1]["enrolment"] is not None
    ticking.tick()
    drain()
    assert Enrolment.objects.get().variables == {"name": "Asha", "n": "1"}


def test_the_variables_fill_the_first_step(program, running, phone):
    enrol(program, running, {"number": ASHA, "variables": {"Name": "Asha"}})
    ticking.tick()
    assert sent_texts(phone) == ["Hello Asha"]


def test_more_than_a_thousand_are_refused(program, running):
    items = [{"number": number} for number in numbers(1_001)]
    answer = program.post(f"{PLACE}{running['id']}/enrolments/", {"items": items})
    assert problem(answer) == (400, "max_length", "items")
    assert not Enrolment.objects.exists()


def test_a_repeat_with_its_key_enrols_nobody_again(program, running):
    Sequence.objects.update(re_enrolment="restart")
    place = f"{PLACE}{running['id']}/enrolments/"
    for _ in range(2):
        given = {"items": [{"number": ASHA}]}
        program.post(place, given, headers={"Idempotency-Key": "once"})
    assert Enrolment.objects.count() == 1


def test_who_opted_out_reads_optout_number(program, running):
    enrol(program, running, {"number": ASHA}, {"number": "+34600111333"})
    opt_out(ASHA)
    advance()
    place = f"{PLACE}{running['id']}/enrolments/"
    (row,) = program.get(place, {"end_reason": "opted_out"}).json()["results"]
    assert (row["address"], row["state"]) == (ASHA, "ended")
    assert (row["error"], row["error_code"]) == ("Optout Number", "opted_out")
    (other,) = program.get(place, {"state": "waiting"}).json()["results"]
    assert (other["error"], other["step"]) == ("", Step.objects.last().pk)
    found = program.get(place, {"step": Step.objects.last().pk}).json()["results"]
    assert [each["id"] for each in found] == [other["id"]]


def advance() -> None:
    """As the pumps do: put what is due, send it, see what became of it."""
    ticking.tick()
    drain()
    following.follow()


def test_a_person_is_unenrolled_by_address(program, running):
    enrol(program, running, {"number": ASHA})
    place = f"{PLACE}{running['id']}/unenrol/"
    for ended in (1, 0):
        answer = program.post(place, {"number": "+34 600 111 222"})
        assert answer.json() == {"unenrolled": ended}
    assert Enrolment.objects.get().end_reason == "unenrolled"
    assert problem(program.post(place, {}))[:2] == (400, "missing_address")
    assert problem(program.post(place, {"email": LEENA}))[1] == "wrong_address"


def test_nobody_is_enrolled_after_the_end(program, running):
    move(program, running, "end")
    place = f"{PLACE}{running['id']}/enrolments/"
    answer = program.post(place, {"items": [{"number": ASHA}]})
    assert problem(answer)[:2] == (409, "ended")


def test_the_report_tells_of_each_step(program, running):
    enrol(program, running, {"number": ASHA}, {"number": "+34600111333"})
    opt_out(ASHA)
    advance()
    report = program.get(f"{PLACE}{running['id']}/report/").json()
    assert report["counts"]["total"] == 2
    assert report["counts"]["by_end_reason"]["opted_out"] == 1
    first, second = report["steps"]
    assert (first["put"], first["sent"], first["opted_out"]) == (2, 1, 1)
    assert (first["messages"]["suppressed"], first["ended"]["opted_out"]) == (1, 1)
    assert (second["waiting"], second["put"]) == (1, 0)
    assert [row["reached"] for row in report["funnel"]] == [2, 1, 0, 0]


def test_pages_of_enrolments_ask_as_often_for_many(program, running):
    place = f"{PLACE}{running['id']}/enrolments/"
    enrol(program, running, *({"number": number} for number in numbers(2)))
    few = queries_of(program, place)
    enrol(program, running, *({"number": number} for number in numbers(6)))
    assert queries_of(program, place) == few
