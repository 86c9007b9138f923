"""Imports of contacts: what the columns mean, and what a file comes to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.urls import NoReverseMatch, reverse

from optout import import_kinds
from optout.actors import Actor
from optout.addresses import Address
from optout.csv_files import Record
from optout.csv_tables import Table
from optout.entry_imports import EntriesPart
from optout.import_kinds import Done, Figure, Kind, Part
from optout.import_rows import Layout
from optout.models import ImportJob
from teambox import contact_rows, contacts
from teambox.contact_rows import Person
from teambox.contacts import ContactError
from teambox.models import Contact

CHUNK_ROWS = 100  # a row takes several statements


class ContactsPart(Part):
    """Makes the contacts that are new, and updates those of a known address.

    A row that names a contact of an earlier row counts as a duplicate, and still adds
    to that contact what it says.
    """

    name = "contacts"
    label = "Contacts"
    chunk_rows = CHUNK_ROWS

    def __init__(self, job: ImportJob) -> None:
        self.reader = contact_rows.Reader(Layout.of(job))

    def plan(self, job: ImportJob, records: Sequence[Record]) -> Done:
        people = [self.reader.read(record) for record in records]
        first: dict[UUID, int] = {}
        for person in people:
            for address in person.addresses:
                first.setdefault(address.key, person.number)
        import_kinds.stage(job, self.name, first)
        _keep(job, [(person, person.problems) for person in people])
        return Done(self._tally(job, people))

    def _tally(self, job: ImportJob, people: Sequence[Person]) -> dict[str, int]:
        keys = {address.key for person in people for address in person.addresses}
        first = import_kinds.first_rows(job, self.name, keys)
        known = contacts.of_addresses(keys)
        tally = {"added": 0, "updated": 0, "duplicate": 0, "bad": 0}
        for person in people:
            tally["bad"] += bool(person.problems)
            if person.addresses:
                tally[_what(person, first, known)] += 1
        return tally

    def carry_out(self, job: ImportJob, records: Sequence[Record]) -> Done:
        people = [self.reader.read(record) for record in records]
        tally = self._tally(job, people)
        del tally["bad"]
        work = _Work(job)
        for person in people:
            if person.addresses:
                work.put(person)
        work.tag()
        _keep(job, work.refused)
        return Done(tally)


def _keep(job: ImportJob, found: Iterable[tuple[Person, Sequence[str]]]) -> None:
    """Put rows into the error file, with what of them was not taken."""
    import_kinds.keep_problems(
        job,
        [
            (person.number, person.cells, " ".join(problems))
            for person, problems in found
            if problems
        ],
    )


def _what(
    person: Person, first: Mapping[UUID, int], known: Mapping[UUID, Contact]
) -> str:
    """Whether a row is about a new contact, a known one, or one further up."""
    keys = [address.key for address in person.addresses]
    if any(first.get(key, person.number) < person.number for key in keys):
        return "duplicate"
    return "updated" if any(key in known for key in keys) else "added"


class _Work:
    """Writes the people of one chunk."""

    def __init__(self, job: ImportJob) -> None:
        self.overwrites = job.overwrites
        self.actor = Actor(job.started_by_id, job.started_label)
        self.tagged: dict[str, list[Contact]] = defaultdict(list)
        self.refused: list[tuple[Person, list[str]]] = []

    def put(self, person: Person) -> None:
        """One person; what is refused becomes a problem of the row."""
        try:
            with transaction.atomic():
                contact = self._contact_of(person)
        except ContactError as error:
            self.refused.append((person, [error.message]))
            return
        for name in person.tags:
            self.tagged[name].append(contact)
        if person.note and not contact.notes.filter(text=person.note).exists():
            contacts.write_note(contact, person.note, actor=self.actor)

    def _contact_of(self, person: Person) -> Contact:
        known = contacts.of_addresses(address.key for address in person.addresses)
        if not known:
            return contacts.make(
                name=person.name,
                addresses=person.addresses,
                attributes=person.attributes,
            )
        contact = next(known[a.key] for a in person.addresses if a.key in known)
        self._update(contact, person)
        for address in person.addresses:
            if known.get(address.key) != contact:
                self._add(contact, address, person)
        return contact

    def _update(self, contact: Contact, person: Person) -> None:
        values = {**contact.attributes, **person.attributes}
        if not self.overwrites:
            values = {**person.attributes, **contact.attributes}
        name = person.name if self.overwrites else contact.name
        name = name or contact.name or person.name
        if name != contact.name or values != contact.attributes:
            contacts.edit(
                contact, name=name, attributes=values, owner_id=contact.owner_id
            )

    def _add(self, contact: Contact, address: Address, person: Person) -> None:
        try:
            contacts.add_address(contact, address)
        except ContactError as error:
            self.refused.append((person, [error.message]))

    def tag(self) -> None:
        """Each tag once for all who get it."""
        for name, tagged in self.tagged.items():
            contacts.tag(tagged, name)


class ContactImports(Kind):
    """CSV import on the contacts page; who is marked as opted out goes on a list."""

    name = "contacts"
    title = "Import contacts"
    main_part = ContactsPart.name
    permissions = ("teambox.add_contact", "optout.bulk_entries")
    asks = frozenset({"existing", "add_marked", "list", "silent"})
    about = (
        "People in the file become contacts. Nobody gets a message, and nobody is "
        "taken off an opt-out list."
    )
    stays = "Contacts stay."

    def roles(self) -> list[tuple[str, str]]:
        return contact_rows.roles()

    def guess(self, table: Table, *, region: str | None) -> dict[str, str]:
        return contact_rows.guess(table, region=region)

    def check(self, mapping: Mapping[str, str]) -> None:
        import_kinds.require_address_column(mapping)

    def parts(self, job: ImportJob) -> list[Part]:
        """Opt-outs first: nobody is a contact one can write to before that."""
        opt_outs = [EntriesPart(job, keeps_problems=False)] if job.adds_entries else []
        return [*opt_outs, ContactsPart(job)]

    def figures(self, job: ImportJob, phase: str) -> list[Figure]:
        tally = job.tally(phase, ContactsPart.name)
        found = [
            Figure("New contacts", tally.get("added", 0), "ok"),
            Figure(
                "Known contacts",
                tally.get("updated", 0),
                note="overwritten" if job.overwrites else "gaps filled",
            ),
            Figure("Duplicate", tally.get("duplicate", 0)),
            import_kinds.bad_rows(job, ContactsPart.name),
            Figure("Rows in the file", job.row_count),
        ]
        return [*self._opt_outs(job, phase), *found]

    def _opt_outs(self, job: ImportJob, phase: str) -> list[Figure]:
        if not job.adds_entries:
            return []
        marked = job.tally("planned", EntriesPart.name).get("marked", 0)
        to_add, already, _ = import_kinds.entry_figures(job, phase)
        note = f"{to_add.label.lower()} to {job.list}: {to_add.number:,}"
        if already.number:
            note += f", already there: {already.number:,}"
        return [Figure("Marked as opted out", marked, "warn", note=note)]

    def upload_url(self, job: ImportJob) -> str:
        return reverse("contacts-import")

    def result_url(self, job: ImportJob) -> tuple[str, str]:
        return "Contacts", _contacts_url()


def _contacts_url() -> str:
    with suppress(NoReverseMatch):
        return reverse("contacts")
    return reverse("imports")
