"""Logging in, and where it leads."""

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import expect

from optout.access import Role
from tests.browser.conftest import NARROW, PageAs, assert_accessible

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_log_in_page_can_be_used_by_all(open_page: PageAs, scheme: str) -> None:
    assert_accessible(open_page("/login/", size=NARROW, scheme=scheme))


def test_logging_in_leads_to_the_page_that_was_asked_for(open_page: PageAs) -> None:
    ana = User.objects.create_user("ana", password="right-password")
    ana.groups.add(Group.objects.get(name=Role.AGENT))
    page = open_page("/opt-out/?search=x")
    expect(page).to_have_title("Log in · Optout")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("right-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/opt-out/?search=x")
    expect(page.get_by_role("heading", level=1)).to_have_text("Opt Out")


def test_a_wrong_password_is_told_beside_the_form(open_page: PageAs) -> None:
    page = open_page("/login/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("wrong-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username")
    assert_accessible(page)
