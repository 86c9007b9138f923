"""Where recipients come from that are rows of ours: contacts, another's recipients."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import (
    Expression,
    F,
    Func,
    JSONField,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, JSONObject, NullIf

from broadcaster import contact_audiences, earlier_audiences
from broadcaster.models import AudienceKind, Broadcast
from optout import content
from optout.addresses import AddressKind
from optout.models import OutgoingMessage
from optout.outbox import Recipient
from optout.selected_rows import Selected
from teambox.contacts import NAME_VARIABLE
from teambox.models import Contact, ContactAddress, ContactAttribute

# PostgreSQL gives a function at most 100 arguments.
MOST_PAIRS = 40
_EMPTY = Value("", output_field=TextField())


class Source(ABC):
    """Rows of ours that lead to recipients, walked through by their ids."""

    def __init__(self, broadcast: Broadcast) -> None:
        self.audience = broadcast.audience
        self.kind = AddressKind(broadcast.channel.address_kind)

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """All who are meant now, in the order of their ids."""

    @abstractmethod
    def span(self) -> tuple[int, int]:
        """The ids between which they are: after the first, up to the last."""

    @abstractmethod
    def ids(self, after: int, upto: int, *, limit: int) -> list[int]:
        """The first ids of those who are meant now, after one and up to another."""

    @abstractmethod
    def of_ids(self, ids: Sequence[int], names: Iterable[str]) -> Selected:
        """Key, address and the named variables of those rows that have an address.

        The ids are in order.
        """

    @abstractmethod
    def recipients(self, names: Iterable[str]) -> Selected:
        """The same of all who are meant, as they would be put now."""

    @abstractmethod
    def names(self) -> set[str]:
        """The variables that it can fill."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What of it is gone, in words for people."""

    def sample(self, names: Iterable[str], *, limit: int) -> list[Recipient]:
        """The first recipients."""
        found = self.recipients(names)[:limit]
        return [Recipient(key, address, values) for key, address, values in found]


class Contacts(Source):
    """Contacts by tags, segment and filters; each by the first address that fits."""

    def rows(self) -> QuerySet[Contact]:
        return contact_audiences.contacts_of(self.audience)

    def span(self) -> tuple[int, int]:
        return 0, Contact.objects.aggregate(last=Max("pk"))["last"] or 0

    def ids(self, after: int, upto: int, *, limit: int) -> list[int]:
        found = contact_audiences.contacts_of(self.audience, after=after, upto=upto)
        return list(found.values_list("pk", flat=True)[:limit])

    def of_ids(self, ids: Sequence[int], names: Iterable[str]) -> Selected:
        # The range lets a plan read these contacts alone, the ids whom of them.
        found = contact_audiences.first_addresses(self.kind).filter(
            contact__gte=ids[0], contact__lte=ids[-1], contact__in=_among(ids)
        )
        return _selected(found, contact_values(names, "contact__"))

    def recipients(self, names: Iterable[str]) -> Selected:
        found = contact_audiences.reachable(self.rows(), self.kind)
        return _selected(found, contact_values(names, "contact__"))

    def names(self) -> set[str]:
        return contact_names()

    def problems(self) -> list[str]:
        return contact_audiences.problems(self.audience)


class Earlier(Source):
    """Recipients of another broadcast, with what its messages knew of them.

    What those did not use is filled from the contact of the address.
    """

    def rows(self) -> QuerySet[OutgoingMessage]:
        return earlier_audiences.messages_of(self.audience)

    def span(self) -> tuple[int, int]:
        ids = self.rows().order_by().aggregate(first=Min("pk"), last=Max("pk"))
        return (ids["first"] or 1) - 1, ids["last"] or 0

    def ids(self, after: int, upto: int, *, limit: int) -> list[int]:
        found = self.rows().filter(pk__gt=after, pk__lte=upto)
        return list(found.values_list("pk", flat=True)[:limit])

    def of_ids(self, ids: Sequence[int], names: Iterable[str]) -> Selected:
        rows = OutgoingMessage.objects.filter(pk__in=_among(ids))
        return self._of(rows, names)

    def recipients(self, names: Iterable[str]) -> Selected:
        return self._of(self.rows(), names)

    def _of(self, rows: QuerySet[OutgoingMessage], names: Iterable[str]) -> Selected:
        names = list(names)
        person = ContactAddress.objects.filter(key=OuterRef("key"))
        fill = contact_values(names, "contact__")
        values: dict[str, Expression] = {
            name: Coalesce(
                _text_at("variables", name),
                Subquery(person.values_list(fill[name])[:1]),
                output_field=TextField(),
            )
            for name in names
        }
        return _selected(rows.order_by("id"), values)

    def names(self) -> set[str]:
        other = earlier_audiences.other_of(self.audience)
        texts = (other.subject, other.text, other.html) if other else ()
        return contact_names() | set(content.variables(*texts))

    def problems(self) -> list[str]:
        other = earlier_audiences.other_of(self.audience)
        if other and other.channel.address_kind == self.kind:
            return []
        return ["The broadcast it takes its recipients from has other addresses."]


_SOURCES: dict[str, type[Source]] = {
    AudienceKind.CONTACTS: Contacts,
    AudienceKind.BROADCAST: Earlier,
}


def of(broadcast: Broadcast) -> Source | None:
    """The rows its recipients come from; None where they stand in a file."""
    found = _SOURCES.get(broadcast.audience_kind)
    return found(broadcast) if found else None


_AMONG = {
    "postgresql": "SELECT unnest(%s::bigint[])",
    "sqlite": "SELECT value FROM json_each(%s)",
}


def _among(ids: Sequence[int]) -> RawSQL:
    """The ids as one parameter: thousands of them take longer to bind than to find."""
    vendor = connection.vendor
    param = list(ids) if vendor == "postgresql" else json.dumps(list(ids))
    return RawSQL(_AMONG[vendor], [param])  # noqa: S611 (texts of our own)


def _selected(rows: QuerySet[Any], values: Mapping[str, Expression]) -> Selected:
    return rows.values_list("key", "address", _object(values))


# Variables


def contact_names() -> set[str]:
    """The variables that contacts fill: their name and their attributes."""
    names = ContactAttribute.objects.values_list("name", flat=True)
    return {NAME_VARIABLE, *(name.lower() for name in names)}


def contact_values(names: Iterable[str], contact: str = "") -> dict[str, Expression]:
    """What `teambox.contacts.values` gives for these names, as expressions.

    `contact` leads from the queried row to the contact; empty values are null.
    """
    ours = ContactAttribute.objects.values_list("name", flat=True)
    kept = {name.lower(): name for name in ours}
    found: dict[str, Expression] = {}
    for name in names:
        if name == NAME_VARIABLE:
            found[name] = NullIf(F(f"{contact}name"), _EMPTY, output_field=TextField())
        elif name in kept:
            found[name] = _text_at(f"{contact}attributes", kept[name])
        else:
            found[name] = Value(None, output_field=TextField())
    return found


def _text_at(column: str, name: str) -> Expression:
    return NullIf(KeyTextTransform(name, F(column)), _EMPTY)


def _object(values: Mapping[str, Expression]) -> Expression:
    """Names and values as JSON, without the names that have no value."""
    whole: Expression = Value({}, output_field=JSONField())
    pairs = iter(values.items())
    while some := dict(islice(pairs, MOST_PAIRS)):
        whole = _Joined(whole, JSONObject(**some))
    return _WithoutNulls(whole)


class _Joined(Func):
    """The names of two JSON objects in one. SQLite leaves out nulls at once."""

    output_field = JSONField()
    template = "(%(expressions)s)"
    arg_joiner = " || "

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "JSON_PATCH(%(expressions)s)"
        extra |= {"template": template, "arg_joiner": ", "}
        return self.as_sql(compiler, connection, **extra)


class _WithoutNulls(Func):
    """A JSON object without the names whose value is null."""

    output_field = JSONField()
    function = "JSONB_STRIP_NULLS"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **extra)
