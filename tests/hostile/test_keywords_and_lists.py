"""Names and keywords that a list may not have, and deletions that meet each other."""

import pytest
from rest_framework.test import APIClient

from optout.models import Keyword, OptOutList, default_list, live_entries, live_lists
from tests.api_clients import client_of
from tests.factories import ASHA, make_channel, make_list, opt_out
from tests.hostile.doors import LISTS, NEW_LIST, NEW_LIST_DOORS, Visitor
from tests.threads import at_once

NOT_FOR_A_LIST = [  # 47; one character too many: tests/optout/test_field_limits.py
    ("name", "   "),
    ("name", "\x00"),
    ("name", "promoTIONS"),
    ("message", " \r\n "),
    ("keyword", "   "),
    ("keyword", "🙏🙏"),
    ("keyword", "\u200b\u2060"),
    ("keyword", ".*"),
    ("keyword", "START"),
    ("keyword", "ｓｔｏｐ"),
    ("keyword", "S\u0301TOP"),
    ("keyword", "Prómo  OFF!"),
    ("keyword", "\ufdfa" * 50),
]
ODD_BUT_TEXT = ["(a+)+$", "🙏 amen", "%s%n{0}", "\\x00", "a\u0301\u0301\u0301 bye"]


@pytest.fixture
def promotions(db: None) -> OptOutList:
    return make_list()


@pytest.mark.parametrize(("field", "text"), NOT_FOR_A_LIST)
def test_each_door_names_the_field_and_makes_nothing(
    visitor: Visitor, promotions: OptOutList, field: str, text: str
) -> None:
    for name, door in NEW_LIST_DOORS.items():
        assert door(visitor, NEW_LIST | {field: text}) == {field}, name
    assert live_lists().count() == 2


@pytest.mark.parametrize("door", NEW_LIST_DOORS)
@pytest.mark.parametrize("keyword", ODD_BUT_TEXT)
def test_an_odd_keyword_is_compared_as_text(
    visitor: Visitor, door: str, keyword: str
) -> None:
    make_channel(900)
    assert not NEW_LIST_DOORS[door](visitor, NEW_LIST | {"keyword": keyword})
    said = {"a" * 5_000 + "!": "message", keyword: "opted_out"}
    for text, outcome in said.items():
        body = {"from": ASHA, "text": text, "message_id": outcome}
        answer = visitor.program.post("/api/v1/inbound/900/", body)
        assert answer.json()["outcome"] == outcome


def with_same_key(client: APIClient) -> APIClient:
    key = client._credentials["HTTP_AUTHORIZATION"]
    return APIClient(headers={"Authorization": key})


@pytest.mark.django_db(transaction=True)
def test_of_lists_with_one_keyword_that_are_made_at_once_one_is_made() -> None:
    client = client_of()
    names = iter("abcdefgh")

    def make() -> int:
        body = NEW_LIST | {"name": next(names)}
        return with_same_key(client).post(LISTS, body).status_code

    answers = at_once(make, 8)
    assert answers.count(201) == 1
    assert set(answers) <= {201, 400, 409}
    assert Keyword.objects.filter(text="OFFERS OFF").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_deletions_at_once_one_moves_the_entries() -> None:  # 48
    client, listed = client_of(), make_list()
    opt_out(ASHA, listed)
    url = f"{LISTS}{listed.pk}/?move_to={default_list().pk}"
    answers = at_once(lambda: with_same_key(client).delete(url).status_code, 6)
    assert 204 in answers
    assert set(answers) <= {204, 400, 404, 409}
    assert live_entries().get().list == default_list()


@pytest.mark.django_db(transaction=True)
def test_two_lists_that_are_deleted_into_each_other_lose_nobody() -> None:
    client = client_of()
    pair = [make_list("A", "A OFF"), make_list("B", "B OFF")]
    for row in pair:
        opt_out(ASHA, row)
    ways = iter([(pair[0].pk, pair[1].pk), (pair[1].pk, pair[0].pk)])

    def delete() -> int:
        gone, target = next(ways)
        url = f"{LISTS}{gone}/?move_to={target}"
        return with_same_key(client).delete(url).status_code

    assert set(at_once(delete, 2)) <= {204, 400, 404, 409}
    assert live_entries().filter(list__in=live_lists()).exists()
