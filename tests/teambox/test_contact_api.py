"""`/contacts/` for programs: made, read, changed, found by address, noted about."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from optout import addresses
from optout.access import Role
from optout.models import live_entries
from teambox import contacts
from teambox.models import Contact, ContactAttribute, Note
from tests.api_clients import client_of, problem
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out

pytestmark = pytest.mark.django_db

URL = "/api/v1/contacts/"
ALL = set(Role)
WRITERS = ALL - {Role.COMPLIANCE}
MAY = {
    ("GET", URL): ALL,
    ("POST", URL): WRITERS,
    ("GET", URL + "1/"): ALL,
    ("PATCH", URL + "1/"): WRITERS,
    ("POST", URL + "search/"): ALL,
    ("POST", URL + "1/notes/"): WRITERS,
}


@pytest.fixture
def program() -> APIClient:
    return client_of(Role.ADMIN)


@pytest.fixture
def asha() -> Contact:
    return contacts.make(name="Asha", addresses=[addresses.parse(ASHA)])


@pytest.fixture
def plan() -> ContactAttribute:
    return ContactAttribute.objects.create(name="spend", label="Spend", kind="number")


def one(contact: Contact) -> str:
    return f"{URL}{contact.pk}/"


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "url"), MAY)
def test_each_call_is_for_its_roles(method: str, url: str, role: Role) -> None:
    answer = client_of(role).generic(method, url, "{}", "application/json")
    assert (answer.status_code != 403) == (role in MAY[method, url])
    assert APIClient().generic(method, url, "{}").status_code == 401


def test_a_contact_is_made_with_all_it_has(
    program: APIClient, plan: ContactAttribute
) -> None:
    User.objects.create(username="mina")
    body = {
        "name": "Asha",
        "addresses": ["0034 600 111 222", LEENA.upper()],
        "tags": ["VIP", "Fan"],
        "owner": "mina",
        "attributes": {"spend": 12.5},
    }
    answer = program.post(URL, body, format="json")
    made = answer.json()
    assert answer.status_code == 201
    assert made["addresses"][0] == {"address": ASHA, "address_kind": "phone"}
    assert (made["tags"], made["owner"]) == (["Fan", "VIP"], "mina")
    assert made["attributes"] == {"spend": "12.5"}
    assert program.get(f"{URL}{made['id']}/").json() == made


def test_the_same_idempotency_key_makes_one_contact(program: APIClient) -> None:
    headers = {"Idempotency-Key": "a"}
    first = program.post(URL, {"name": "Asha"}, format="json", headers=headers)
    again = program.post(URL, {"name": "Asha"}, format="json", headers=headers)
    assert first.json() == again.json()
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"name": 7}, 400, "invalid", "name"),
        ({"name": "x" * 121}, 400, "max_length", "name"),
        ({"nick": "A"}, 400, "unknown_field", "nick"),
        ({"addresses": ["12"]}, 400, "invalid_number", "addresses/0"),
        ({"addresses": [ASHA, RAHUL]}, 409, "address_taken", "addresses"),
        ({"tags": [" "]}, 400, "blank", "tags/0"),
        ({"owner": "nobody"}, 400, "unknown_user", "owner"),
        ({"attributes": {"x": "1"}}, 400, "unknown_attribute", "attributes/x"),
        ({"attributes": {"spend": "a"}}, 400, "bad_value", "attributes/spend"),
        ({"attributes": {"spend": True}}, 400, "not_plain", "attributes/spend"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(
    program: APIClient,
    asha: Contact,
    plan: ContactAttribute,
    body: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
) -> None:
    contacts.make(name="Rahul", addresses=[addresses.parse(RAHUL)])
    for answer in (
        program.post(URL, {"tags": ["new"]} | body, format="json"),
        program.patch(one(asha), {"tags": ["new"]} | body, format="json"),
    ):
        assert problem(answer) == (status, code, pointer)
    assert Contact.objects.count() == 2
    assert not asha.tags.exists()
    assert asha.addresses.get().address == ASHA


def test_a_change_touches_what_is_named_alone(
    program: APIClient, asha: Contact, plan: ContactAttribute
) -> None:
    contacts.edit(asha, name="Asha", attributes={"spend": "1"}, owner_id=None)
    contacts.tag([asha], "VIP")
    program.patch(one(asha), {"name": "Asha M"}, format="json")
    changed = program.get(one(asha)).json()
    assert (changed["name"], changed["tags"]) == ("Asha M", ["VIP"])
    assert changed["attributes"] == {"spend": "1"}


def test_tags_and_addresses_that_are_given_replace_the_others(
    program: APIClient, asha: Contact
) -> None:
    contacts.tag([asha], "VIP")
    body = {"tags": ["vip", "Fan"], "addresses": [LEENA]}
    changed = program.patch(one(asha), body, format="json").json()
    assert changed["tags"] == ["Fan", "VIP"]
    assert [row["address"] for row in changed["addresses"]] == [LEENA]


def test_no_change_of_a_contact_ends_an_opt_out(
    program: APIClient, asha: Contact
) -> None:
    opt_out(ASHA, make_list())
    program.patch(one(asha), {"addresses": []}, format="json")
    assert not asha.addresses.exists()
    assert live_entries().get().address == ASHA


def test_a_null_value_takes_it_away(
    program: APIClient, asha: Contact, plan: ContactAttribute
) -> None:
    contacts.edit(asha, name="Asha", attributes={"spend": "1"}, owner_id=None)
    body = {"attributes": {"spend": None}}
    assert program.patch(one(asha), body, format="json").json()["attributes"] == {}


# Finding


def test_filters_are_those_of_the_page(program: APIClient, asha: Contact) -> None:
    contacts.tag([asha], "VIP")
    contacts.make(name="Rahul")
    opt_out(ASHA)
    assert names(program.get(URL)) == ["Rahul", "Asha"]
    assert names(program.get(URL, {"tag": "VIP"})) == ["Asha"]
    assert names(program.get(URL, {"opted_out": "none"})) == ["Rahul"]
    assert names(program.get(URL, {"owner": "null", "seen": "never"})) == [
        "Rahul",
        "Asha",
    ]


@pytest.mark.parametrize("name", ["search", "address", "page"])
def test_no_address_stands_in_the_url(program: APIClient, name: str) -> None:
    answer = program.get(URL, {name: ASHA})
    assert problem(answer) == (400, "unknown_field", name)


@pytest.mark.parametrize("query", [{"tag": "no"}, {"seen": "1"}, {"opted_out": "x"}])
def test_a_filter_that_makes_no_sense_is_refused(
    program: APIClient, query: dict[str, str]
) -> None:
    assert problem(program.get(URL, query))[0] == 400


def test_pages_go_by_cursor(program: APIClient) -> None:
    for number in range(3):
        contacts.make(name=f"P{number}")
    first = program.get(URL, {"page_size": 2})
    assert names(first) == ["P2", "P1"]
    assert names(program.get(first.json()["next"])) == ["P0"]


def test_an_address_in_any_spelling_finds_its_contact(
    program: APIClient, asha: Contact
) -> None:
    contacts.make(name="Rahul", addresses=[addresses.parse(RAHUL)])
    body = {"address": "0034 600-111-222"}
    assert names(program.post(URL + "search/", body, format="json")) == ["Asha"]
    nobody = program.post(URL + "search/", {"address": LEENA}, format="json")
    assert names(nobody) == []


def test_a_search_for_no_address_is_refused(program: APIClient) -> None:
    answer = program.post(URL + "search/", {"address": "12"}, format="json")
    assert problem(answer) == (400, "invalid_number", "address")


def test_a_list_asks_a_fixed_number_of_queries(
    program: APIClient, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        made = contacts.make(addresses=[addresses.parse(f"a{number}@example.org")])
        contacts.tag([made], f"T{number}")
    with django_assert_max_num_queries(8):
        program.get(URL)


# Notes


def test_a_note_keeps_which_program_wrote_it(program: APIClient, asha: Contact) -> None:
    answer = program.post(one(asha) + "notes/", {"text": "Paid late"}, format="json")
    assert answer.status_code == 201
    note = Note.objects.get()
    assert (note.text, answer.json()["by"]) == ("Paid late", note.author_label)
    assert note.author_label.startswith("API key")


@pytest.mark.parametrize("text", ["", " ", "x" * 5_001, 7])
def test_a_note_says_something_of_fair_length(
    program: APIClient, asha: Contact, text: Any
) -> None:
    answer = program.post(one(asha) + "notes/", {"text": text}, format="json")
    assert problem(answer)[0] == 400
    assert not Note.objects.exists()
