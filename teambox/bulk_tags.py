"""Tagging many contacts at once: the ticked ones, or all that match the filters."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, QuerySet
from django.http import QueryDict

from teambox import contact_filters, contacts
from teambox.models import Contact, Tag

CHUNK = 500  # contacts a transaction
_TagOfContact = Contact.tags.through


@dataclass(frozen=True, slots=True)
class Selection:
    """Ticked contacts, or those a query chooses up to the newest that was shown."""

    upper_id: int
    ids: tuple[int, ...] = ()
    query: str | None = None

    @property
    def contacts(self) -> QuerySet[Contact]:
        if self.query is None:
            return Contact.objects.filter(pk__in=self.ids)
        return contact_filters.filtered(QueryDict(self.query)).filter(
            pk__lte=self.upper_id
        )


def newest_id() -> int:
    """The id of the newest contact, 0 without any."""
    return Contact.objects.aggregate(newest=Max("pk"))["newest"] or 0


def add(chosen: QuerySet[Contact], name: str) -> tuple[Tag, int]:
    """Give contacts a tag; how many were looked at. Repeats change nothing.

    Raises ContactError `bad_tag`.
    """
    found = contacts.tag([], name)
    return found, add_existing(chosen, found)


def add_existing(chosen: QuerySet[Contact], found: Tag) -> int:
    """Give contacts a tag that is there; how many were looked at."""
    done = 0
    for ids in _chunks(chosen):
        rows = [_TagOfContact(contact_id=pk, tag_id=found.pk) for pk in ids]
        with transaction.atomic():
            _TagOfContact.objects.bulk_create(rows, ignore_conflicts=True)
        done += len(ids)
    return done


def remove(chosen: QuerySet[Contact], found: Tag) -> int:
    """Take a tag from contacts; how many had it."""
    done = 0
    for ids in _chunks(chosen.filter(tags=found)):
        rows = _TagOfContact.objects.filter(tag=found, contact_id__in=ids)
        done += rows.delete()[0]
    return done


def _chunks(chosen: QuerySet[Contact]) -> Iterator[list[int]]:
    """Ids, newest first: what a chunk changed is not looked at again."""
    found = chosen.order_by("-pk").values_list("pk", flat=True)
    ids = list(found[:CHUNK])
    while ids:
        yield ids
        ids = list(found.filter(pk__lt=ids[-1])[:CHUNK])
