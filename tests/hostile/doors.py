"""The doors that a hostile text is tried at; each tells which fields it refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from optout.models import default_list
from tests.api_clients import client_of
from tests.page_clients import errors_of

LISTS = "/api/v1/opt-out-lists/"
ENTRIES = "/api/v1/opt-out-entries/"
NEW_LIST = {"name": "Offers", "keyword": "OFFERS OFF", "message": "Bye."}


def _root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@dataclass
class Visitor:
    """Somebody who may do everything, with a browser and with a program."""

    browser: Client = field(default_factory=_root)
    program: APIClient = field(default_factory=client_of)


Door = Callable[[Visitor, dict[str, Any]], set[str]]


def refused_by_form(answer: Any) -> set[str]:
    """The fields of a form that is shown again; none where it was taken."""
    if answer.status_code in (204, 302):
        return set()
    assert answer.status_code == 422, answer.status_code
    return set(errors_of(answer))


def refused_by_api(answer: Any) -> set[str]:
    """The fields that a problem document names; none where it is no problem."""
    if answer.status_code < 300:
        return set()
    assert answer.status_code == 400, (answer.status_code, answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    return {one["pointer"].split("/")[0] for one in answer.json()["errors"]}


def _list_by_page(visitor: Visitor, values: dict[str, Any]) -> set[str]:
    return refused_by_form(visitor.browser.post(reverse("list-create"), values))


def _list_by_admin(visitor: Visitor, values: dict[str, Any]) -> set[str]:
    url = reverse("admin:optout_optoutlist_add")
    return refused_by_form(visitor.browser.post(url, values))


def _list_by_api(visitor: Visitor, values: dict[str, Any]) -> set[str]:
    return refused_by_api(visitor.program.post(LISTS, values))


def _entry_by_page(visitor: Visitor, values: dict[str, Any]) -> set[str]:
    url = reverse("entry-add", args=[default_list().pk])
    form = {"channel": 0, "reason_code": "staff"}
    return refused_by_form(visitor.browser.post(url, form | values))


def _entry_by_admin(visitor: Visitor, values: dict[str, Any]) -> set[str]:
    url = reverse("admin:optout_entry_add")
    form = {"channel": 0, "reason_code": "staff", "lists": [default_list().pk]}
    return refused_by_form(visitor.browser.post(url, form | values))


def _entry_by_api(visitor: Visitor, values: dict[str, Any]) -> set[str]:
    body = {"lists": [default_list().pk]} | values
    return refused_by_api(visitor.program.post(ENTRIES, body))


NEW_LIST_DOORS: dict[str, Door] = {
    "page": _list_by_page,
    "admin": _list_by_admin,
    "api": _list_by_api,
}
NEW_ENTRY_DOORS: dict[str, Door] = {
    "page": _entry_by_page,
    "admin": _entry_by_admin,
    "api": _entry_by_api,
}
