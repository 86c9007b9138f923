"""/api/v1/opt-out-entries/bulk/, bulk-delete/ and check/: up to 1,000 at once."""

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from optout import addresses, holds
from optout.access import Role
from optout.models import Entry, Reason, default_list, live_entries
from tests.api_clients import client_of, problem
from tests.factories import ASHA, LEENA, RAHUL, make_channel, make_list, opt_out

pytestmark = pytest.mark.django_db
BULK = "/api/v1/opt-out-entries/bulk/"
REMOVE = "/api/v1/opt-out-entries/bulk-delete/"
CHECK = "/api/v1/opt-out-entries/check/"


@pytest.fixture
def admin() -> APIClient:
    return client_of(Role.ADMIN)


def numbers(count: int) -> list[str]:
    return [f"+34600{last:06}" for last in range(count)]


def test_each_item_gets_its_own_result_in_its_place(admin: APIClient) -> None:
    opt_out(ASHA)
    items = [
        {"lists": [default_list().pk], "number": ASHA},
        {"lists": [default_list().pk], "number": "+1"},
        {"lists": [default_list().pk], "email": LEENA, "reason_code": "complaint"},
        {"lists": [999_999], "number": RAHUL},
        None,
    ]
    results = admin.post(BULK, {"items": items}).json()["results"]
    assert [result["result"] for result in results] == [
        "existed",
        "refused",
        "created",
        "refused",
        "refused",
    ]
    assert results[1]["problem"]["code"] == "invalid_number"
    assert results[3]["problem"]["errors"][0]["pointer"] == "lists"
    assert Entry.objects.get(pk=results[2]["entries"][0]).reason_code == "complaint"


def test_one_bad_item_of_a_thousand_stops_no_other(admin: APIClient) -> None:
    items = [
        {"lists": [default_list().pk], "number": number} for number in numbers(1000)
    ]
    items[500] = {"lists": [default_list().pk], "number": "nobody"}
    results = admin.post(BULK, {"items": items}).json()["results"]
    assert [result["result"] for result in results].count("created") == 999
    assert live_entries().count() == 999


def test_many_are_opted_out_by_as_many_statements_as_few(
    admin: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    items = [
        {"lists": [default_list().pk], "number": number} for number in numbers(300)
    ]
    with django_assert_max_num_queries(30):
        admin.post(BULK, {"items": items})


@pytest.mark.parametrize("url", [BULK, REMOVE, CHECK])
def test_more_than_a_thousand_are_refused_whole(admin: APIClient, url: str) -> None:
    many: list[object] = [1] * 1001
    bodies = {
        BULK: {"items": many},
        REMOVE: {"ids": many},
        CHECK: {
            "lists": [default_list().pk],
            "channel_id": None,
            "addresses": ["x"] * 1001,
        },
    }
    assert problem(admin.post(url, bodies[url]))[:2] == (400, "max_length")


def test_each_removed_entry_gets_its_own_result(admin: APIClient) -> None:
    staff = opt_out(ASHA).entries[0].pk
    person = opt_out(RAHUL, reason=Reason.PERSON).entries[0].pk
    body = {"ids": [staff, person, 4711]}
    assert admin.post(REMOVE, body).json()["results"] == [
        {"id": staff, "result": "removed"},
        {"id": person, "result": "reason_required"},
        {"id": 4711, "result": "not_found"},
    ]
    again = admin.post(REMOVE, body | {"reason": "wrong_person"}).json()["results"]
    assert [result["result"] for result in again][:2] == ["ended_before", "removed"]


def test_a_marketer_removes_no_entry_that_the_person_made() -> None:
    person = opt_out(RAHUL, reason=Reason.PERSON).entries[0].pk
    body = {"ids": [person], "reason": "test"}
    response = client_of(Role.MARKETER).post(REMOVE, body)
    assert response.json()["results"] == [{"id": person, "result": "not_allowed"}]
    assert live_entries().exists()


def test_a_check_tells_who_is_suppressed_and_by_what(admin: APIClient) -> None:
    sms, promotions = make_channel(900), make_list()
    entry = opt_out(ASHA, promotions, channel_id=sms.pk).entries[0]
    opt_out(RAHUL, default_list())
    body = {
        "channel_id": 900,
        "lists": [promotions.pk],
        "addresses": ["whatsapp:+34600111222", RAHUL],
    }
    listed, free = admin.post(CHECK, body).json()["results"]
    since = listed.pop("since")
    assert since is not None
    assert listed == {
        "address": "whatsapp:+34600111222",
        "canonical": ASHA,
        "suppressed": True,
        "code": "opted_out",
        "list": promotions.pk,
        "entry": entry.pk,
        "source": "page",
    }
    assert (free["canonical"], free["suppressed"]) == (RAHUL, False)


def test_a_check_knows_who_is_under_review(admin: APIClient) -> None:
    sms = make_channel(900)
    address = addresses.parse(ASHA)
    holds.hold(address=address, channel_id=sms.pk, text="no more", reason="unclear")
    body = {"channel_id": 900, "lists": [default_list().pk], "addresses": [ASHA]}
    result = admin.post(CHECK, body).json()["results"][0]
    assert (result["suppressed"], result["code"]) == (True, "under_review")


def test_what_is_no_address_may_not_be_written_to(admin: APIClient) -> None:
    body = {
        "channel_id": None,
        "lists": [default_list().pk],
        "addresses": ["nobody", ""],
    }
    results = admin.post(CHECK, body).json()["results"]
    assert [(one["suppressed"], one["canonical"], one["code"]) for one in results] == [
        (True, None, "invalid_number"),
        (True, None, "missing_address"),
    ]


def test_a_check_of_unknown_lists_or_channels_is_refused(admin: APIClient) -> None:
    body = {"channel_id": None, "lists": [default_list().pk], "addresses": [ASHA]}
    refused = admin.post(CHECK, body | {"lists": [999_999]})
    assert problem(refused) == (400, "unknown_list", "lists")
    refused = admin.post(CHECK, body | {"channel_id": 9})
    assert problem(refused) == (400, "unknown_channel", "channel_id")
