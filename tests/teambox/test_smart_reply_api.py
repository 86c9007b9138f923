"""`/smart-replies/`: questions with their answers and actions, by program."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from optout.access import Role
from optout.models import default_list
from teambox.models import SmartReply, SmartReplyCategory
from tests.api_clients import client_of, problem
from tests.teambox.replies import ADD, REMOVE, adding, make_reply

pytestmark = pytest.mark.django_db
URL = "/api/v1/smart-replies/"


@pytest.fixture
def client() -> APIClient:
    return client_of()


def question(**more: Any) -> dict[str, Any]:
    wanted = {"action": ADD, "settings": {"lists": [default_list().pk]}}
    given = {"category": "Offers", "phrasings": ["no more offers"], "answer": "Done."}
    return {**given, "actions": [wanted], **more}


def test_a_question_is_made_with_its_category_and_actions(client: APIClient) -> None:
    answer = client.post(URL, question(), format="json")
    assert answer.status_code == 201
    settings = {
        "lists": [default_list().pk],
        "reason_code": "person",
        "everywhere": False,
    }
    assert answer.json() == {
        "id": SmartReply.objects.get().pk,
        "category": "Offers",
        "intents": [],
        "phrasings": ["no more offers"],
        "answer": "Done.",
        "is_active": True,
        "actions": [{"action": ADD, "settings": settings}],
    }
    assert client.get(URL).json()["results"] == [answer.json()]


def test_what_is_given_is_changed_and_the_rest_stays(client: APIClient) -> None:
    row = make_reply(answer="Done.", actions=(adding(default_list()),))
    changed = client.patch(f"{URL}{row.pk}/", {"is_active": False}, format="json")
    assert changed.status_code == 200
    assert changed.json()["is_active"] is False
    assert changed.json()["answer"] == "Done."
    assert len(changed.json()["actions"]) == 1


def test_given_actions_replace_all(client: APIClient) -> None:
    row = make_reply(actions=(adding(default_list()),))
    new = {"actions": [{"action": "add_tag", "settings": {"tag": "quiet"}}]}
    changed = client.patch(f"{URL}{row.pk}/", new, format="json").json()
    assert [one["action"] for one in changed["actions"]] == ["add_tag"]


def test_a_removal_carries_a_reason_and_covers_what_the_person_made(
    client: APIClient,
) -> None:
    wanted = {"action": REMOVE, "settings": {"lists": [default_list().pk]}}
    made = client.post(URL, question(actions=[wanted]), format="json").json()
    settings = made["actions"][0]["settings"]
    assert settings["reason"] == "asked_in_chat"
    assert settings["lift_what_person_made"] is True


def test_a_deleted_question_is_gone(client: APIClient) -> None:
    row = make_reply()
    assert client.delete(f"{URL}{row.pk}/").status_code == 204
    assert client.get(f"{URL}{row.pk}/").status_code == 404


WRONG = [
    ({"phrasings": []}, "phrasing_required", "phrasings"),
    ({"phrasings": ["!!!"]}, "phrasing_empty", "phrasings"),
    ({"phrasings": ["Offers", "OFFERS!"]}, "phrasing_repeated", "phrasings"),
    ({"answer": "Hi {{nobody}}"}, "unknown_variable", "answer"),
    ({"actions": [{"action": "fly"}]}, "unknown_action", "actions/0/action"),
    (
        {"actions": [{"action": ADD, "settings": {"lists": [10**30]}}]},
        "bad_setting",
        "actions/0/settings/lists",
    ),
    (
        {"actions": [{"action": ADD, "settings": {"lists": "all"}}]},
        "bad_setting",
        "actions/0/settings/lists",
    ),
    (
        {"actions": [{"action": "add_tag", "settings": {"tga": "x"}}]},
        "unknown_setting",
        "actions/0/settings/tga",
    ),
    (
        {"actions": [{"action": "assign", "settings": {"user": 10**30}}]},
        "bad_setting",
        "actions/0/settings/user",
    ),
]


@pytest.mark.parametrize(("wrong", "code", "field"), WRONG)
def test_bad_input_is_named_and_changes_nothing(
    client: APIClient, wrong: dict[str, Any], code: str, field: str
) -> None:
    answer = client.post(URL, question(**wrong), format="json")
    assert problem(answer) == (400, code, field)
    assert not SmartReply.objects.exists()
    assert not SmartReplyCategory.objects.exists()


def test_a_repeat_with_its_key_makes_one_question(client: APIClient) -> None:
    for _ in range(2):
        client.post(URL, question(), format="json", headers={"Idempotency-Key": "k"})
    assert SmartReply.objects.count() == 1


@pytest.mark.parametrize("role", list(Role))
def test_who_may_read_and_who_may_build(role: Role) -> None:
    client, row = client_of(role), make_reply()
    may_build = role in (Role.MARKETER, Role.ADMIN)
    assert client.get(URL).status_code == 200
    made = client.post(URL, question(), format="json")
    deleted = client.delete(f"{URL}{row.pk}/")
    expected = (201, 204) if may_build else (403, 403)
    assert (made.status_code, deleted.status_code) == expected


def test_a_stranger_learns_nothing() -> None:
    assert APIClient().get(URL).status_code == 401
