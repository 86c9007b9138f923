"""The broadcasts of the API: made, launched once, stopped, read."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from broadcaster.models import Broadcast
from optout.access import Role
from optout.models import SandboxMessage, default_list
from tests.api_clients import client_of, problem
from tests.broadcaster.conftest import numbers
from tests.factories import drain, opt_out

pytestmark = pytest.mark.django_db
PLACE = "/api/v1/broadcasts/"


@pytest.fixture
def program(phone):
    return client_of(Role.MARKETER)


def body(**changes) -> dict:
    given = {
        "name": "Sale",
        "channel_id": 900,
        "text": "Hi {{name|you}}. Reply STOP.",
        "opt_out_lists": [default_list().pk],
        "recipients": [{"number": n, "name": "Ana"} for n in numbers(3)],
    }
    return given | changes


def make(program, **changes) -> dict:
    answer = program.post(PLACE, body(**changes))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_broadcast_is_made_ready_launched_and_read(program):
    made = make(program)
    assert (made["status"], made["counts"]["queued"]) == ("ready", 3)
    opt_out("+1 415-555-0001")
    launched = program.post(f"{PLACE}{made['id']}/launch/")
    assert (launched.status_code, launched.json()["status"]) == (202, "running")
    drain()
    counts = program.get(f"{PLACE}{made['id']}/").json()["counts"]
    assert (counts["total"], counts["sent"], counts["suppressed"]) == (3, 2, 1)
    assert sum(counts.values()) == 2 * counts["total"]


def test_suppressed_recipients_name_list_and_entry(program):
    opt_out("0014155550001")
    made = make(program)
    program.post(f"{PLACE}{made['id']}/launch/")
    answer = program.get(f"{PLACE}{made['id']}/recipients/", {"status": "suppressed"})
    (row,) = answer.json()["results"]
    assert (row["address"], row["error"]) == ("+14155550001", "Optout Number")
    assert (row["error_code"], row["list"]) == ("opted_out", default_list().pk)


def test_a_second_launch_changes_nothing(program):
    made = make(program)
    for _ in range(2):
        answer = program.post(f"{PLACE}{made['id']}/launch/")
        assert answer.status_code == 202
    drain()
    assert SandboxMessage.objects.count() == 3


def test_the_same_idempotency_key_makes_one_broadcast(program):
    for _ in range(2):
        program.post(PLACE, body(), headers={"Idempotency-Key": "once"})
    assert Broadcast.objects.count() == 1


@pytest.mark.parametrize("form", ["csv", "multipart"])
def test_a_csv_file_is_taken_instead_of_recipients(program, form):
    made = make(program, recipients=[])
    data = ("phone;name\n" + "\n".join(f"{n};Zoé" for n in numbers(2))).encode()
    place = f"{PLACE}{made['id']}/recipients/"
    if form == "csv":
        answer = program.generic("POST", place, data, content_type="text/csv")
    else:
        file = SimpleUploadedFile("people.csv", data)
        answer = program.post(place, {"file": file}, format="multipart")
    assert answer.status_code == 202, answer.content
    assert (answer.json()["status"], answer.json()["rows"]["read"]) == ("ready", 2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"opt_out_lists": []}, "lists_required"),
        ({"opt_out_lists": [999]}, "unknown_list"),
        ({"channel_id": 7}, "unknown_channel"),
        ({"name": ""}, "blank"),
        ({"unsubscribe_list": 999}, "unsubscribe_list"),
        ({"recipients": [{"name": "Ana"}]}, "object"),
        ({"recipients": ["+14155550000"]}, "object"),
        ({"recipients": [{"number": "1", "x": True}]}, "value"),
        ({"recipients": [{"number": "1", "x": "a" * 1001}]}, "value"),
        ({"recipients": [{"number": "1", "A": "", "a": ""}]}, "duplicate_column"),
        ({"recipients": [{"email": "a@b.org"}]}, "no_address_column"),
        ({"recipients": [{"number": "1\x002"}]}, "not_text"),
        ({"created_by": 1}, "unknown_field"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_made(program, changes, code):
    answer = program.post(PLACE, body(**changes))
    assert problem(answer)[:2] == (400, code)
    assert not Broadcast.objects.exists()


def test_too_many_recipients_are_refused(program):
    many = [{"number": "1"}] * 10_001
    answer = program.post(PLACE, body(recipients=many))
    assert problem(answer) == (400, "max_length", "recipients")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": ""}, "message_required"),
        ({"text": "Hi {{nobody}}"}, "unknown_variable"),
        ({"recipients": []}, "recipients_required"),
        ({"recipients": [{"number": "nonsense"}]}, "empty_audience"),
    ],
)
def test_what_is_missing_is_told_at_the_launch(program, changes, code):
    answer = program.post(PLACE, body(**changes))
    if answer.status_code == 201:
        answer = program.post(f"{PLACE}{answer.json()['id']}/launch/")
    assert problem(answer)[:2] == (400, code)


def test_only_an_admin_leaves_out_the_default_list(program, promotions):
    skip = {"opt_out_lists": [promotions.pk], "skip_default_list": {"reason": "Recall"}}
    refused = program.post(PLACE, body(**skip))
    assert problem(refused)[:2] == (403, "default_list_locked")
    assert make(client_of(Role.ADMIN), **skip)["opt_out_lists"] == [promotions.pk]


def test_the_default_list_is_added(program, promotions):
    made = make(program, opt_out_lists=[promotions.pk])
    assert made["opt_out_lists"] == [default_list().pk, promotions.pk]


def test_pause_resume_and_cancel(program):
    place = f"{PLACE}{make(program)['id']}/"
    assert problem(program.post(f"{place}pause/"))[:2] == (409, "wrong_state")
    program.post(f"{place}launch/")
    for act, status in [
        ("pause", "paused"),
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ]:
        assert program.post(f"{place}{act}/").json()["status"] == status
    assert problem(program.post(f"{place}resume/"))[:2] == (409, "wrong_state")


def test_a_launched_broadcast_takes_no_other_recipients(program):
    place = f"{PLACE}{make(program)['id']}/"
    program.post(f"{place}launch/")
    answer = program.generic(
        "POST", f"{place}recipients/", b"number\n+14155550009", content_type="text/csv"
    )
    assert problem(answer)[:2] == (409, "not_a_draft")


def test_an_unknown_broadcast_is_not_found(program):
    for rest in ("", "recipients/"):
        assert problem(program.get(f"{PLACE}7/{rest}"))[0] == 404


def test_a_collection_of_twice_the_size_asks_the_database_as_often(
    program, django_assert_max_num_queries
):
    for _ in range(3):
        make(program)
    program.get(PLACE)
    with django_assert_max_num_queries(6):
        assert len(program.get(PLACE).json()["results"]) == 3
