"""The rail and the More menu: who sees what, and which place is current."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import path

from optout_project import navigation
from optout_project.navigation import Item


def _page(request: HttpRequest) -> Any:
    raise NotImplementedError


urlpatterns = [
    path("", _page, name="dashboard"),
    path("opt-out/", _page, name="lists"),
    path("admin/", _page, name="admin"),
]

pytestmark = pytest.mark.urls(__name__)

ITEMS = (
    Item(label="Dashboard", icon="inbox", url_name="dashboard"),
    Item(label="Lists", icon="ban", url_name="lists", permission="optout.see"),
    Item(label="Admin", icon="lock", url_name="admin", staff_only=True),
    Item(label="Not built", icon="bot", url_name="nowhere"),
)


def request_by(
    *permissions: str, is_staff: bool = False, path: str = "/"
) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = SimpleNamespace(  # type: ignore[assignment]
        is_staff=is_staff, masks_addresses=False, has_perm=permissions.__contains__
    )
    return request


def labels(request: HttpRequest) -> list[str]:
    return [link.label for link in navigation.links(ITEMS, request)]


def test_a_place_without_a_url_is_left_out() -> None:
    assert "Not built" not in labels(request_by(is_staff=True))


def test_a_place_is_shown_only_with_its_permission() -> None:
    assert labels(request_by()) == ["Dashboard"]
    assert labels(request_by("optout.see")) == ["Dashboard", "Lists"]


def test_the_admin_is_for_staff() -> None:
    assert "Admin" in labels(request_by(is_staff=True))


def test_the_place_one_is_under_is_current() -> None:
    request = request_by("optout.see", path="/opt-out/7/")
    current = {link.label: link.current for link in navigation.links(ITEMS, request)}
    assert current == {"Dashboard": "", "Lists": "true"}


def test_the_place_itself_is_the_current_page() -> None:
    request = request_by("optout.see", path="/opt-out/")
    assert navigation.links(ITEMS, request)[1].current == "page"


def test_of_places_in_each_other_the_inner_one_is_current() -> None:
    urls = ["/opt-out/", "/opt-out/keywords/", "/"]
    assert navigation.current(urls, "/opt-out/keywords/es/") == "/opt-out/keywords/"


def test_a_count_is_asked_for_the_request() -> None:
    item = Item(label="Review", icon="bot", url_name="lists", count=lambda request: 3)
    assert navigation.links([item], request_by())[0].count == 3


def test_an_empty_group_has_no_title() -> None:
    shown = navigation.shell(request_by())
    assert [title for title, _ in shown["more"]] == ["Settings › Social CRM Settings"]
