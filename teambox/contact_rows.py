"""Rows of a contacts file: what its columns may be for, and the person in each row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optout import column_names, import_rows
from optout.addresses import Address
from optout.csv_files import Record
from optout.csv_tables import Table
from optout.import_rows import Layout, Role, Row
from teambox import attribute_values
from teambox.attribute_values import BadValue
from teambox.contacts import MAX_NAME, MAX_TAG
from teambox.models import ContactAttribute, Note

NAME, TAGS, ATTRIBUTE = "name", "tags", "attribute:"
MAX_NOTE: int = Note._meta.get_field("text").max_length or 0

_NAMES = """
    name full_name fullname first_name firstname last_name lastname surname given_name
    family_name contact contact_name customer customer_name display_name
    nombre nombre_completo apellido apellidos nome cognome sobrenome prenom nom
    vorname nachname naam voornaam achternaam imie nazwisko
"""
_TAGS = """
    tag tags label labels group groups segment segments etiqueta etiquetas
"""
_IS_NAME, _IS_TAGS = frozenset(_NAMES.split()), frozenset(_TAGS.split())


def roles() -> list[tuple[str, str]]:
    """What a column of contacts may be for, as choices."""
    common = [(role.value, role.label) for role in Role]
    ours = [(NAME, "Name"), (TAGS, "Tags")]
    attributes = [
        (ATTRIBUTE + row.name, row.label) for row in ContactAttribute.objects.all()
    ]
    return [*common[:3], *ours, *common[3:], *attributes]


def guess(table: Table, *, region: str | None) -> dict[str, str]:
    """The role of each column by its name; an attribute by its name or label."""
    found = import_rows.guess(table, region=region)
    attributes = {
        column_names.plain(text): ATTRIBUTE + row.name
        for row in ContactAttribute.objects.all()
        for text in (row.label, row.name)
    }
    for name, header in zip(table.columns, table.headers, strict=True):
        plain = column_names.plain(header)
        if found[name] != Role.IGNORED:
            continue
        if plain in _IS_NAME:
            found[name] = NAME
        elif plain in _IS_TAGS:
            found[name] = TAGS
        else:
            found[name] = attributes.get(plain, Role.IGNORED)
    return found


@dataclass(slots=True)
class Person:
    """What a row says; `problems` is what of it cannot be taken."""

    number: int
    cells: Sequence[str]
    addresses: tuple[Address, ...]
    name: str = ""
    tags: list[str] = field(default_factory=list)
    note: str = ""
    attributes: dict[str, str | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Reader:
    """Reads the rows of one layout; our attributes are looked up once."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        names = {
            role.removeprefix(ATTRIBUTE): columns
            for role, columns in layout.by_role.items()
            if role.startswith(ATTRIBUTE)
        }
        self.attributes = attribute_values.known(names)
        self.attribute_columns = {name: names[name] for name in self.attributes}

    def read(self, record: Record) -> Person:
        """The person of a row; one without an address is nobody."""
        row = import_rows.read(record, self.layout)
        person = Person(row.number, row.cells, row.addresses)
        if row.problem:
            person.problems.append(row.problem)
        if row.addresses:
            self._describe(person, row)
            if person.problems and not row.problem:
                person.problems.append(import_rows.WHOLE)
        return person

    def _describe(self, person: Person, row: Row) -> None:
        person.name = self._short(person, "Name", self._said(row, NAME), MAX_NAME)
        person.note = self._short(person, "Note", self.layout.note_of(row), MAX_NOTE)
        parts = re.split(r"[,;|]", ",".join(self._cells(row, TAGS)))
        for part in dict.fromkeys(" ".join(part.split()) for part in parts):
            if tag := self._short(person, "Tag", part, MAX_TAG):
                person.tags.append(tag)
        for name, columns in self.attribute_columns.items():
            said = next(filter(None, (row.values.get(c, "") for c in columns)), "")
            if said:
                person.attributes |= self._attribute(person, name, said)

    def _attribute(
        self, person: Person, name: str, said: str
    ) -> Mapping[str, str | None]:
        try:
            return attribute_values.read({name: said}, self.attributes)
        except BadValue as error:
            person.problems.append(error.message)
            return {}

    def _cells(self, row: Row, role: str) -> list[str]:
        cells = (row.values.get(name, "") for name in self.layout.columns_of(role))
        return [cell for cell in cells if cell]

    def _said(self, row: Row, role: str) -> str:
        return " ".join(self._cells(row, role))

    def _short(self, person: Person, what: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        person.problems.append(f"{what}: more than {limit:,} characters.")
        return ""
