"""Importing contacts: made, updated, opted out first where the file says so."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from optout import addresses, import_kinds, imports
from optout.access import Role
from optout.models import ImportJob, default_list, live_entries
from teambox import contact_imports, contacts
from teambox.models import Contact, ContactAddress, ContactAttribute, Note
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out
from tests.importing import (
    MARIA,
    counted,
    done,
    error_rows,
    file_of,
    imported,
    planned,
    undone,
    uploaded,
    work,
)
from tests.page_clients import browser_of, text_of

pytestmark = pytest.mark.django_db
IMPORTERS = {Role.MARKETER, Role.ADMIN}


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def birthday() -> ContactAttribute:
    return ContactAttribute.objects.create(
        name="birthday", label="Birthday", kind="date"
    )


def bring(rows: list[str], header: str = "name,number", **choices: Any) -> ImportJob:
    return imported(file_of(rows, header), kind="contacts", **choices)


def asha(**more: Any) -> Contact:
    return contacts.make(addresses=[addresses.parse(ASHA)], **more)


def listed() -> set[str]:
    return set(live_entries().values_list("address", flat=True))


def test_a_row_becomes_a_contact_with_all_that_it_says(birthday) -> None:
    header = "First name;Last name;Mobile;E-Mail;Tags;Birthday;Notes;Shoe size"
    bring([f"Asha;Menon;{ASHA};{LEENA};vip, new;1990-05-01;Likes tea;38"], header)
    contact = Contact.objects.get()
    assert contact.name == "Asha Menon"
    assert {str(row) for row in contact.addresses.all()} == {ASHA, LEENA}
    assert {str(row) for row in contact.tags.all()} == {"new", "vip"}
    assert contact.attributes == {"birthday": "1990-05-01"}
    assert [(n.text, n.author_label) for n in contact.notes.all()] == [
        ("Likes tea", "maria")
    ]


def test_the_counts_tell_new_known_duplicate_and_bad_rows() -> None:
    asha()
    rows = [f"A,{ASHA}", f"R,{RAHUL}", "R,0034 600 111 333", "X,nobody", "Y,"]
    job = counted(file_of(rows, "name,number"), kind="contacts")
    expected = {"added": 1, "updated": 1, "duplicate": 1, "bad": 2}
    assert planned(job, "contacts") == expected
    assert Contact.objects.count() == 1
    imports.start(job, actor=MARIA)
    job.refresh_from_db()
    assert done(job, "contacts") == {"added": 1, "updated": 1, "duplicate": 1}
    assert Contact.objects.count() == 2


@pytest.mark.parametrize(
    ("overwrites", "name", "city"),
    [(False, "Asha Menon", "Cádiz"), (True, "Asha M.", "Lugo")],
)
def test_a_known_contact_has_its_gaps_filled_or_is_overwritten(
    overwrites, name, city
) -> None:
    for attribute in ("city", "plan"):
        ContactAttribute.objects.create(name=attribute, label=attribute)
    asha(name="Asha Menon", attributes={"city": "Cádiz"})
    header = "name,number,city,plan"
    bring([f"Asha M.,{ASHA},Lugo,gold"], header, overwrites=overwrites)
    contact = Contact.objects.get()
    assert contact.name == name
    assert contact.attributes == {"city": city, "plan": "gold"}


@pytest.mark.parametrize("overwrites", [False, True])
def test_an_empty_cell_takes_nothing_away(overwrites, birthday) -> None:
    asha(name="Asha", attributes={"birthday": "1990-05-01"})
    bring([f",{ASHA},"], "name,number,birthday", overwrites=overwrites)
    contact = Contact.objects.get()
    assert (contact.name, contact.attributes) == ("Asha", {"birthday": "1990-05-01"})


def test_another_address_of_a_known_contact_is_added() -> None:
    asha()
    bring([f"{ASHA},{LEENA}"], "number,email")
    assert ContactAddress.objects.get(address=LEENA).contact == Contact.objects.get()


def test_an_address_of_somebody_else_goes_to_the_error_file() -> None:
    asha()
    other = contacts.make(name="Leena", addresses=[addresses.parse(LEENA)])
    job = bring([f"{ASHA},{LEENA}"], "number,email")
    assert ContactAddress.objects.get(address=LEENA).contact == other
    [[row, wrong, *_]] = error_rows(job)
    assert row == "2" and "merge" in wrong


def test_a_value_that_does_not_fit_is_left_out_and_told(birthday) -> None:
    job = bring([f"Asha,{ASHA},soon"], "name,number,birthday")
    assert Contact.objects.get().attributes == {}
    [[_, wrong, *_]] = error_rows(job)
    assert "Birthday: write a date" in wrong and "The rest of the row" in wrong


def test_the_same_file_twice_changes_nothing_more() -> None:
    for _ in range(2):
        bring([f"Asha,{ASHA},hello,vip"], "name,number,notes,tags")
    assert (Contact.objects.count(), Note.objects.count()) == (1, 1)


def test_people_marked_as_opted_out_are_put_on_the_list_first() -> None:
    promotions = make_list()
    rows = [f"{RAHUL},no", f"{ASHA},yes"]
    job = bring(rows, "number,DNC", list_id=promotions.pk)
    assert planned(job)["marked"] == done(job)["added"] == 1
    entry = live_entries().get()
    assert (entry.list, entry.address) == (promotions, ASHA)
    assert Contact.objects.filter(created_at__gt=entry.created_at).count() == 2


def test_nobody_is_put_on_a_list_where_that_is_unticked() -> None:
    bring([f"{ASHA},yes"], "number,DNC", adds_marked=False)
    assert listed() == set()
    assert Contact.objects.count() == 1


def test_an_import_never_ends_an_entry() -> None:
    opt_out(ASHA)
    bring([f"Asha,{ASHA},no"], "name,number,unsubscribed", overwrites=True)
    assert listed() == {ASHA}


def test_undo_takes_marked_people_off_the_list_and_keeps_the_contacts() -> None:
    opt_out(RAHUL)
    job = bring([f"{ASHA},yes", f"{RAHUL},yes"], "number,DNC")
    assert undone(job) == {"removed": 1, "kept": 0}
    assert listed() == {RAHUL}
    assert Contact.objects.count() == 2


class Crash(BaseException):
    """The worker is gone."""


def test_a_crash_in_the_middle_makes_each_contact_once(monkeypatch) -> None:
    monkeypatch.setattr(contact_imports.ContactsPart, "chunk_rows", 2)
    people = [f"P{n},+1415555{n:04d},note {n}" for n in range(7)]
    job = counted(file_of(people, "name,number,notes"), kind="contacts")
    right, calls = import_kinds.keep_problems, iter((False, True))

    def die(*args: Any) -> None:
        right(*args)
        if next(calls, False):
            raise Crash

    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(import_kinds, "keep_problems", die)
        imports.start(job, actor=MARIA)
    assert Contact.objects.count() == 2
    ImportJob.objects.update(lease_until=None)
    work()
    job.refresh_from_db()
    assert done(job, "contacts") == {"added": 7}
    assert Contact.objects.count() == Note.objects.count() == 7


# Pages


@pytest.mark.parametrize("role", Role)
def test_the_pages_are_for_marketers_and_admins(role) -> None:
    browser = browser_of(role)
    job = uploaded(file_of([ASHA]), kind="contacts")
    for place in (reverse("contacts-import"), reverse("import", args=[job.pk])):
        assert (browser.get(place).status_code == 200) == (role in IMPORTERS)
    seen = browser.get(reverse("imports"))
    assert (b"people.csv" in seen.content) == (role in IMPORTERS)


def test_a_stranger_is_sent_to_the_log_in_page(client) -> None:
    answer = client.get(reverse("contacts-import"))
    assert answer["Location"].startswith("/login/")


def test_the_wizard_offers_the_marked_people_ticked() -> None:
    browser = browser_of(Role.MARKETER)
    rows = file_of([f"Asha,{ASHA},yes", f"Leena,{LEENA},no"], "name,phone,opt-out")
    file = SimpleUploadedFile("people.csv", rows)
    browser.post(reverse("contacts-import"), {"file": file})
    job = ImportJob.objects.get()
    form = browser.get(reverse("import", args=[job.pk])).context["form"]
    assert form["add_marked"].value() is True
    sent = {f"column-{name}": role for name, role in job.mapping.items()}
    sent |= {"existing": "fill", "add_marked": "on", "list": default_list().pk}
    browser.post(reverse("import-columns", args=[job.pk]), sent)
    shown = text_of(browser.get(reverse("import", args=[job.pk])))
    assert "Marked as opted out 1 to be added to Default opt-out list: 1" in shown
    browser.post(reverse("import-start", args=[job.pk]))
    assert listed() == {ASHA}
