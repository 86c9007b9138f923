"""Contacts: making, editing, tagging and merging them.

No function here touches an entry. Opt-outs belong to addresses, so they stay whatever
becomes of the contact that an address is filed under.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from optout.actors import Actor
from optout.addresses import Address, AddressKind, parse
from optout.prepared import Prepared
from optout.refusals import Refused
from teambox import attribute_values
from teambox.models import Contact, ContactAddress, Note, Tag

NAME_VARIABLE = "name"
MAX_ADDRESSES, MAX_TAGS = 20, 50
MAX_NAME: int = Contact._meta.get_field("name").max_length or 0
MAX_TAG: int = Tag._meta.get_field("name").max_length or 0


class ContactError(Refused):
    """A change of a contact that is refused."""


# Finding


def of_address(key: UUID) -> Contact | None:
    """The contact this address is filed under."""
    return Contact.objects.filter(addresses__key=key).first()


def of_addresses(keys: Iterable[UUID]) -> dict[UUID, Contact]:
    """The contacts of these addresses, by key; addresses of nobody are left out."""
    found = ContactAddress.objects.filter(key__in=list(keys)).select_related("contact")
    return {row.key: row.contact for row in found}


def reached_at(address: Address, kind: AddressKind) -> Address | None:
    """This address if it is of the kind, else the first such of the same contact.

    Who opted out with the one is never written to at another of the same kind.
    """
    if address.kind == kind:
        return address
    rows = ContactAddress.objects.filter(contact__addresses__key=address.key, kind=kind)
    row = rows.exclude(address="").first()
    return parse(row.address, kind=kind) if row else None


def keys_with(key: UUID) -> set[UUID]:
    """The keys of all addresses of the contact who has this one, and this one."""
    rows = ContactAddress.objects.filter(contact__addresses__key=key)
    return {key, *rows.values_list("key", flat=True)}


def values(contact: Contact | None) -> dict[str, str]:
    """What `{{variables}}` stand for in a message to this contact."""
    if contact is None:
        return {}
    held = {name.lower(): str(value) for name, value in contact.attributes.items()}
    return {**held, NAME_VARIABLE: contact.name}


def meet(address: Address, *, at: datetime, name: str = "") -> None:
    """Somebody wrote at this time; who is a stranger becomes a contact.

    `name` is the one the provider tells: it fills an empty one and replaces none.
    """
    name, seen = name[:MAX_NAME], {"key": address.key, "at": at}
    if not _SEEN.run(seen):
        _make_for(address, name)
        _SEEN.run(seen)
    if name:
        nameless = Contact.objects.filter(addresses__key=address.key, name="")
        nameless.update(name=name)


_SEEN = Prepared("""
UPDATE teambox_contact SET last_seen_at =
    CASE WHEN last_seen_at > %(at)s THEN last_seen_at ELSE %(at)s END
WHERE id = (SELECT contact_id FROM teambox_contactaddress WHERE key = %(key)s)
""")


def _make_for(address: Address, name: str) -> None:
    """Two messages of a stranger at once meet in one contact."""
    with suppress(ContactError):
        make(name=name, addresses=[address])


# Making and editing


def make(
    *,
    name: str = "",
    addresses: Sequence[Address] = (),
    attributes: Mapping[str, Any] | None = None,
    owner_id: int | None = None,
) -> Contact:
    """A new contact with these addresses.

    Raises ContactError as `edit` and `add_address` do; nothing is made then.
    """
    with transaction.atomic():
        contact = Contact.objects.create()
        edit(contact, name=name, attributes=attributes or {}, owner_id=owner_id)
        for address in addresses:
            add_address(contact, address)
    return contact


def edit(
    contact: Contact,
    *,
    name: str,
    attributes: Mapping[str, Any],
    owner_id: int | None,
) -> None:
    """Write name, owner and the named attributes; an empty value takes one away.

    Raises ContactError `name_too_long`, or with the attribute's name as its field
    `unknown_attribute` or `bad_value`; nothing is written then.
    """
    if len(name) > MAX_NAME:
        raise ContactError(
            "name_too_long", f"A name has at most {MAX_NAME} characters.", "name"
        )
    try:
        changes = attribute_values.read(attributes)
    except attribute_values.BadValue as error:
        raise ContactError(error.code, error.message, error.name) from error
    with transaction.atomic():
        row = _locked(contact)
        row.name, row.owner_id = name.strip(), owner_id
        row.attributes = {
            attribute: value
            for attribute, value in {**row.attributes, **changes}.items()
            if value is not None
        }
        row.updated_at = timezone.now()
        row.save()
    contact.refresh_from_db()


def _locked(contact: Contact) -> Contact:
    return Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)


def add_address(contact: Contact, address: Address) -> ContactAddress:
    """File an address under a contact; one that it has already changes nothing.

    Raises ContactError `address_taken`, which names the contact that has it, and
    `too_many_addresses`.
    """
    with transaction.atomic():
        _locked(contact)
        if contact.addresses.count() >= MAX_ADDRESSES:
            message = f"A contact has at most {MAX_ADDRESSES} addresses."
            raise ContactError("too_many_addresses", message, "address")
        try:
            with transaction.atomic():
                row, _ = contact.addresses.get_or_create(
                    key=address.key,
                    defaults={
                        "kind": address.kind,
                        "address": address.address,
                        "raw": address.raw[:400],
                    },
                )
        except IntegrityError:
            other = ContactAddress.objects.get(key=address.key).contact
            owner = other.name or "a contact without a name"
            message = f"It belongs to {owner}: merge the two contacts."
            raise ContactError("address_taken", message, "address") from None
    return row


def drop_address(contact: Contact, pk: int) -> bool:
    """Take an address out of a contact; False if it was not there.

    What it opted out of stands: lists know the address, not the contact.
    """
    return bool(contact.addresses.filter(pk=pk).delete()[0])


def set_addresses(contact: Contact, wanted: Sequence[Address]) -> None:
    """File these addresses under a contact and no others; all of them or none.

    Raises ContactError as `add_address` does.
    """
    with transaction.atomic():
        contact.addresses.exclude(key__in=[one.key for one in wanted]).delete()
        for address in wanted:
            add_address(contact, address)


def delete(contact: Contact) -> None:
    """Forget a contact with its tags, notes and values. A repeat changes nothing.

    What its addresses opted out of stands, and so do its conversations.
    """
    Contact.objects.filter(pk=contact.pk).delete()


# Tags and notes


def set_tags(contact: Contact, names: Iterable[str]) -> None:
    """Give a contact these tags and no others. Raises ContactError as `tag` does."""
    with transaction.atomic():
        _locked(contact)
        contact.tags.set([tag([], name) for name in names])


def tag(contacts: Iterable[Contact], name: str) -> Tag:
    """Give contacts a tag, which is made where there is none of this name.

    Raises ContactError `bad_tag` for an empty name or one that is too long.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_TAG:
        message = f"A tag has a name of at most {MAX_TAG} characters."
        raise ContactError("bad_tag", message, "tag")
    found = _tag(name)
    found.contacts.add(*contacts)
    return found


def _tag(name: str) -> Tag:
    try:
        with transaction.atomic():
            return Tag.objects.get_or_create(
                name__iexact=name, defaults={"name": name}
            )[0]
    except IntegrityError:
        return Tag.objects.get(name__iexact=name)


def untag(contacts: Iterable[Contact], found: Tag) -> None:
    """Take a tag from contacts; those without it stay as they are."""
    found.contacts.remove(*contacts)


def write_note(contact: Contact, text: str, *, actor: Actor) -> Note:
    """Keep a note. Raises ContactError `empty_note` and `note_too_long`."""
    text = text.strip()
    limit: int = Note._meta.get_field("text").max_length or 0
    if not text:
        raise ContactError("empty_note", "Write the note first.", "text")
    if len(text) > limit:
        message = f"A note has at most {limit:,} characters."
        raise ContactError("note_too_long", message, "text")
    return contact.notes.create(
        text=text, author_id=actor.user_id, author_label=actor.label
    )


# Merging


def merge(into: Contact, other: Contact) -> None:
    """Make one contact of two: all addresses, tags and notes, gaps filled.

    Where both have a name, an owner or a value, those of `into` stand. No entry is
    touched. Raises ContactError `same_contact` and `gone` for one merged meanwhile.
    """
    if into.pk == other.pk:
        raise ContactError("same_contact", "That is the same contact.", "other")
    with transaction.atomic():
        pair = {into.pk, other.pk}
        rows = Contact.objects.select_for_update().filter(pk__in=pair).order_by("id")
        found = {row.pk: row for row in rows}
        if found.keys() != pair:
            raise ContactError("gone", "One of the two is gone.", "other")
        kept, gone = found[into.pk], found[other.pk]
        gone.addresses.update(contact=kept)
        gone.notes.update(contact=kept)
        kept.tags.add(*gone.tags.all())
        _fill_gaps(kept, gone)
        gone.delete()
    into.refresh_from_db()


def _fill_gaps(kept: Contact, gone: Contact) -> None:
    kept.name = kept.name or gone.name
    kept.owner_id = kept.owner_id or gone.owner_id
    kept.attributes = {**gone.attributes, **kept.attributes}
    seen = [at for at in (kept.last_seen_at, gone.last_seen_at) if at]
    kept.last_seen_at = max(seen, default=None)
    kept.created_at = min(kept.created_at, gone.created_at)
    kept.updated_at = timezone.now()
    kept.save()
