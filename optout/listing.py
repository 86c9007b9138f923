"""The entries pages, exports and bulk removals show: of a list, or of addresses."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import QueryDict

from optout.filters import EntryFilter
from optout.models import Entry, OptOutList, live_entries


def shown_entries(opt_out_list: OptOutList | None = None) -> QuerySet[Entry]:
    """Entries that were live at some time: not the mark that an early START leaves."""
    entries = Entry.objects.exclude(created_at=F("ended_at"))
    return entries.filter(list=opt_out_list) if opt_out_list else entries


def filtered(query: QueryDict, entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Those that match the filters; none where a filter makes no sense."""
    matching = EntryFilter(query, queryset=entries)
    if not matching.is_valid():
        return entries.none()
    found: QuerySet[Entry] = matching.qs
    return found


def live_by_key(keys: Iterable[UUID]) -> dict[UUID, list[Entry]]:
    """The live entries of these addresses, newest first; one query for all of them.

    An address without one is not in the answer.
    """
    found: dict[UUID, list[Entry]] = defaultdict(list)
    rows = live_entries().filter(key__in=set(keys)).select_related("list", "channel")
    for entry in rows.order_by("-id"):
        found[entry.key].append(entry)
    return dict(found)
