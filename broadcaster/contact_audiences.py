"""Audiences of contacts: tags, a segment and filters, which narrow each other.

An audience is what a broadcast (or an enrolment of many) keeps as JSON:
`{"tags": [ids], "segment": id or null, "query": "seen=30&owner=2", "all": false}`.
Who has any of the tags, is in the segment and matches the query is in it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.forms import Field
from django.http import QueryDict

from optout import row_ids
from optout.addresses import AddressKind
from optout.filters import keys_of
from optout.refusals import Refused
from teambox import contact_filters, segments
from teambox.models import Contact, ContactAddress, Segment, Tag

MAX_TAGS = 50

Audience = Mapping[str, Any]

_TAG_GONE = "A tag of the recipients is gone."
_SEGMENT_GONE = "The segment of the recipients is gone."
_FILTER_GONE = "A filter of the recipients makes no sense any more."


class AudienceError(Refused):
    """An audience that cannot be chosen like this; `field` names what is wrong."""


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    """The audience in its one form. What is missing or empty does not narrow it.

    Raises AudienceError `unknown_tag` (field `tags`), `unknown_segment` (`segment`),
    `bad_filters` and `one_person` (`query`), and `no_filters` where nothing is chosen
    and `all` does not say that everybody is meant.
    """
    query = QueryDict(str(given.get("query") or "")).copy()
    tags = _tags(given.get("tags") or query.pop("tag", []))
    if "tag" in query:
        message = "Choose tags among the tags, not among the filters."
        raise AudienceError("bad_filters", message, "query")
    read_query = _query(query)
    segment = _segment(given.get("segment"))
    chooses = bool(tags or segment or read_query)
    everybody = given.get("all") is True and not chooses
    if not chooses and not everybody:
        message = "Choose a tag, a segment or a filter, or everybody."
        raise AudienceError("no_filters", message, "tags")
    return {"tags": tags, "segment": segment, "query": read_query, "all": everybody}


def _tags(given: Any) -> list[int]:
    asked = given if isinstance(given, list | tuple) else [given]
    ids = {row_ids.read(str(pk)) for pk in asked[: MAX_TAGS + 1]}
    known = Tag.objects.filter(pk__in=[pk for pk in ids if pk is not None])
    found = sorted(known.values_list("pk", flat=True))
    if len(ids) > MAX_TAGS:
        raise AudienceError("unknown_tag", f"At most {MAX_TAGS} tags.", "tags")
    if len(found) != len(ids):
        raise AudienceError("unknown_tag", "There is no such tag.", "tags")
    return found


def _segment(given: Any) -> int | None:
    if given in (None, ""):
        return None
    pk = row_ids.read(str(given))
    if pk is None or not Segment.objects.filter(pk=pk).exists():
        message = "There is no such segment."
        raise AudienceError("unknown_segment", message, "segment")
    return pk


def _query(query: QueryDict) -> str:
    if keys_of(str(query.get("search", ""))):
        message = "A number or email is one person: paste it as a recipient."
        raise AudienceError("one_person", message, "query")
    chosen = segments.normalised(query)
    if not contact_filters.ContactFilter(QueryDict(chosen)).is_valid():
        message = "One of the filters is not valid."
        raise AudienceError("bad_filters", message, "query")
    return chosen


# Who is in it


def contacts_of(
    audience: Audience, *, after: int = 0, upto: int | None = None
) -> QuerySet[Contact]:
    """Who is in it now, the oldest contact first, each once.

    Nobody where a tag or the segment is gone, or nothing was ever chosen. After one id
    and up to another alone they are found without looking at the others.
    """
    if not audience or problems(audience):
        return Contact.objects.none()
    within = {"gt": after} if upto is None else {"gt": after, "lte": upto}
    found = Contact.objects.filter(**{f"pk__{how}": pk for how, pk in within.items()})
    if audience["tags"]:
        tagged = _tagged(audience["tags"])
        ids = {f"contact__{how}": pk for how, pk in within.items()}
        found = found.filter(Exists(tagged.filter(**ids)))
    if audience["segment"]:
        found = segments.contacts_of(Segment.objects.get(pk=audience["segment"]), found)
    if audience["query"]:
        found = contact_filters.filtered(QueryDict(audience["query"]), found)
    return found.order_by("id")


def _tagged(tags: Collection[int]) -> QuerySet[Any]:
    given = Contact.tags.through.objects.filter(contact=OuterRef("pk"))
    return given.filter(tag__in=tags)


def reachable(contacts: QuerySet[Contact], kind: AddressKind) -> QuerySet[Any]:
    """The first address of this kind of each of the contacts that has one.

    The first is the oldest, whatever it opted out of: who left by it is not written to
    by another one.
    """
    return first_addresses(kind).filter(contact__in=contacts.order_by().values("pk"))


def first_addresses(kind: AddressKind) -> QuerySet[Any]:
    """The oldest address of this kind of every contact, by contact."""
    of_kind = ContactAddress.objects.filter(kind=kind)
    older = of_kind.filter(contact=OuterRef("contact"), pk__lt=OuterRef("pk"))
    return of_kind.filter(~Exists(older)).order_by("contact_id")


@dataclass(frozen=True, slots=True)
class Size:
    """How many are meant, and how many of them have an address that can be used."""

    people: int
    reachable: int


def size(audience: Audience, kind: AddressKind) -> Size:
    """How many contacts are in it now, and how many with an address of this kind."""
    of_kind = ContactAddress.objects.filter(contact=OuterRef("pk"), kind=kind)
    counted = contacts_of(audience).aggregate(
        people=Count("pk"), reachable=Count("pk", filter=Exists(of_kind))
    )
    return Size(**counted)


def problems(audience: Audience) -> list[str]:
    """What of the audience is gone since it was chosen, in words for people."""
    found = []
    known = Tag.objects.filter(pk__in=audience["tags"]).count()
    if known != len(audience["tags"]):
        found.append(_TAG_GONE)
    segment = audience["segment"]
    chosen = Segment.objects.filter(pk=segment).first() if segment else None
    if segment and chosen is None:
        found.append(_SEGMENT_GONE)
    queries = filter(None, [audience["query"], chosen.query if chosen else ""])
    forms = (contact_filters.ContactFilter(QueryDict(query)) for query in queries)
    if not all(form.is_valid() for form in forms):
        found.append(_FILTER_GONE)
    return found


# In words


def described(audience: Audience) -> str:
    """Who is meant, in words: “tag VIP, seen in the last 30 days”."""
    if audience.get("all"):
        return "everybody"
    return ", ".join(_words(audience)) or "nobody"


def _words(audience: Audience) -> Iterator[str]:
    if tags := audience.get("tags"):
        names = Tag.objects.filter(pk__in=tags).values_list("name", flat=True)
        yield f"tag {' or '.join(names) or 'that is gone'}"
    if segment := audience.get("segment"):
        row = Segment.objects.filter(pk=segment).first()
        yield f"segment {row.name}" if row else "a segment that is gone"
    yield from described_query(audience.get("query", ""))


def described_query(query: str) -> Iterator[str]:
    """Each filter of a contacts page's query in words."""
    used = contact_filters.used(QueryDict(query))
    if not used:
        return
    fields = contact_filters.ContactFilter(QueryDict(query)).form.fields
    for name, value in used.items():
        yield _SAID[name](_label(fields[name], value))


def _label(field: Field, value: str) -> str:
    """A filter's value as the page's own list of choices calls it."""
    choices = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    return choices.get(value, value)


def _uncapitalised(label: str) -> str:
    return label[:1].lower() + label[1:]


_SAID: Mapping[str, Callable[[str], str]] = {
    "search": "name with “{}”".format,
    "tag": "tag {}".format,
    "opted_out": _uncapitalised,
    "channel_id": "with a conversation on {}".format,
    "seen": lambda label: f"seen {_uncapitalised(label)}",
    "owner": "owner {}".format,
    "seen_after": lambda at: f"seen from {at[:10]}",
    "seen_before": lambda at: f"seen before {at[:10]}",
}
