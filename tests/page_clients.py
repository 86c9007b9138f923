"""People who use the pages: a browser that is logged in with some role."""

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from optout.access import Role

HTMX = {"HX-Request": "true"}


def browser_of(role: Role = Role.ADMIN) -> Client:
    """A browser where somebody of this role is logged in."""
    user = User.objects.create_user(f"a {role}".lower())
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The words of a page, without its tags."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(bare).split())


def errors_of(response: Any) -> dict[str, list[str]]:
    """The errors of the form a page shows again, by field."""
    found: dict[str, list[str]] = response.context["form"].errors
    return found


def queries_of(browser: Client, url: str) -> int:
    """How often a page asks the database."""
    with CaptureQueriesContext(connection) as seen:
        browser.get(url)
    return len(seen)
