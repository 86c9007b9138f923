"""The broadcasts of the API: made, launched once, stopped, read."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from broadcaster.models import Broadcast
from optout import addresses
from optout.access import Role
from optout.models import OutgoingBatch, SandboxMessage, default_list
from teambox import contacts
from teambox.models import Segment
from tests.api_clients import client_of, problem
from tests.broadcaster.conftest import numbers
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    drain,
    make_list,
    opt_out,
    sent_texts,
)

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


# Audiences


def test_contacts_are_the_audience(program):
    tagged = [contacts.make(name="Ana", addresses=[addresses.parse(ASHA)])]
    contacts.tag(tagged, "VIP")
    contacts.make(addresses=[addresses.parse(RAHUL)])
    made = make(program, recipients=[], audience={"tags": ["vip"]})
    assert (made["status"], made["counts"]["total"]) == ("ready", 1)
    assert made["audience"] == {
        "kind": "contacts",
        "description": "Contacts: tag VIP",
    }


def test_a_segment_and_filters_narrow_each_other(program):
    Segment.objects.create(name="Lately", query="seen=30")
    chosen = {"segment": "lately", "query": "opted_out=none"}
    made = make(program, recipients=[], audience=chosen)
    assert "segment Lately" in made["audience"]["description"]


def test_those_a_broadcast_failed_to_reach_are_the_audience(program):
    first = make(program)
    opt_out("+14155550000")
    program.post(f"{PLACE}{first['id']}/launch/")
    drain()
    chosen = {"broadcast": first["id"], "states": ["sent"]}
    made = make(program, recipients=[], audience=chosen)
    assert (made["counts"]["total"], made["audience"]["kind"]) == (2, "broadcast")


@pytest.mark.parametrize(
    ("audience", "code", "pointer"),
    [
        ({}, "no_filters", "audience/tags"),
        ({"tags": ["nobody"]}, "unknown", "audience/tags/0"),
        ({"segment": "nobody"}, "unknown", "audience/segment"),
        ({"query": "seen=soon"}, "bad_filters", "audience/query"),
        ({"query": "search=%2B34600111222"}, "one_person", "audience/query"),
        ({"broadcast": 999, "states": ["failed"]}, "unknown_broadcast", ""),
        ({"broadcast": 1, "tags": []}, "one_audience", "audience"),
        ({"states": ["failed"]}, "required", "audience/broadcast"),
        ({"states": ["suppressed"], "broadcast": 1}, "invalid_choice", ""),
        ({"all": "yes"}, "invalid", "audience/all"),
    ],
)
def test_a_bad_audience_is_refused(program, audience, code, pointer):
    answer = program.post(PLACE, body(recipients=[], audience=audience))
    status, told, named = problem(answer)
    assert (status, told) == (400, code)
    assert named.startswith(pointer or "audience/")
    assert not Broadcast.objects.exists()


def test_recipients_and_an_audience_are_one_too_many(program):
    answer = program.post(PLACE, body(audience={"all": True}))
    assert problem(answer) == (400, "one_audience", "audience")


# Pace and changes


HOURS = {"opens": "09:00", "closes": "20:00", "zone": "Asia/Tokyo"}


def test_pace_hours_and_zone_are_kept(program):
    made = make(program, rate=5, hours=HOURS, zone="Europe/Madrid")
    assert made["rate"] == 5
    kept = HOURS | {"days": [1, 2, 3, 4, 5, 6, 7], "by_recipient": False}
    assert made["hours"] == kept


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"rate": 0}, "bad_rate", "rate"),
        ({"rate": 1_000_000}, "bad_rate", "rate"),
        ({"zone": "Nowhere"}, "unknown_zone", "zone"),
        ({"hours": HOURS | {"closes": "08:00"}}, "hours_order", "hours/closes"),
        ({"hours": {}}, "required", "hours/opens"),
    ],
)
def test_a_bad_pace_is_refused(program, changes, code, pointer):
    answer = program.post(PLACE, body(**changes))
    assert problem(answer) == (400, code, pointer)
    assert not Broadcast.objects.exists()


def change(program, made: dict, **changes):
    return program.patch(f"{PLACE}{made['id']}/", changes)


def test_a_draft_changes_and_is_prepared_anew(program):
    made = make(program)
    changed = change(program, made, name="Winter", text="Hi").json()
    assert (changed["name"], changed["text"], changed["status"]) == (
        "Winter",
        "Hi",
        "ready",
    )
    assert changed["opt_out_lists"] == made["opt_out_lists"]
    recipients = [{"number": number} for number in numbers(5)]
    assert change(program, made, recipients=recipients).json()["counts"]["total"] == 5


def test_a_bad_change_changes_nothing(program):
    made = make(program)
    answer = change(program, made, name="Winter", opt_out_lists=[999])
    assert problem(answer) == (400, "unknown_list", "opt_out_lists")
    assert Broadcast.objects.get().name == "Sale"


def test_after_the_launch_lists_grow_and_count_at_once(program):
    made, promo = make(program), make_list()
    opt_out(numbers(3)[0], promo)
    program.post(f"{PLACE}{made['id']}/launch/")
    lists = [default_list().pk, promo.pk]
    changed = change(program, made, opt_out_lists=lists, rate=7).json()
    assert (changed["opt_out_lists"], changed["rate"]) == (sorted(lists), 7)
    assert changed["counts"]["suppressed"] == 1
    shrunk = change(program, made, opt_out_lists=[promo.pk])
    assert problem(shrunk) == (409, "lists_only_grow", "opt_out_lists")


@pytest.mark.parametrize(
    "changes", [{"text": "Else"}, {"audience": {"all": True}}, {"name": "x", "rate": 2}]
)
def test_after_the_launch_the_rest_stands(program, changes):
    made = make(program)
    program.post(f"{PLACE}{made['id']}/launch/")
    answer = change(program, made, **changes)
    assert problem(answer)[:2] == (409, "not_a_draft")
    assert OutgoingBatch.objects.get().rate is None


def test_a_marketer_cannot_leave_out_the_default_list_later(program):
    made, promo = make(program), make_list()
    skip = {"skip_default_list": {"reason": "x"}, "opt_out_lists": [promo.pk]}
    answer = change(program, made, **skip)
    assert problem(answer)[:2] == (403, "default_list_locked")
    assert change(program, made, skip_default_list={}).status_code == 400


# Duplicates, tests, lists, reports


def test_a_duplicate_is_a_draft_once_for_its_key(program):
    made = make(program)
    place = f"{PLACE}{made['id']}/duplicate/"
    for _ in range(2):
        answer = program.post(place, headers={"Idempotency-Key": "once"})
        assert answer.status_code == 201
    assert answer.json()["name"] == "Copy of Sale"
    assert Broadcast.objects.count() == 2


def test_broadcasts_are_filtered_by_status_and_channel(program):
    first, second = make(program), make(program)
    program.post(f"{PLACE}{first['id']}/launch/")
    (row,) = program.get(PLACE, {"status": "ready"}).json()["results"]
    assert row["id"] == second["id"]
    assert len(program.get(PLACE, {"channel_id": 900}).json()["results"]) == 2
    assert problem(program.get(PLACE, {"channel_id": 7}))[0] == 400


def test_recipients_are_not_searched_by_address_in_the_url(program):
    made = make(program)
    answer = program.get(f"{PLACE}{made['id']}/recipients/", {"search": "+14155550000"})
    assert problem(answer) == (400, "unknown_field", "search")


def test_the_counts_of_the_launch_stay(program):
    opt_out(numbers(3)[0])
    made = make(program)
    assert made["at_launch"] is None
    program.post(f"{PLACE}{made['id']}/launch/")
    opt_out(numbers(3)[1])
    drain()
    told = program.get(f"{PLACE}{made['id']}/").json()
    assert told["at_launch"] == {
        "total": 3,
        "to_send": 2,
        "withheld": 1,
        "under_review": 0,
        "by_list": [{"list": default_list().pk, "count": 1}],
    }
    assert told["counts"]["suppressed"] == 2


def send_test(program, made: dict, **person):
    return program.post(f"{PLACE}{made['id']}/test/", person)


def test_a_test_reads_as_the_first_recipient_would(program, phone):
    made = make(program)
    answer = send_test(program, made, number=ASHA)
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert sent_texts(phone) == ["Hi Ana. Reply STOP."]


def test_a_test_is_withheld_from_who_is_on_its_lists(program, phone):
    made, promo = make(program), make_list()
    change(program, made, opt_out_lists=[promo.pk])
    opt_out(ASHA, promo)
    pk = send_test(program, made, number=ASHA).json()["id"]
    assert sent_texts(phone) == []
    assert program.get(f"/api/v1/messages/{pk}/").json()["error"] == "Optout Number"


@pytest.mark.parametrize(
    ("person", "code", "pointer"),
    [
        ({}, "missing_address", "number"),
        ({"email": LEENA}, "wrong_address", "email"),
        ({"number": "12"}, "invalid_number", "number"),
        ({"number": ASHA, "text": "x"}, "unknown_field", "text"),
    ],
)
def test_a_test_to_nobody_is_refused(program, person, code, pointer):
    made = make(program)
    assert problem(send_test(program, made, **person)) == (400, code, pointer)


def test_too_many_tests_wait(program):
    made = make(program)
    answers = [send_test(program, made, number=ASHA) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [202] * 20 + [429]
    assert problem(answers[-1])[1] == "too_many_tests"
