"""The entries of a list as its page, its export and bulk removals choose them."""

from django.db.models import F, QuerySet
from django.http import QueryDict

from optout.filters import EntryFilter
from optout.models import Entry, OptOutList


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
