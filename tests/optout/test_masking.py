"""Addresses are masked for the roles that the workspace names."""

import pytest
from django.contrib.auth.models import User

from optout.access import Role
from optout.models import Workspace, default_list, live_entries
from tests.api_clients import client_of
from tests.factories import ASHA, opt_out
from tests.page_clients import HTMX, browser_of, text_of

pytestmark = pytest.mark.django_db


def entries_page_of(role: Role) -> str:
    opt_out(ASHA)
    return browser_of(role).get(f"/opt-out/{default_list().pk}/").content.decode()


def mask_for(*roles: Role) -> None:
    Workspace.objects.update(masked_roles=list(roles))


def test_everybody_sees_addresses_until_a_role_is_masked() -> None:
    assert ASHA in entries_page_of(Role.AGENT)


def test_a_masked_role_sees_too_little_of_an_address_to_use_it() -> None:
    mask_for(Role.AGENT)
    page = entries_page_of(Role.AGENT)
    assert ASHA not in page
    assert "+34•••••222" in page


def test_other_roles_see_addresses_still() -> None:
    mask_for(Role.AGENT)
    assert ASHA in entries_page_of(Role.COMPLIANCE)


def test_an_admin_chooses_the_masked_roles() -> None:
    admin = browser_of(Role.ADMIN)
    form = {"name": "Shop", "masked_roles": [Role.AGENT, Role.MARKETER]}
    assert admin.post("/settings/", form).status_code == 302
    assert Workspace.load().masked_roles == [Role.AGENT, Role.MARKETER]
    assert "Roles that see addresses masked" in text_of(admin.get("/settings/"))


def test_toasts_and_questions_are_masked_too() -> None:
    mask_for(Role.AGENT)
    agent, url = browser_of(Role.AGENT), f"/opt-out/{default_list().pk}/add/"
    added = {"number": ASHA, "channel": 0, "reason_code": "staff"}
    told = agent.post(url, added, headers=HTMX)["HX-Trigger"]
    question = f"/opt-out/entries/{live_entries().get().pk}/remove/"
    asked = text_of(agent.get(question))
    removed = agent.post(question, headers=HTMX)["HX-Trigger"]
    for text in (told, asked, removed):
        assert ASHA not in text


def test_exports_sandbox_and_admin_are_closed_to_a_masked_role() -> None:
    mask_for(Role.COMPLIANCE)
    browser = browser_of(Role.COMPLIANCE)
    User.objects.update(is_staff=True)
    home = text_of(browser.get("/"))
    assert browser.get(f"/opt-out/{default_list().pk}/export/").status_code == 403
    assert browser.get("/sandbox/").status_code == 403
    assert browser.get("/admin/").status_code == 302
    assert "Export" not in text_of(browser.get("/opt-out/"))
    assert "Sandbox" not in home
    assert "Django admin" not in home


def test_they_are_open_to_the_others() -> None:
    mask_for(Role.AGENT)
    browser = browser_of(Role.COMPLIANCE)
    User.objects.update(is_staff=True)
    for url in (f"/opt-out/{default_list().pk}/export/", "/sandbox/", "/admin/"):
        assert browser.get(url).status_code == 200


def test_a_key_of_a_masked_role_sees_addresses() -> None:
    mask_for(*Role)
    opt_out(ASHA)
    found = client_of(Role.AGENT).get("/api/v1/opt-out-entries/").json()["results"]
    assert [row["address"] for row in found] == [ASHA]
