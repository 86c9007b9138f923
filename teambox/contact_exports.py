"""Contacts as CSV: streamed, inert in a spreadsheet, fit to be imported again."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import QuerySet

from optout.addresses import AddressKind
from optout.exports import csv_lines, safe_cell
from teambox import directory
from teambox.directory import Row
from teambox.models import Contact, ContactAttribute

CHUNK = 1_000
_BEFORE = ("id", "name", "number", "email", "addresses")
_AFTER = ("tags", "owner", "opted_out", "last_seen_at", "created_at")


def contact_lines(contacts: QuerySet[Contact]) -> Iterator[str]:
    """Contacts as CSV, newest first, read in short queries whatever their number.

    `number` and `email` are the first of each, `addresses` are all of them.
    """
    attributes = list(ContactAttribute.objects.order_by("name"))
    columns = [*_BEFORE, *_AFTER, *(attribute.name for attribute in attributes)]
    found = (_cells(row, attributes) for row in _rows(contacts))
    return csv_lines(columns, found)


def _rows(contacts: QuerySet[Contact]) -> Iterator[Row]:
    found = contacts.order_by("-pk")
    chunk = list(found[:CHUNK])
    while chunk:
        yield from directory.rows(chunk)
        chunk = list(found.filter(pk__lt=chunk[-1].pk)[:CHUNK])


def _cells(row: Row, attributes: Iterable[ContactAttribute]) -> Sequence[str]:
    contact, owner = row.contact, row.contact.owner
    known = [seen.row for seen in row.addresses]
    first: dict[str, str] = {}
    for one in known:
        first.setdefault(one.kind, one.address)
    return [
        *map(safe_cell, [contact.pk, contact.name]),
        # A plus and digits are no formula, and whole for the next program.
        first.get(AddressKind.PHONE, ""),
        *map(
            safe_cell,
            [
                first.get(AddressKind.EMAIL),
                _together(one.address for one in known),
                _together(tag.name for tag in contact.tags.all()),
                owner.get_username() if owner else "",
                _together(row.lists),
                contact.last_seen_at,
                contact.created_at,
                *(contact.value_of(attribute) for attribute in attributes),
            ],
        ),
    ]


def _together(texts: Iterable[str]) -> str:
    return "; ".join(texts)
