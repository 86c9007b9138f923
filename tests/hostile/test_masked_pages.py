"""Masked roles meet no whole address: not in a page, a header, a field or a link."""

import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from optout.access import Role
from optout.models import ALL_CHANNELS, Workspace, default_list, live_entries
from teambox.models import Contact
from tests import town
from tests.factories import ASHA
from tests.page_clients import HTMX
from tests.routes import page_routes
from tests.standing import standing
from tests.town import Said, Town

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# The number and the email of the town's person, however they are spelt or encoded.
WHOLE = (ASHA[1:], "600-111-222", "leena@", "leena%40")
SAID = Said(name="+34 600-111-222")
ODD_MAIL = "new.person@example.org"
CLOSED = {"contacts-export", "list-export", "broadcast-export", "broadcast-left-out"}
CLOSED |= {"sandbox", "sandbox-mail", "sandbox-mail-body"}
SHOWING = {
    "contact",
    "contact-address-add",
    "contact-address-drop",
    "contact-delete",
    "contact-edit",
    "contacts",
    "import",
    "import-errors",
    "broadcast-message",
    "broadcast-recipients",
    "broadcast-report",
    "broadcast-review",
    "broadcast-mail",
    "channel-test-message",
    "conversation",
    "conversation-opt-out",
    "conversation-poll",
    "delivery",
    "entry-remove",
    "list",
    "panel-person",
    "panel-stop-everything",
    "review",
    "review-dismiss",
    "sandbox",
    # sequences
    "sequence-people",
    "sequence-step",
    "sequence-upcoming",
}
MORE = (
    "/opt-out/{list}/?live=",
    "/opt-out/{list}/?live=false",
    "/broadcaster/{mail report}/report/",
    "/broadcaster/{withheld report}/report/",
    "/broadcaster/compare/?id={mail report}&id={withheld report}",
    "/contacts/{other contact}/merge/?other={contact}",
    "/contacts/",
    "/imports/{done import}/",
    "/imports/{enrolment file}/",
    "/teambox/?tab=all",
    "/teambox/poll/?tab=all",
    "/channels/{channel}/?message={message_pk}",
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("town")


@pytest.fixture(scope="module")
def settled(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, files: Path
) -> Iterator[Town]:
    with standing(django_db_blocker, files):
        yield town.build(SAID)


@pytest.fixture
def _files_of_the_test(
    settings: Settings, settled: Town, files: Path, tmp_path: Path
) -> None:
    """A copy for each: a file that a test deletes does not come back with its row."""
    settings.MEDIA_ROOT = copytree(files, tmp_path / "town")


def somebody(*, masked: bool) -> Client:
    """Somebody who has each role, all of them masked or none."""
    user = User.objects.create_user("somebody", is_staff=True)
    user.groups.set(Group.objects.all())
    Workspace.objects.update(masked_roles=list(Role) if masked else [])
    browser = Client()
    browser.force_login(user)
    return browser


def pages(settled: Town) -> Iterator[tuple[str, str]]:
    """Each page with the name of its route."""
    for route in page_routes():
        yield route.name, reverse(route.name, kwargs=settled.arguments(route))
    for url in MORE:
        yield url, url.format(**settled.ids)


def acts(settled: Town) -> dict[str, dict[str, Any]]:
    """What is sent where an empty form would do nothing, by the name of the route."""
    asked = {"lists": [settled.ids["list"]], "reason_code": "staff", "channel": 900}
    key = str(settled.ids["key"])
    return {
        "entry-add": {"number": ASHA, "channel": 0, "reason_code": "staff"},
        "panel-look-up": {"address": ASHA},
        "panel-add": asked | {"whose": key},
        "panel-add-more": asked | {"keys": [key]},
        "panel-stop-everything": {"reason_code": "person"},
        "conversation-start": {"address": ASHA, "channel": 900, "text": "Hello"},
        "broadcast-preview": {"text": "{{number}}", "subject": "{{email}}"},
    }


def told(answer: Any) -> str:
    """All that an answer says, its headers too."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{answer.headers} {body.decode()}"


def whole(answer: Any) -> list[str]:
    text = told(answer)
    return [one for one in WHOLE if one in text]


def asked(browser: Client, settled: Town, headers: dict[str, str]) -> dict[str, Any]:
    """What each page answers, by the name of its route."""
    return {name: browser.get(url, headers=headers) for name, url in pages(settled)}


def leaks(answers: dict[str, Any]) -> set[str]:
    """Which of them show a whole address."""
    return {name for name, answer in answers.items() if whole(answer)}


def closed(answers: dict[str, Any]) -> set[str]:
    """Which of them are not for this user."""
    return {name for name, answer in answers.items() if answer.status_code == 403}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "part"])
def test_no_page_shows_a_masked_role_a_whole_address(
    settled: Town, headers: dict[str, str]
) -> None:
    answers = asked(somebody(masked=True), settled, headers)
    assert leaks(answers) == set()
    assert closed(answers) >= CLOSED


def test_the_same_pages_show_it_to_others(settled: Town) -> None:
    answers = asked(somebody(masked=False), settled, {})
    assert leaks(answers) >= SHOWING
    assert closed(answers) == set()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "part"])
def test_no_act_tells_a_masked_role_a_whole_address(
    settled: Town, headers: dict[str, str]
) -> None:
    browser, sent = somebody(masked=True), acts(settled)
    told_whole = set()
    for name, url in pages(settled):
        answer = browser.post(url, sent.get(name, {}), headers=headers, follow=True)
        assert answer.status_code < 500
        if whole(answer):
            told_whole.add(name)
    assert told_whole == set()


def test_a_masked_role_takes_up_the_offer_of_all_channels(settled: Town) -> None:
    browser = somebody(masked=True)
    url = reverse("entry-add", args=[default_list().pk])
    wrong = {"email": ODD_MAIL, "channel": 900, "reason_code": "staff", "note": "x"}
    offer = browser.post(url, wrong, headers=HTMX)
    assert ODD_MAIL not in told(offer)
    found = dict(re.findall(r'name="(\w+)"\s+value="(\w+)"', offer.content.decode()))
    everywhere = reverse("entry-add-everywhere", args=[default_list().pk])
    taken = browser.post(everywhere, found, headers=HTMX)
    assert ODD_MAIL not in told(taken)
    assert live_entries().filter(address=ODD_MAIL, channel=ALL_CHANNELS).exists()


def test_a_masked_role_saves_a_contact_as_it_was_shown(settled: Town) -> None:
    browser, contact = somebody(masked=True), settled.ids["contact"]
    url = reverse("contact-edit", args=[contact])
    shown = browser.get(url).context["form"]
    typed = {bound.html_name: bound.value() or "" for bound in shown}
    browser.post(url, typed | {"owner": ""})
    saved = Contact.objects.get(pk=contact)
    assert (saved.name, saved.attributes["city"]) == (SAID.name, SAID.name)
