"""Segments: filters kept under a name, read anew, and safe where they break."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from optout import addresses
from optout.access import Role
from teambox import contacts, segments, vocabulary
from teambox.models import Contact, Segment
from teambox.segments import SegmentError
from tests.factories import ASHA, opt_out
from tests.page_clients import HTMX, browser_of, errors_of, text_of

pytestmark = pytest.mark.django_db

SAVE = "/contacts/segments/new/"


@pytest.fixture
def browser() -> Client:
    return browser_of(Role.MARKETER)


def kept(name: str, query: str) -> Segment:
    return segments.make(name, QueryDict(query), owner_id=None)


def save(browser: Client, query: str, name: str = "Lately") -> Any:
    return browser.post(f"{SAVE}?{query}", {"name": name})


def test_the_filters_of_the_page_are_kept_and_nothing_else(browser: Client) -> None:
    answer = save(browser, "seen=30&before=7&search=%20&tag=&x=1&opted_out=none")
    segment = Segment.objects.get()
    assert segment.query == "opted_out=none&seen=30"
    assert answer["Location"] == f"/contacts/?{segment.query}"
    assert segment.owner is not None


def test_a_segment_stands_above_the_table_and_knows_when_it_is_shown(
    browser: Client,
) -> None:
    segment = kept("Lately", "seen=30")
    contacts.make(name="Asha")
    assert "Save as segment" not in text_of(browser.get("/contacts/"))
    assert "Save as segment" in text_of(browser.get("/contacts/?seen=7"))
    shown = browser.get("/contacts/?seen=30&search=")
    assert shown.context["segment"] == segment
    assert "Save as segment" not in text_of(shown)


def test_a_segment_is_read_anew_each_time() -> None:
    segment = kept("Opted out", "opted_out=any")
    asha = contacts.make(name="Asha", addresses=[addresses.parse(ASHA)])
    assert list(segments.contacts_of(segment)) == []
    opt_out(ASHA)
    assert list(segments.contacts_of(segment)) == [asha]


@pytest.mark.parametrize(
    ("query", "name", "field"),
    [
        ("", "Everybody", "__all__"),
        ("page=2", "Everybody", "__all__"),
        ("seen=1", "Bad", "__all__"),
        ("search=%2B34600111222", "Asha", "__all__"),
        ("search=asha@example.org", "Asha", "__all__"),
        ("seen=30", "", "name"),
        ("seen=30", "x" * 61, "name"),
        ("seen=30", "VIPS", "name"),
    ],
)
def test_what_makes_no_segment_says_why(
    browser: Client, query: str, name: str, field: str
) -> None:
    kept("Vips", "seen=7")
    answer = save(browser, query, name)
    assert (answer.status_code, list(errors_of(answer))) == (422, [field])
    assert Segment.objects.count() == 1


def test_a_segment_is_renamed_also_in_upper_case(browser: Client) -> None:
    segment = kept("vips", "seen=30")
    browser.post(f"/contacts/segments/{segment.pk}/", {"name": "VIPs"})
    segment.refresh_from_db()
    assert (segment.name, segment.query) == ("VIPs", "seen=30")


def test_a_name_that_another_has_is_refused() -> None:
    kept("One", "seen=30")
    with pytest.raises(SegmentError, match="of this name"):
        segments.rename(kept("Two", "seen=7"), "ONE")
    assert Segment.objects.filter(name="Two").exists()


def test_deleting_a_segment_asks_first_and_keeps_the_contacts(browser: Client) -> None:
    segment = kept("Lately", "seen=never")
    contacts.make(name="Asha")
    url = f"/contacts/segments/{segment.pk}/delete/"
    assert "the contacts stay" in text_of(browser.get(url, headers=HTMX))
    browser.post(url)
    assert not Segment.objects.exists()
    assert Contact.objects.exists()


def test_a_segment_follows_its_tag_into_another() -> None:
    old_fan = contacts.make(name="Asha")
    old, new = contacts.tag([old_fan], "Fan"), contacts.tag([], "Friend")
    segment = kept("Fans", f"tag={old.pk}&seen=never")
    vocabulary.merge_tags(old, new)
    segment.refresh_from_db()
    assert list(segments.contacts_of(segment)) == [old_fan]


def test_a_segment_whose_tag_is_gone_chooses_nobody(browser: Client) -> None:
    asha = contacts.make(name="Asha")
    tag = contacts.tag([asha], "Fan")
    segment = kept("Fans", f"tag={tag.pk}")
    question = browser_of(Role.ADMIN).get(f"/contacts/tags/{tag.pk}/delete/")
    assert "will be empty: Fans" in text_of(question)
    vocabulary.delete_tag(tag)
    assert not segments.contacts_of(segment).exists()


def test_a_hostile_name_is_shown_as_text(browser: Client) -> None:
    kept("<script>x</script>", "seen=30")
    page = browser.get("/contacts/?seen=30").content.decode()
    assert "<script>x" not in page
