"""Creating or updating the contact that an input is about; never an entry."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from connectors.action_forms import ATTRIBUTE
from optout.action_table import Result
from optout.addresses import Address
from teambox import contacts
from teambox.models import Contact


def save(addresses: Sequence[Address], settings: Mapping[str, Any]) -> Result:
    """Make the contact of these addresses, or write to the one there is.

    `created`, `updated` or `unchanged`. Where the addresses are two contacts', the
    first one's is meant and nothing is merged. Raises ContactError.
    """
    with transaction.atomic():
        contact, detail = _contact(addresses)
        made = contact is None
        if contact is None:
            contact = contacts.make(addresses=addresses)
        changed = _write(contact, settings)
        changed |= not made and _file(contact, addresses)
    outcome = "created" if made else "updated" if changed else "unchanged"
    return Result(outcome, detail or contact.name, {"contact": contact.pk})


def _contact(addresses: Sequence[Address]) -> tuple[Contact | None, str]:
    """The contact of the first address that has one, and whether there are two."""
    found = contacts.of_addresses(one.key for one in addresses)
    mine = [found[one.key] for one in addresses if one.key in found]
    if len({one.pk for one in mine}) > 1:
        return mine[0], f"{mine[1]} has the other address"
    return (mine[0] if mine else None), ""


def _file(contact: Contact, addresses: Sequence[Address]) -> bool:
    """Add the addresses that nobody has; whether there was one."""
    known = contacts.of_addresses(one.key for one in addresses)
    fresh = [one for one in addresses if one.key not in known]
    for address in fresh:
        contacts.add_address(contact, address)
    return bool(fresh)


def _write(contact: Contact, settings: Mapping[str, Any]) -> bool:
    """Write name, attributes and tags; whether anything is new."""
    before = (contact.name, dict(contact.attributes), _tags(contact))
    attributes = {
        name.removeprefix(ATTRIBUTE): text
        for name, text in settings.items()
        if name.startswith(ATTRIBUTE) and text.strip()
    }
    contacts.edit(
        contact,
        name=settings.get("name", "").strip() or contact.name,
        attributes=attributes,
        owner_id=contact.owner_id,
    )
    for name in settings.get("tags", "").split(","):
        if name.strip():
            contacts.tag([contact], name.strip())
    return before != (contact.name, dict(contact.attributes), _tags(contact))


def _tags(contact: Contact) -> set[int]:
    return set(contact.tags.values_list("pk", flat=True))
