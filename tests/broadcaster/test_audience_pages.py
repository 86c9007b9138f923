"""The recipients' step: contacts, another broadcast's recipients, live counts."""

import re

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import AudienceKind, Broadcast
from optout import addresses
from optout.access import Role
from optout.actors import NOBODY
from teambox import contacts, segments
from teambox.models import Segment, Tag
from tests.broadcaster.conftest import numbers
from tests.factories import LEENA, drain, opt_out
from tests.page_clients import HTMX, browser_of, queries_of, text_of

pytestmark = pytest.mark.django_db
COUNTING = HTMX | {"HX-Target": "audience-count"}


@pytest.fixture
def browser(db) -> Client:
    return browser_of(Role.MARKETER)


@pytest.fixture
def vip(db) -> Tag:
    """Two people with a number and one without."""
    tag = Tag.objects.create(name="VIP")
    for raw in (*numbers(2), LEENA):
        person = contacts.make(name="Zoé", addresses=[addresses.parse(raw)])
        contacts.tag([person], "VIP")
    return tag


@pytest.fixture
def lately(db) -> Segment:
    return segments.make("Lately", QueryDict("seen=30"), owner_id=None)


@pytest.fixture
def sale(phone) -> Broadcast:
    made = broadcasts.create(name="Sale", channel=phone, actor=NOBODY)
    broadcasts.write(made, Words(text="Hi {{name|you}}. Reply STOP."))
    return made


@pytest.fixture
def sent(draft) -> Broadcast:
    """A launched broadcast to three, of whom one has opted out."""
    made = draft()
    opt_out(numbers(3)[2])
    preparing.launch(made, actor=NOBODY)
    drain()
    return made


def url(name: str, broadcast: Broadcast, query: str = "") -> str:
    return reverse(f"broadcast-{name}", args=[broadcast.pk]) + query


def errors(response, form: str) -> dict[str, list[str]]:
    assert response.status_code == 422
    return response.context[form].errors


def test_contacts_are_chosen_reviewed_and_launched(browser, sale, vip):
    answer = browser.post(url("contacts", sale), {"tags": [vip.pk]})
    assert answer["Location"] == url("lists", sale)
    shown = text_of(browser.post(url("prepare", sale), follow=True))
    assert "Contacts: tag VIP" in shown and "Launch to 2 recipients" in shown
    assert re.search(r"Without a number 1\b|\b1 Without a number", shown)
    report = text_of(browser.post(url("launch", sale), follow=True))
    assert "Contacts: tag VIP" in report


def test_the_count_is_told_while_one_chooses_and_nothing_is_saved(browser, sale, vip):
    chosen = {"tags": [vip.pk]}
    answer = browser.post(url("contacts", sale), chosen, headers=COUNTING)
    assert text_of(answer) == "3 contacts, 2 with a number"
    sale.refresh_from_db()
    assert sale.audience == {}


def test_the_count_works_by_a_button_without_a_script(browser, sale, vip):
    chosen = {"tags": [vip.pk], "count": "1"}
    page = browser.post(url("contacts", sale), chosen)
    assert "3 contacts, 2 with a number" in text_of(page)
    assert b"checked" in page.content
    sale.refresh_from_db()
    assert sale.audience == {}


def test_nothing_chosen_is_refused_and_everybody_has_to_be_ticked(browser, sale, vip):
    answer = browser.post(url("contacts", sale), {})
    assert list(errors(answer, "contacts")) == ["tags"]
    browser.post(url("contacts", sale), {"everybody": "on"})
    sale.refresh_from_db()
    assert sale.audience["all"]


def test_everybody_and_a_filter_at_once_is_refused(browser, sale, vip):
    chosen = {"everybody": "on", "seen": "30"}
    answer = browser.post(url("contacts", sale), chosen)
    assert list(errors(answer, "contacts")) == ["everybody"]


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"tags": ["99999"]}, "tags"),
        ({"segment": "99999"}, "segment"),
        ({"seen": "soon"}, "seen"),
        ({"owner": "99999"}, "owner"),
        ({"seen_after": "the day before"}, "seen_after"),
    ],
)
def test_what_makes_no_sense_is_shown_at_its_field(browser, sale, chosen, field):
    answer = browser.post(url("contacts", sale), chosen)
    assert list(errors(answer, "contacts")) == [field]


def test_the_page_shows_what_was_chosen(browser, sale, vip, lately):
    chosen = {"tags": [vip.pk], "segment": lately.pk, "seen_after": "2026-01-02"}
    browser.post(url("contacts", sale), chosen)
    sale.refresh_from_db()
    form = browser.get(url("recipients", sale)).context["contacts"]
    found = {name: form[name].value() for name in chosen}
    assert found == {**chosen, "segment": str(lately.pk)}


def test_a_link_chooses_contacts(browser, sale, vip):
    page = browser.get(url("recipients", sale, f"?from=contacts&tags={vip.pk}"))
    assert "3 contacts, 2 with a number" in text_of(page)


@pytest.mark.parametrize("query", ["?from=contacts", "?from=broadcast", "?from=x"])
def test_every_tab_opens_before_anything_is_chosen(browser, sale, query):
    assert browser.get(url("recipients", sale, query)).status_code == 200


# Another broadcast's recipients


def test_another_broadcasts_recipients_are_chosen(browser, sale, sent):
    page = browser.get(url("recipients", sale, "?from=broadcast"))
    assert "suppressed" not in page.content.decode().lower()
    chosen = {"broadcast": sent.pk, "states": ["sent"]}
    count = browser.post(url("earlier", sale), chosen, headers=COUNTING)
    assert text_of(count) == "2 recipients"
    browser.post(url("earlier", sale), chosen)
    shown = text_of(browser.post(url("prepare", sale), follow=True))
    assert "Sent in Sale" in shown and "Launch to 2 recipients" in shown


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"states": ["failed"]}, "broadcast"),
        ({"broadcast": "99999", "states": ["failed"]}, "broadcast"),
        ({"broadcast": "sent"}, "states"),
        ({"broadcast": "sent", "states": ["suppressed"]}, "states"),
    ],
)
def test_a_resend_that_makes_no_sense_is_refused(browser, sale, sent, chosen, field):
    given = {
        name: sent.pk if value == "sent" else value for name, value in chosen.items()
    }
    answer = browser.post(url("earlier", sale), given)
    assert list(errors(answer, "earlier")) == [field]
    sale.refresh_from_db()
    assert sale.audience_kind == AudienceKind.FILE


def test_the_page_asks_no_more_for_more_tags_segments_and_broadcasts(
    browser, sale, sent, vip, lately
):
    pages = [url("recipients", sale, f"?from={kind}") for kind in AudienceKind.values]
    before = [queries_of(browser, page) for page in pages]
    for n in range(3):
        Tag.objects.create(name=f"T{n}")
        segments.make(f"S{n}", QueryDict(f"tag={vip.pk}"), owner_id=None)
        copy = broadcasts.create(name=f"B{n}", channel=sale.channel, actor=NOBODY)
        Broadcast.objects.filter(pk=copy.pk).update(launched_at=sent.launched_at)
    assert [queries_of(browser, page) for page in pages] == before


@pytest.mark.parametrize("name", ["contacts", "earlier"])
def test_who_may_not_change_broadcasts_chooses_nobody(sale, vip, name):
    for role in (Role.AGENT, Role.COMPLIANCE):
        answer = browser_of(role).post(url(name, sale), {"tags": [vip.pk]})
        assert answer.status_code == 403
