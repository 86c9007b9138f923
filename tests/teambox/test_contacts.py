"""Contacts: one per address, edited without loss, merged without losing an opt-out."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from optout import addresses
from optout.actors import Actor
from optout.models import live_entries
from teambox import contacts
from teambox.contacts import ContactError
from teambox.models import Contact, ContactAttribute, Note, Tag
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out
from tests.threads import at_once

pytestmark = pytest.mark.django_db

BRAZIL, BRAZIL_WITHOUT_9 = "+55 31 99999-0000", "+55 31 9999-0000"


@pytest.fixture
def asha() -> Contact:
    return contacts.make(name="Asha", addresses=[addresses.parse(ASHA)])


@pytest.fixture
def plan() -> ContactAttribute:
    return ContactAttribute.objects.create(
        name="plan", label="Plan", kind="choice", choices=["Basic", "Pro"]
    )


def edited(contact: Contact, **attributes: object) -> dict[str, object]:
    contacts.edit(contact, name=contact.name, attributes=attributes, owner_id=None)
    return contact.attributes


# Addresses


def test_an_address_in_any_spelling_finds_its_contact() -> None:
    made = contacts.make(addresses=[addresses.parse(BRAZIL)])
    key = addresses.parse(BRAZIL_WITHOUT_9).key
    assert contacts.of_address(key) == made
    assert contacts.of_addresses([key, addresses.parse(ASHA).key]) == {key: made}


def test_an_address_belongs_to_one_contact(asha: Contact) -> None:
    with pytest.raises(ContactError, match="belongs to Asha: merge") as refused:
        contacts.make(name="Also Asha", addresses=[addresses.parse("0034600111222")])
    assert (refused.value.code, refused.value.field) == ("address_taken", "address")
    assert list(Contact.objects.all()) == [asha]


def test_the_same_address_again_changes_nothing(asha: Contact) -> None:
    contacts.add_address(asha, addresses.parse("0034 600 111 222"))
    assert [row.address for row in asha.addresses.all()] == [ASHA]


def test_a_contact_has_a_limited_number_of_addresses(asha: Contact) -> None:
    for number in range(1, contacts.MAX_ADDRESSES):
        contacts.add_address(asha, addresses.parse(f"a{number}@example.org"))
    with pytest.raises(ContactError, match="at most 20 addresses"):
        contacts.add_address(asha, addresses.parse(LEENA))


def test_what_an_address_opted_out_of_stands_when_it_is_dropped(asha: Contact) -> None:
    opt_out(ASHA, make_list())
    assert contacts.drop_address(asha, asha.addresses.get().pk)
    assert not contacts.drop_address(asha, 1)
    assert live_entries().filter(address=ASHA).count() == 1


# Strangers


def test_who_writes_is_met_once_and_seen_at_the_latest_time() -> None:
    now = timezone.now()
    earlier = now - timedelta(hours=1)
    contacts.meet(addresses.parse(BRAZIL), at=now, name="Bia")
    contacts.meet(addresses.parse(BRAZIL_WITHOUT_9), at=earlier, name="B.")
    met = Contact.objects.get()
    assert (met.name, met.last_seen_at) == ("Bia", now)


@pytest.mark.django_db(transaction=True)
def test_a_stranger_who_writes_twice_at_once_is_one_contact() -> None:
    address, now = addresses.parse(ASHA), timezone.now()
    at_once(lambda: contacts.meet(address, at=now), 4)
    assert Contact.objects.get().addresses.get().address == ASHA


# Values


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", " Málaga ", "Málaga"),
        ("text", "a\x00b", "ab"),
        ("number", "12.50", "12.50"),
        ("number", "1e3", "1000"),
        ("number", "-0", "-0"),
        ("date", "2026-02-28", "2026-02-28"),
        ("choice", "pro", "Pro"),
    ],
)
def test_a_value_is_kept_as_its_kind_reads(
    asha: Contact, kind: str, typed: str, kept: str
) -> None:
    choices = ["Basic", "Pro"]
    ContactAttribute.objects.create(
        name="x", label="Ex", kind=kind, choices=choices * (kind == "choice")
    )
    assert edited(asha, x=typed) == {"x": kept}


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "x" * 501),
        ("number", "twelve"),
        ("number", "NaN"),
        ("number", "-Infinity"),
        ("number", "1e999999999"),
        ("number", "1e-999999999"),
        ("number", "9" * 31),
        ("date", "28.02.2026"),
        ("date", "2026-02-30"),
        ("choice", "Gold"),
    ],
)
def test_a_value_that_is_none_is_named_and_nothing_written(
    asha: Contact, plan: ContactAttribute, kind: str, typed: str
) -> None:
    ContactAttribute.objects.create(
        name="x", label="Ex", kind=kind, choices=["Basic"] * (kind == "choice")
    )
    with pytest.raises(ContactError, match="Ex: ") as refused:
        edited(asha, plan="Pro", x=typed)
    assert (refused.value.code, refused.value.field) == ("bad_value", "x")
    asha.refresh_from_db()
    assert asha.attributes == {}


def test_an_attribute_nobody_made_is_refused(asha: Contact) -> None:
    with pytest.raises(ContactError, match="no attribute shoe_size") as refused:
        edited(asha, shoe_size="44")
    assert refused.value.field == "shoe_size"


def test_an_empty_value_takes_it_away_and_others_stay(
    asha: Contact, plan: ContactAttribute
) -> None:
    ContactAttribute.objects.create(name="town", label="Town")
    edited(asha, plan="Basic", town="Málaga")
    assert edited(asha, plan="") == {"town": "Málaga"}
    assert asha.value_of(plan) is None


def test_a_name_that_is_too_long_is_refused(asha: Contact) -> None:
    with pytest.raises(ContactError, match="at most 120"):
        contacts.edit(asha, name="A" * 121, attributes={}, owner_id=None)


# Tags and notes


def test_a_tag_is_one_in_any_case(asha: Contact) -> None:
    first = contacts.tag([asha], " VIP  guest ")
    assert contacts.tag([asha], "vip guest") == first
    assert [tag.name for tag in asha.tags.all()] == ["VIP guest"]
    contacts.untag([asha], first)
    contacts.untag([asha], first)
    assert not asha.tags.exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 41])
def test_a_tag_needs_a_name(asha: Contact, name: str) -> None:
    with pytest.raises(ContactError, match="at most 40"):
        contacts.tag([asha], name)
    assert not Tag.objects.exists()


def test_a_note_keeps_who_wrote_it(asha: Contact) -> None:
    user = User.objects.create(username="mina")
    contacts.write_note(asha, " Call on Monday ", actor=Actor(user.pk, "mina"))
    note = asha.notes.get()
    assert (note.text, note.author, note.author_label) == (
        "Call on Monday",
        user,
        "mina",
    )


@pytest.mark.parametrize("text", ["", " \n", "x" * 5_001])
def test_a_note_says_something_of_fair_length(asha: Contact, text: str) -> None:
    with pytest.raises(ContactError):
        contacts.write_note(asha, text, actor=Actor())
    assert not Note.objects.exists()


# Merging


def test_a_merge_keeps_addresses_tags_notes_and_fills_gaps(
    asha: Contact, plan: ContactAttribute
) -> None:
    ContactAttribute.objects.create(name="town", label="Town")
    now = timezone.now()
    other = contacts.make(
        name="A. Rao",
        addresses=[addresses.parse(LEENA), addresses.parse(RAHUL)],
        attributes={"plan": "Pro", "town": "Málaga"},
    )
    contacts.meet(addresses.parse(LEENA), at=now)
    edited(asha, plan="Basic")
    contacts.tag([other], "VIP")
    contacts.write_note(other, "Likes mails", actor=Actor())
    contacts.merge(asha, other)
    assert {row.address for row in asha.addresses.all()} == {ASHA, LEENA, RAHUL}
    assert asha.attributes == {"plan": "Basic", "town": "Málaga"}
    assert (asha.name, asha.last_seen_at) == ("Asha", now)
    assert (asha.tags.get().name, asha.notes.get().text) == ("VIP", "Likes mails")
    assert list(Contact.objects.all()) == [asha]


def test_a_merge_loses_no_opt_out(asha: Contact) -> None:
    other = contacts.make(addresses=[addresses.parse(LEENA)])
    chosen = make_list()
    opt_out(ASHA, chosen)
    opt_out(LEENA, chosen)
    before = set(live_entries().values_list("id", "key"))
    contacts.merge(asha, other)
    assert set(live_entries().values_list("id", "key")) == before


def test_what_cannot_be_merged_is_left(asha: Contact) -> None:
    other = contacts.make(name="Other")
    with pytest.raises(ContactError, match="the same contact"):
        contacts.merge(asha, asha)
    contacts.merge(asha, other)
    with pytest.raises(ContactError, match="is gone"):
        contacts.merge(asha, other)
    assert Contact.objects.get() == asha
