"""Contacts as lists show them: a page at a time, with addresses, lists and channels."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet, prefetch_related_objects

from optout.listing import live_by_key
from optout.models import Entry
from teambox.models import Contact, ContactAddress, Conversation

PAGE_SIZE = 50
COUNTED = 10_000  # more are not counted: a million would take as long as the page


@dataclass(frozen=True, slots=True)
class SeenAddress:
    """An address of a contact, and the entries it has now."""

    row: ContactAddress
    entries: Sequence[Entry]

    @property
    def lists(self) -> list[str]:
        return list(dict.fromkeys(entry.list.name for entry in self.entries))


@dataclass(frozen=True, slots=True)
class Row:
    """A contact with what stands beside the name."""

    contact: Contact
    addresses: Sequence[SeenAddress]
    channels: Sequence[str]

    @property
    def lists(self) -> list[str]:
        """The names of the lists that any of the addresses is on."""
        names = (name for address in self.addresses for name in address.lists)
        return list(dict.fromkeys(names))


def rows(contacts: Sequence[Contact]) -> list[Row]:
    """The contacts with all that a list shows; a fixed number of queries."""
    prefetch_related_objects(contacts, "addresses", "tags", "owner")
    keys = [row.key for contact in contacts for row in contact.addresses.all()]
    listed, channels = live_by_key(keys), _channels(keys)
    return [_row(contact, listed, channels) for contact in contacts]


def _row(
    contact: Contact,
    listed: dict[UUID, list[Entry]],
    channels: dict[UUID, list[str]],
) -> Row:
    found = list(contact.addresses.all())
    spoken = (name for row in found for name in channels.get(row.key, ()))
    return Row(
        contact,
        [SeenAddress(row, listed.get(row.key, ())) for row in found],
        list(dict.fromkeys(spoken)),
    )


def _channels(keys: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The names of the channels that these addresses have conversations on."""
    found: dict[UUID, list[str]] = defaultdict(list)
    talks = Conversation.objects.filter(key__in=set(keys)).order_by("channel_id")
    for key, name in talks.values_list("key", "channel__name"):
        found[key].append(name)
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Some contacts, newest first; `newer` and `older` are cursors, None at an end."""

    rows: Sequence[Row]
    newer: int | None
    older: int | None


def page_of(
    found: QuerySet[Contact], *, after: int | None = None, before: int | None = None
) -> Page:
    """The contacts after or before an id: as quick at the end as at the beginning.

    Where fewer than a page are after it, the page is the first one.
    """
    if after is not None:
        above = list(found.filter(pk__gt=after).order_by("pk")[: PAGE_SIZE + 1])
        if len(above) > PAGE_SIZE:
            shown = above[-2::-1]
            return Page(rows(shown), shown[0].pk, shown[-1].pk)
        before = None
    below = found if before is None else found.filter(pk__lt=before)
    shown = list(below.order_by("-pk")[: PAGE_SIZE + 1])
    older = shown[PAGE_SIZE - 1].pk if len(shown) > PAGE_SIZE else None
    newer = shown[0].pk if before is not None and shown else None
    return Page(rows(shown[:PAGE_SIZE]), newer, older)


def count_of(found: QuerySet[Contact]) -> tuple[int, bool]:
    """How many there are, and whether there are more than that."""
    number = found.order_by()[: COUNTED + 1].count()
    return min(number, COUNTED), number > COUNTED
