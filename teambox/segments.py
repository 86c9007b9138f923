"""Segments: filters of contacts kept under a name, and who they choose."""

from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import QueryDict

from optout.filters import keys_of
from optout.refusals import Refused
from teambox import contact_filters
from teambox.models import Contact, Segment, Tag

MAX_NAME: int = Segment._meta.get_field("name").max_length or 0


class SegmentError(Refused):
    """A segment that cannot be made or named like this."""


def normalised(query: QueryDict) -> str:
    """The filters of a page's query in their one form: the same choice, one text."""
    return urlencode(sorted(contact_filters.used(query).items()))


def contacts_of(
    segment: Segment, among: QuerySet[Contact] | None = None
) -> QuerySet[Contact]:
    """Who (of some contacts) is in it now; nobody where a filter makes no sense now."""
    return contact_filters.filtered(QueryDict(segment.query), among)


def make(name: str, query: QueryDict, *, owner_id: int | None) -> Segment:
    """Keep the filters of a query. Raises SegmentError as `rename` does, and

    `no_filters` for a query that chooses everybody, `one_person` for one that names
    an address, and `bad_filters`.
    """
    chosen = normalised(query)
    if not chosen:
        raise SegmentError("no_filters", "Choose filters first.")
    if keys_of(str(query.get("search", ""))):
        message = "A number or email is one person: search it, or tag the person."
        raise SegmentError("one_person", message)
    if not contact_filters.ContactFilter(QueryDict(chosen)).is_valid():
        raise SegmentError("bad_filters", "One of the filters is not valid.")
    segment = Segment(name=_checked(name), query=chosen, owner_id=owner_id)
    _write(segment)
    return segment


def rename(segment: Segment, name: str) -> None:
    """Give it another name. Raises SegmentError `bad_name` and `name_taken`."""
    segment.name = _checked(name)
    _write(segment)


def delete(segment: Segment) -> None:
    """Forget the filters; the contacts stay. A repeat changes nothing."""
    Segment.objects.filter(pk=segment.pk).delete()


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME:
        message = f"A segment has a name of at most {MAX_NAME} characters."
        raise SegmentError("bad_name", message, "name")
    return name


def _write(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:
        message = "There is a segment of this name."
        raise SegmentError("name_taken", message, "name") from None


def using(tag: Tag) -> list[Segment]:
    """The segments that filter by this tag."""
    asked = {"tag": str(tag.pk)}
    rows = Segment.objects.filter(query__contains=urlencode(asked))
    return [row for row in rows if QueryDict(row.query).get("tag") == str(tag.pk)]


def replace_tag(old: Tag, new: Tag) -> None:
    """Let the segments that filter by one tag filter by another."""
    for segment in using(old):
        query = QueryDict(segment.query, mutable=True)
        query["tag"] = str(new.pk)
        segment.query = normalised(query)
        segment.save(update_fields=["query"])
