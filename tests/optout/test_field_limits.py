"""How long a list's texts may be, in characters, at each door and in the database."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from optout.access import Role
from optout.models import Keyword, KeywordRole, OptOutList
from tests.api_clients import client_of, problem
from tests.factories import make_list
from tests.page_clients import browser_of, errors_of

pytestmark = pytest.mark.django_db

LISTS = "/api/v1/opt-out-lists/"
NEW_IN_ADMIN = reverse("admin:optout_optoutlist_add")
NEW_LIST = reverse("list-create")
NEW = {"name": "Offers", "keyword": "OFFERS OFF", "message": "Bye."}
LIMITS = {
    "name": 50,
    "keyword": 50,
    "public_name": 50,
    "description": 300,
    "message": 300,
}
# Emoji alone are no keyword.
EMOJI = [(field, "🙏" * size) for field, size in LIMITS.items() if field != "keyword"]
FITTING = [
    *[(field, "x" * size) for field, size in LIMITS.items()],
    *EMOJI,
    ("keyword", "x" + "🙏" * 49),
]
TOO_LONG = [(field, text + text[-1]) for field, text in FITTING]
COLUMNS = [(field, size) for field, size in LIMITS.items() if field != "keyword"]


def name_of(value: str) -> str:
    """Short, in a test's name: a field, or a text's length and last sign."""
    return value if value in LIMITS else f"{len(value)}{value[-1]}"


fitting = pytest.mark.parametrize(("field", "text"), FITTING, ids=name_of)
too_long = pytest.mark.parametrize(("field", "text"), TOO_LONG, ids=name_of)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def stored(field: str) -> Any:
    return getattr(OptOutList.objects.get(is_default=False), field)


def custom_lists() -> int:
    return OptOutList.objects.filter(is_default=False).count()


# Doors


@fitting
def test_the_api_takes_what_fits(field: str, text: str) -> None:
    response = client_of(Role.ADMIN).post(LISTS, NEW | {field: text})
    assert (response.status_code, stored(field)) == (201, text)


@too_long
def test_the_api_refuses_one_character_more(field: str, text: str) -> None:
    response = client_of(Role.ADMIN).post(LISTS, NEW | {field: text})
    assert problem(response) == (400, "max_length", field)
    assert custom_lists() == 0


@too_long
def test_the_api_refuses_a_change_to_more(field: str, text: str) -> None:
    row = make_list()
    response = client_of(Role.ADMIN).patch(f"{LISTS}{row.pk}/", {field: text})
    assert problem(response) == (400, "max_length", field)


@fitting
def test_the_form_takes_what_fits(field: str, text: str) -> None:
    browser_of(Role.ADMIN).post(NEW_LIST, NEW | {field: text})
    assert stored(field) == text


@too_long
def test_the_form_refuses_one_character_more(field: str, text: str) -> None:
    response = browser_of(Role.ADMIN).post(NEW_LIST, NEW | {field: text})
    assert (response.status_code, list(errors_of(response))) == (422, [field])
    assert custom_lists() == 0


@fitting
def test_the_admin_takes_what_fits(staff: Client, field: str, text: str) -> None:
    staff.post(NEW_IN_ADMIN, NEW | {field: text})
    assert stored(field) == text


@too_long
def test_the_admin_refuses_one_character_more(
    staff: Client, field: str, text: str
) -> None:
    response = staff.post(NEW_IN_ADMIN, NEW | {field: text})
    assert (response.status_code, list(errors_of(response))) == (422, [field])
    assert custom_lists() == 0


@pytest.mark.parametrize("word", ["aliases", "start_keyword"])
def test_no_word_of_a_list_may_be_longer_than_its_keyword(word: str) -> None:
    response = browser_of(Role.ADMIN).post(NEW_LIST, NEW | {word: "x" * 51})
    assert (response.status_code, list(errors_of(response))) == (422, [word])


# The database, with no form before it


@pytest.mark.parametrize("sign", ["x", "é", "🙏"])
@pytest.mark.parametrize(("field", "size"), COLUMNS)
def test_the_database_takes_as_many_characters(
    field: str, size: int, sign: str
) -> None:
    values = {"name": "Offers", "message": "Bye."} | {field: sign * size}
    OptOutList.objects.create(**values)
    assert stored(field) == sign * size


@pytest.mark.parametrize("sign", ["x", "🙏"])
@pytest.mark.parametrize(("field", "size"), COLUMNS)
def test_the_database_refuses_one_character_more(
    field: str, size: int, sign: str
) -> None:
    values = {"name": "Offers", "message": "Bye."} | {field: sign * (size + 1)}
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        OptOutList(**values).save()
    assert custom_lists() == 0


@pytest.mark.parametrize(("field", "size"), COLUMNS)
def test_an_update_past_the_model_is_refused_too(field: str, size: int) -> None:
    make_list()
    rows = OptOutList.objects.filter(is_default=False)
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        rows.update(**{field: "x" * (size + 1)})


@pytest.mark.parametrize("sign", ["x", "🙏"])
def test_the_database_keeps_a_keyword_to_its_length(sign: str) -> None:
    word = Keyword(list=make_list(), role=KeywordRole.ALIAS, folded="x")
    word.text = sign * 50
    word.save()
    word.text += sign
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        word.save()
