"""/api/v1/opt-out-lists/: the lists, their words, secrets and deletion."""

from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from optout.access import Role
from optout.models import (
    Entry,
    Keyword,
    ListState,
    OptOutList,
    default_list,
    live_entries,
)
from tests.api_clients import client_of, problem
from tests.factories import ASHA, RAHUL, make_list, opt_out

pytestmark = pytest.mark.django_db
LISTS = "/api/v1/opt-out-lists/"
PROMO = {"name": "Promotions", "keyword": "PROMO OFF", "message": "You are out."}


@pytest.fixture
def admin() -> APIClient:
    return client_of(Role.ADMIN)


def one(row: OptOutList) -> str:
    return f"{LISTS}{row.pk}/"


def create(client: APIClient, **more: Any) -> Response:
    return client.post(LISTS, PROMO | more)


def test_a_new_list_is_answered_whole_with_its_secret(admin: APIClient) -> None:
    response = create(admin, aliases=["NO PROMO"], start_keyword="PROMO ON")
    assert response.status_code == 201
    body = response.json()
    assert (body["keyword"], body["aliases"]) == ("PROMO OFF", ["NO PROMO"])
    assert (body["start_keyword"], body["is_default"]) == ("PROMO ON", False)
    assert body["webhook_secret"].startswith("whsec_")


def test_the_secret_is_never_shown_again(admin: APIClient) -> None:
    pk = create(admin).json()["id"]
    assert "whsec_" not in admin.get(f"{LISTS}{pk}/").content.decode()
    assert "whsec_" not in admin.get(LISTS).content.decode()


def test_a_rotated_secret_is_shown_and_the_old_one_still_signs(
    admin: APIClient,
) -> None:
    row = make_list()
    before = row.webhook_secrets["current"]
    response = admin.post(f"{one(row)}rotate-secret/")
    row.refresh_from_db()
    assert response.json() == {"webhook_secret": row.webhook_secrets["current"]}
    assert row.webhook_secrets["previous"] == before


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "blank"),
        ("name", "   ", "blank"),
        ("name", "x" * 51, "max_length"),
        ("name", "dEFAULT opt-out list", "name_taken"),
        ("name", "null\x00byte", "null_characters_not_allowed"),
        ("name", True, "invalid"),
        ("description", "x" * 301, "max_length"),
        ("message", "", "blank"),
        ("message", "x" * 301, "max_length"),
        ("keyword", "", "blank"),
        ("keyword", "x" * 51, "max_length"),
        ("keyword", "\ufdfa" * 50, "keyword_too_long"),
        ("keyword", "🙏", "keyword_reserved"),
        ("keyword", ".*", "keyword_reserved"),
        ("keyword", "Stop!", "keyword_reserved"),
        ("keyword", "baja", "keyword_reserved"),
        ("keyword", "START", "keyword_reserved"),
        ("keyword", "help", "keyword_reserved"),
        ("aliases", ["unsubscribe"], "keyword_reserved"),
        ("aliases", ["promo-off"], "keyword_repeated"),
        ("aliases", "NO PROMO", "not_a_list"),
        ("start_keyword", "stop all", "keyword_reserved"),
        ("start_keyword", "PROMO OFF", "keyword_repeated"),
        ("webhook_url", "http://example.com/", "scheme"),
        ("webhook_on_lift", "true", "invalid"),
        ("id", 7, "unknown_field"),
        ("is_default", True, "unknown_field"),
        ("state", "archived", "unknown_field"),
        ("webhook_secrets", {}, "unknown_field"),
    ],
)
def test_what_a_list_may_not_have_is_named_and_nothing_made(
    admin: APIClient, field: str, value: object, code: str
) -> None:
    response = create(admin, **{field: value})
    assert problem(response)[:2] == (400, code)
    assert problem(response)[2].split("/")[0] == field
    assert OptOutList.objects.count() == 1


def test_a_word_of_another_list_is_refused_in_any_spelling(admin: APIClient) -> None:
    make_list()
    response = create(admin, name="Other", keyword="BYE", aliases=["Prómo  OFF!"])
    assert problem(response) == (400, "keyword_taken", "aliases")


def test_the_default_list_keeps_its_stop_when_it_is_edited(admin: APIClient) -> None:
    response = admin.patch(one(default_list()), {"keyword": "stop", "message": "Bye."})
    assert response.status_code == 200
    assert response.json()["keyword"] == "stop"


def test_a_change_touches_what_is_named_alone(admin: APIClient) -> None:
    row = make_list()
    response = admin.patch(one(row), {"aliases": ["NO PROMO"]})
    body = response.json()
    assert (body["keyword"], body["aliases"]) == ("PROMO OFF", ["NO PROMO"])
    assert body["message"] == row.message


def test_a_refused_change_changes_no_word(admin: APIClient) -> None:
    row = make_list()
    admin.patch(one(row), {"name": "Other", "aliases": ["NO PROMO", "STOP"]})
    row.refresh_from_db()
    assert row.name == "Promotions"
    assert [word.text for word in Keyword.objects.filter(list=row)] == ["PROMO OFF"]


def test_a_single_list_counts_its_entries_now(admin: APIClient) -> None:
    row = make_list()
    opt_out(ASHA, row)
    assert admin.get(one(row)).json()["entry_count"] == 1


def test_the_default_list_is_never_deleted(admin: APIClient) -> None:
    target = make_list()
    response = admin.delete(f"{one(default_list())}?move_to={target.pk}")
    assert problem(response)[:2] == (403, "default_list")


def test_a_deletion_that_says_nothing_of_the_entries_is_a_conflict(
    admin: APIClient,
) -> None:
    row = make_list()
    opt_out(ASHA, row)
    response = admin.delete(one(row))
    assert problem(response)[:2] == (409, "entries_need_a_decision")
    assert response.json()["entries"] == 1
    assert admin.get(one(row)).status_code == 200


def test_a_deleted_list_leaves_its_people_opted_out_elsewhere(
    admin: APIClient,
) -> None:
    row = make_list()
    opt_out(ASHA, row)
    response = admin.delete(f"{one(row)}?move_to={default_list().pk}")
    assert response.status_code == 204
    assert live_entries().get().list == default_list()
    assert admin.get(one(row)).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("move_to=99", (400, "unknown_list", "move_to")),
        ("move_to=x", (400, "invalid", "move_to")),
        ("move_to={own}", (400, "bad_target", "move_to")),
        ("move_to=1&remove_entries=true", (400, "invalid", "move_to")),
        ("remove_entries=true", (400, "reason_required", "reason")),
        ("remove_entries=yes", (400, "invalid_choice", "remove_entries")),
        ("moveto=1", (400, "unknown_field", "moveto")),
    ],
)
def test_an_unclear_deletion_deletes_nothing(
    admin: APIClient, query: str, expected: tuple[int, str, str]
) -> None:
    row = make_list()
    response = admin.delete(f"{one(row)}?{query.format(own=row.pk)}")
    assert problem(response) == expected
    row.refresh_from_db()
    assert row.state == ListState.ACTIVE


def test_entries_end_with_their_list_when_an_admin_says_why(admin: APIClient) -> None:
    row = make_list()
    opt_out(RAHUL, row)
    response = admin.delete(f"{one(row)}?remove_entries=true&reason=a+test+list")
    assert response.status_code == 204
    assert not live_entries().exists()


def test_only_an_admin_ends_entries_with_their_list() -> None:
    row = make_list()
    opt_out(RAHUL, row)
    client = client_of(Role.COMPLIANCE)
    response = client.delete(f"{one(row)}?remove_entries=true&reason=tidy")
    assert problem(response)[:2] == (403, "not_allowed")
    assert Entry.objects.get().is_live
