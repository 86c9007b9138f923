"""Audiences of contacts: who is in one, what is refused, how it is told in words."""

import pytest
from django.http import QueryDict
from django.utils import timezone

from broadcaster import contact_audiences
from broadcaster.contact_audiences import AudienceError, contacts_of, described, read
from optout import addresses
from optout.addresses import AddressKind
from teambox import contacts, segments
from teambox.models import Contact, Tag
from tests.factories import ASHA, LEENA, RAHUL

pytestmark = pytest.mark.django_db


def person(name: str, *raw: str, tags: tuple[str, ...] = ()) -> Contact:
    made = contacts.make(name=name, addresses=[addresses.parse(one) for one in raw])
    contacts.set_tags(made, tags)
    return made


def tag_id(name: str) -> int:
    return Tag.objects.get(name=name).pk


def names(audience: dict[str, object]) -> list[str]:
    return [row.name for row in contacts_of(read(audience))]


def seen_today(*people: Contact) -> None:
    Contact.objects.filter(pk__in=[one.pk for one in people]).update(
        last_seen_at=timezone.now()
    )


@pytest.fixture
def town() -> dict[str, Contact]:
    """Asha has both tags, Rahul and Leena one each; Leena wrote today."""
    made = {
        "Asha": person("Asha", ASHA, tags=("VIP", "Gold")),
        "Rahul": person("Rahul", RAHUL, tags=("Gold",)),
        "Leena": person("Leena", LEENA, tags=("VIP",)),
        "Noor": person("Noor"),
    }
    seen_today(made["Leena"])
    return made


def test_any_of_the_tags_chooses_each_contact_once(town):
    chosen = {"tags": [tag_id("VIP"), tag_id("Gold")]}
    assert names(chosen) == ["Asha", "Rahul", "Leena"]


def test_tags_segment_and_filters_narrow_each_other(town):
    lately = segments.make("Lately", QueryDict("seen=30"), owner_id=None)
    assert names({"segment": lately.pk}) == ["Leena"]
    assert names({"tags": [tag_id("VIP")], "segment": lately.pk}) == ["Leena"]
    assert names({"tags": [tag_id("Gold")], "segment": lately.pk}) == []
    assert names({"tags": [tag_id("VIP")], "query": "seen=never"}) == ["Asha"]


def test_everybody_has_to_be_meant(town):
    assert len(names({"all": True})) == 4
    with pytest.raises(AudienceError) as refused:
        read({"tags": [], "segment": None, "query": "page=2"})
    assert refused.value.code == "no_filters"


def test_everybody_does_not_widen_what_is_chosen(town):
    assert names({"all": True, "tags": [tag_id("Gold")]}) == ["Asha", "Rahul"]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"tags": [999_999]}, "unknown_tag", "tags"),
        ({"tags": ["²"]}, "unknown_tag", "tags"),
        ({"tags": [None]}, "unknown_tag", "tags"),
        ({"tags": list(range(99))}, "unknown_tag", "tags"),
        ({"segment": 999_999}, "unknown_segment", "segment"),
        ({"query": "seen=soon"}, "bad_filters", "query"),
        ({"query": f"search={LEENA}"}, "one_person", "query"),
        ({"query": "seen_after=\0"}, "bad_filters", "query"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(given, code, field):
    with pytest.raises(AudienceError) as refused:
        read(given)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_filter_for_a_tag_counts_as_a_tag(town):
    gold = tag_id("Gold")
    assert read({"query": f"tag={gold}"}) == read({"tags": [gold]})


def test_nobody_is_chosen_once_a_tag_is_gone(town):
    chosen = read({"tags": [tag_id("VIP"), tag_id("Gold")]})
    Tag.objects.get(name="Gold").delete()
    assert not contacts_of(chosen)
    assert contact_audiences.problems(chosen) == ["A tag of the recipients is gone."]


def test_nobody_is_chosen_once_the_segment_is_gone(town):
    segment = segments.make("Lately", QueryDict("seen=30"), owner_id=None)
    chosen = read({"segment": segment.pk})
    segments.delete(segment)
    assert not contacts_of(chosen)
    assert contact_audiences.problems(chosen)


def test_the_first_address_counts_whatever_it_opted_out_of(town):
    contacts.add_address(town["Asha"], addresses.parse("+34600111999"))
    everybody = contacts_of(read({"all": True}))
    found = contact_audiences.reachable(everybody, AddressKind.PHONE)
    assert [row.address for row in found] == [ASHA, RAHUL]


def test_an_audience_is_told_in_words(town):
    segment = segments.make("Spring", QueryDict("seen=90"), owner_id=None)
    chosen = {"tags": [tag_id("VIP"), tag_id("Gold")], "segment": segment.pk}
    chosen["query"] = "seen=30&opted_out=none&seen_after=2026-01-02T00:00:00Z"
    assert described(read(chosen)) == (
        "tag Gold or VIP, segment Spring, on no list, seen in the last 30 days,"
        " seen from 2026-01-02"
    )
    assert described(read({"all": True})) == "everybody"
