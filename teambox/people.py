"""Who stands behind an address: the contact with all its addresses, what we know."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from optout import content, listing
from optout.addresses import Address, AddressKind, InvalidAddress, parse
from optout.models import (
    Entry,
    Hold,
    HoldState,
    OutgoingMessage,
    Purpose,
    live_entries,
)
from teambox.models import (
    Contact,
    ContactAddress,
    ContactAttribute,
    Conversation,
    Note,
    Tag,
)

MAX_ENDED = 100
MAX_SENDS = MAX_CONVERSATIONS = 10
MAX_NOTES = 20

_Row = Entry | Hold | Conversation | OutgoingMessage


@dataclass(frozen=True, slots=True)
class Known:
    """An address as it is written to; its text is empty once it is erased."""

    key: UUID
    kind: str
    text: str

    def read(self) -> Address | None:
        """What can be opted out; None where the key alone is left."""
        with suppress(InvalidAddress):
            return parse(self.text, kind=AddressKind(self.kind))
        return None


@dataclass(frozen=True, slots=True)
class About:
    """What we noted about a contact."""

    tags: tuple[Tag, ...] = ()
    notes: tuple[Note, ...] = ()
    attributes: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went to the person, or did not, with its first words."""

    message: OutgoingMessage
    words: str


@dataclass(frozen=True, slots=True)
class Person:
    """What we know of who is behind an address: `addresses` begin with that one.

    Everything is of all the addresses and newest first; `ended` are at most MAX_ENDED.
    """

    contact: Contact | None
    about: About
    addresses: tuple[Known, ...]
    live: tuple[Entry, ...]
    ended: tuple[Entry, ...]
    holds: tuple[Hold, ...]
    sends: tuple[Sent, ...]
    conversations: tuple[Conversation, ...]

    @property
    def asked(self) -> Known:
        return self.addresses[0]

    @property
    def history(self) -> list[Entry]:
        return sorted((*self.live, *self.ended), key=lambda entry: -entry.pk)

    def lists_of(self, key: UUID) -> list[str]:
        """The names of the lists that this address is on."""
        return [entry.list.name for entry in self.live if entry.key == key]

    def is_live_again(self, ended: Entry) -> bool:
        """Whether an ended entry's place, or what replaced its list, is taken."""
        list_id = ended.list.replaced_by_id or ended.list_id
        place = (ended.key, ended.channel_id, list_id)
        return place in {(row.key, row.channel_id, row.list_id) for row in self.live}

    def also(self, keys: Collection[UUID], list_ids: Iterable[int]) -> list[Known]:
        """The other addresses, where some of the lists misses them on all channels."""
        there = {(row.key, row.list_id) for row in self.live if row.counts_everywhere}
        wanted = list(list_ids)
        return [
            known
            for known in self.addresses
            if known.text
            and known.key not in keys
            and any((known.key, pk) not in there for pk in wanted)
        ]


def find(key: UUID, *, typed: str = "") -> Person | None:
    """The person behind an address, in a number of queries that does not grow.

    `typed` is the address as somebody looked it up, for when we know nothing of it.
    None where nothing is known at all: a key does not tell its address.
    """
    filed = _filed_with(key)
    contact = filed[0].contact if filed else None
    keys = [row.key for row in filed] or [key]
    live = [entry for found in listing.live_by_key(keys).values() for entry in found]
    ended, holds, sends = _ended(keys), _holds(keys), _sends(keys)
    conversations = _conversations(keys)
    addresses = [Known(row.key, row.kind, row.address) for row in filed]
    if not filed:
        traces: list[_Row] = [*live, *ended, *holds, *conversations, *sends]
        addresses = _stranger(key, traces, typed)
    if not addresses:
        return None
    return Person(
        contact=contact,
        about=_about(contact) if contact else About(),
        addresses=tuple(addresses),
        live=tuple(sorted(live, key=lambda entry: -entry.pk)),
        ended=tuple(ended),
        holds=tuple(holds),
        sends=tuple(Sent(message, _words(message)) for message in sends),
        conversations=tuple(conversations),
    )


def keys_of(key: UUID) -> list[UUID]:
    """The keys of all addresses of the person behind this one."""
    return [row.key for row in _filed_with(key)] or [key]


def known(keys: Collection[UUID]) -> list[Known]:
    """The addresses of these keys that a contact or a live entry tells."""
    found = {
        entry.key: Known(entry.key, entry.address_kind, entry.address)
        for entry in live_entries().filter(key__in=keys).exclude(address="")
    }
    for row in ContactAddress.objects.filter(key__in=keys):
        found[row.key] = Known(row.key, row.kind, row.address)
    return [found[key] for key in dict.fromkeys(keys) if key in found]


def _filed_with(key: UUID) -> list[ContactAddress]:
    """All addresses of the contact that has this one, which stands first."""
    rows = ContactAddress.objects.filter(contact__addresses__key=key)
    found = rows.select_related("contact__owner").order_by("id")
    return sorted(found, key=lambda row: row.key != key)


def _stranger(key: UUID, traces: Sequence[_Row], typed: str) -> list[Known]:
    """The address as something of ours tells it; erased if nothing does any more."""
    kinds = [Known(key, _kind_of(row), row.address) for row in traces]
    told = [found for found in kinds if found.text]
    if not kinds and typed:
        return [Known(key, parse(typed).kind, typed)]
    return (told or kinds)[:1]


def _kind_of(row: _Row) -> str:
    if isinstance(row, OutgoingMessage):
        return row.channel.address_kind
    return row.kind if isinstance(row, Conversation) else row.address_kind


def _about(contact: Contact) -> About:
    values = [(row.label, contact.value_of(row)) for row in _attributes()]
    return About(
        tags=tuple(contact.tags.all()),
        notes=tuple(contact.notes.all()[:MAX_NOTES]),
        attributes=tuple((label, value) for label, value in values if value),
    )


def _attributes() -> Iterable[ContactAttribute]:
    return ContactAttribute.objects.all()


def _ended(keys: Collection[UUID]) -> list[Entry]:
    rows = listing.shown_entries().filter(key__in=keys).exclude(ended_at=None)
    return list(rows.select_related("list", "channel").order_by("-id")[:MAX_ENDED])


def _holds(keys: Collection[UUID]) -> list[Hold]:
    rows = Hold.objects.filter(key__in=keys, state=HoldState.WAITING)
    return list(rows.select_related("channel").order_by("-id"))


def _sends(keys: Collection[UUID]) -> list[OutgoingMessage]:
    rows = OutgoingMessage.objects.filter(key__in=keys).defer("content__html")
    related = ("batch", "channel", "content", "entry__list")
    return list(rows.select_related(*related).order_by("-id")[:MAX_SENDS])


def _words(message: OutgoingMessage) -> str:
    """The subject or text; a list's own words have no variables."""
    is_email = message.channel.address_kind == AddressKind.EMAIL
    words = (is_email and message.content.subject) or message.content.text
    if message.batch.purpose == Purpose.LIST_MESSAGE:
        return words
    return content.compiled(words).render(message.variables)


def _conversations(keys: Collection[UUID]) -> list[Conversation]:
    rows = Conversation.objects.filter(key__in=keys).select_related("channel")
    return list(rows[:MAX_CONVERSATIONS])
