"""/api/v1/opt-out-entries/: one opt-out or removal at a time, and looking them up."""

from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from optout.access import Role
from optout.models import (
    Channel,
    Entry,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    Workspace,
    default_list,
    live_entries,
)
from tests.api_clients import client_of, problem
from tests.factories import ASHA, LEENA, RAHUL, make_channel, make_list, opt_out

pytestmark = pytest.mark.django_db
ENTRIES = "/api/v1/opt-out-entries/"


@pytest.fixture
def admin() -> APIClient:
    return client_of(Role.ADMIN)


@pytest.fixture
def sms() -> Channel:
    return make_channel(900)


def add(client: APIClient, **more: Any) -> Response:
    body = {"lists": [default_list().pk], "number": ASHA, "channel_id": None}
    return client.post(ENTRIES, body | more)


def test_an_opt_out_is_answered_with_its_state_and_entry(
    admin: APIClient, sms: Channel
) -> None:
    response = add(admin, channel_id=900, note="rang us")
    body = response.json()
    assert response.status_code == 201
    assert (body["state"], body["in_flight"], body["warnings"]) == ("effective", [], [])
    entry = body["entries"][0]
    assert (entry["address"], entry["channel_id"]) == (ASHA, 900)
    assert (entry["source"], entry["reason_code"]) == ("api", "staff")
    assert (entry["by"], entry["note"]) == ("API key program of Admin", "rang us")


def test_an_opt_out_that_is_there_is_success_with_the_same_entry(
    admin: APIClient,
) -> None:
    first = add(admin)
    again = add(admin, number="0034 600 111 222")
    assert again.status_code == 200
    assert again.json()["entries"][0]["id"] == first.json()["entries"][0]["id"]


def test_number_and_email_are_two_entries_and_one_event(admin: APIClient) -> None:
    hooked = make_list()
    OptOutList.objects.filter(pk=hooked.pk).update(webhook_url="https://example.com/")
    response = add(admin, lists=[hooked.pk], email=LEENA)
    assert [entry["address"] for entry in response.json()["entries"]] == [ASHA, LEENA]
    assert WebhookDelivery.objects.count() == 1


def test_a_channel_left_out_means_all_channels(admin: APIClient) -> None:
    response = admin.post(ENTRIES, {"lists": [default_list().pk], "email": LEENA})
    assert response.json()["entries"][0]["channel_id"] is None


def test_an_email_on_a_phone_channel_is_kept_with_a_warning(
    admin: APIClient, sms: Channel
) -> None:
    response = add(admin, channel_id=900, email=LEENA)
    assert response.status_code == 201
    warning = response.json()["warnings"][0]
    assert (warning["code"], warning["address"]) == ("no_effect_on_channel", LEENA)


def test_a_number_valid_both_ways_is_refused_with_both_readings(
    admin: APIClient,
) -> None:
    Workspace.objects.update(default_region="DE")
    response = add(admin, number="491712345678")
    assert problem(response) == (400, "ambiguous_number", "number")
    assert len(response.json()["readings"]) == 2
    assert add(admin, number=response.json()["readings"][0]).status_code == 201


def test_a_region_reads_a_national_number(admin: APIClient) -> None:
    response = add(admin, number="600 111 222", region="ES")
    assert response.json()["entries"][0]["address"] == ASHA


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("lists", [], "empty"),
        ("lists", None, "null"),
        ("lists", [99], "unknown_list"),
        ("lists", ["1"], "invalid"),
        ("lists", [True], "invalid"),
        ("lists", [10**30], "too_large"),
        ("lists", {"1": 1}, "not_a_list"),
        ("number", "+1", "invalid_number"),
        ("number", "1962580010.0", "invalid_number"),
        ("number", "1e10", "invalid_number"),
        ("number", 34600111222, "invalid"),
        ("number", True, "invalid"),
        ("number", [], "invalid"),
        ("number", None, "missing_address"),
        ("number", "+34600\x00111222", "null_characters_not_allowed"),
        ("number", "1" * 321, "max_length"),
        ("email", "a@b.c\r\nBcc: x@y.z", "invalid_email"),
        ("email", "a@@b.c", "invalid_email"),
        ("channel_id", 4711, "unknown_channel"),
        ("channel_id", 0, "unknown_channel"),
        ("channel_id", "900", "invalid"),
        ("channel_id", False, "invalid"),
        ("channel_id", 1.0, "invalid"),
        ("reason_code", "whim", "invalid_choice"),
        ("reason_code", True, "invalid_choice"),
        ("region", "Spain", "max_length"),
        ("note", "x" * 301, "max_length"),
        ("source", "keyword", "unknown_field"),
        ("id", 7, "unknown_field"),
        ("created_by", 1, "unknown_field"),
    ],
)
def test_bad_input_is_named_and_nothing_changes(
    admin: APIClient, field: str, value: object, code: str
) -> None:
    response = add(admin, **{field: value})
    assert problem(response)[:2] == (400, code)
    assert problem(response)[2].split("/")[0] == field
    assert not Entry.objects.exists()


def test_an_inactive_channel_and_a_deleted_list_are_refused(admin: APIClient) -> None:
    make_channel(900, is_active=False)
    assert problem(add(admin, channel_id=900))[1:] == ("inactive_channel", "channel_id")
    gone = make_list()
    admin.delete(f"/api/v1/opt-out-lists/{gone.pk}/?move_to={default_list().pk}")
    assert problem(add(admin, lists=[gone.pk]))[1:] == ("unknown_list", "lists")


def test_only_an_admin_adds_a_legal_entry(admin: APIClient) -> None:
    agent = client_of(Role.AGENT)
    refused = add(agent, reason_code="legal")
    assert problem(refused)[:2] == (403, "legal_needs_admin")
    assert add(admin, reason_code="legal").status_code == 201


def test_an_entry_is_shown_also_when_it_has_ended(admin: APIClient) -> None:
    pk = opt_out(ASHA).entries[0].pk
    assert admin.delete(f"{ENTRIES}{pk}/?reason=test&note=mine").status_code == 204
    shown = admin.get(f"{ENTRIES}{pk}/").json()
    assert (shown["live"], shown["ended_source"]) == (False, "api")
    assert (shown["ended_reason"], shown["ended_note"]) == ("test", "mine")


def test_a_second_removal_changes_nothing(admin: APIClient) -> None:
    pk = opt_out(ASHA).entries[0].pk
    admin.delete(f"{ENTRIES}{pk}/?note=first")
    assert admin.delete(f"{ENTRIES}{pk}/?note=second").status_code == 204
    assert Entry.objects.get().ended_note == "first"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (400, "reason_required", "reason")),
        ("?reason=mood", (400, "invalid_choice", "reason")),
        ("?reason=other", (400, "note_required", "note")),
        ("?reason=test&why=x", (400, "unknown_field", "why")),
    ],
)
def test_what_the_person_made_ends_with_a_reason_alone(
    admin: APIClient, query: str, expected: tuple[int, str, str]
) -> None:
    pk = opt_out(ASHA, reason=Reason.PERSON, source=Source.KEYWORD).entries[0].pk
    assert problem(admin.delete(f"{ENTRIES}{pk}/{query}")) == expected
    assert live_entries().exists()


@pytest.mark.parametrize(
    ("role", "reason", "code"),
    [
        (Role.MARKETER, Reason.PERSON, "not_allowed"),
        (Role.COMPLIANCE, Reason.LEGAL, "legal_needs_admin"),
    ],
)
def test_some_entries_are_kept_from_some_roles(
    role: Role, reason: Reason, code: str
) -> None:
    pk = opt_out(ASHA, reason=reason).entries[0].pk
    response = client_of(role).delete(f"{ENTRIES}{pk}/?reason=test")
    assert problem(response)[:2] == (403, code)
    assert live_entries().exists()


def test_removal_by_address_ends_it_on_that_channel_alone(
    admin: APIClient, sms: Channel
) -> None:
    opt_out(ASHA)
    opt_out(ASHA, channel_id=900)
    body = {
        "lists": [default_list().pk],
        "number": "600111222",
        "region": "ES",
        "channel_id": 900,
    }
    response = admin.post(f"{ENTRIES}remove/", body)
    assert [entry["channel_id"] for entry in response.json()["removed"]] == [900]
    assert [entry.channel_id for entry in live_entries()] == [0]


def test_removal_by_address_is_all_or_nothing(admin: APIClient) -> None:
    opt_out(ASHA)
    opt_out(LEENA, reason=Reason.PERSON)
    body = {
        "lists": [default_list().pk],
        "number": ASHA,
        "email": LEENA,
        "channel_id": None,
    }
    response = admin.post(f"{ENTRIES}remove/", body)
    assert problem(response) == (400, "reason_required", "reason")
    assert live_entries().count() == 2


def test_removal_of_what_is_not_there_removes_nothing(admin: APIClient) -> None:
    body = {"lists": [default_list().pk], "number": ASHA, "channel_id": None}
    response = admin.post(f"{ENTRIES}remove/", body)
    assert (response.status_code, response.json()) == (200, {"removed": []})


def test_removal_says_which_channel(admin: APIClient) -> None:
    response = admin.post(
        f"{ENTRIES}remove/", {"lists": [default_list().pk], "number": ASHA}
    )
    assert problem(response) == (400, "required", "channel_id")


def test_search_finds_an_address_in_any_spelling_with_its_history(
    admin: APIClient,
) -> None:
    ended = opt_out(ASHA).entries[0]
    admin.delete(f"{ENTRIES}{ended.pk}/")
    live = opt_out(ASHA).entries[0]
    opt_out(RAHUL)
    response = admin.post(f"{ENTRIES}search/", {"address": "tel:+34-600-111-222"})
    assert [entry["id"] for entry in response.json()["results"]] == [live.pk, ended.pk]


def test_search_refuses_what_is_no_address(admin: APIClient) -> None:
    response = admin.post(f"{ENTRIES}search/", {"address": "nobody"})
    assert problem(response) == (400, "invalid_number", "address")


def test_a_collection_is_walked_by_its_cursors(admin: APIClient) -> None:
    for last in range(5):
        opt_out(f"+3460011122{last}")
    first = admin.get(f"{ENTRIES}?page_size=2").json()
    second = admin.get(first["next"]).json()
    third = admin.get(second["next"]).json()
    pages = [first, second, third]
    walked = [entry["id"] for page in pages for entry in page["results"]]
    assert walked == sorted(walked, reverse=True)
    assert len(walked) == 5
    assert third["next"] is None
    assert admin.get(second["previous"]).json()["results"] == first["results"]


def test_the_change_feed_shows_changes_in_their_order(admin: APIClient) -> None:
    made = [opt_out(number).entries[0].pk for number in (ASHA, RAHUL)]
    admin.delete(f"{ENTRIES}{made[0]}/")
    feed = admin.get(f"{ENTRIES}?updated_after=2020-01-01T00:00:00Z&page_size=1").json()
    after = admin.get(feed["next"]).json()
    assert [feed["results"][0]["id"], after["results"][0]["id"]] == [made[1], made[0]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("page_size=-1", (400, "invalid_page_size", "page_size")),
        ("page_size=0", (400, "invalid_page_size", "page_size")),
        ("page_size=1000000000", (400, "invalid_page_size", "page_size")),
        ("page_size=" + "9" * 5000, (400, "invalid_page_size", "page_size")),
        ("cursor=abc", (400, "invalid_cursor", "cursor")),
        ("cursor=cD14", (400, "invalid_cursor", "cursor")),
        ("cursor=bz0tMQ==", (400, "invalid_cursor", "cursor")),
        ("list__name=x", (400, "unknown_field", "list__name")),
        ("search=600111222", (400, "unknown_field", "search")),
        ("ordering=key", (400, "unknown_field", "ordering")),
        ("live=perhaps", (400, "invalid_choice", "live")),
        ("list=99", (400, "invalid_choice", "list")),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(
    admin: APIClient, query: str, expected: tuple[int, str, str]
) -> None:
    assert problem(admin.get(f"{ENTRIES}?{query}")) == expected
