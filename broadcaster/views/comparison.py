"""Broadcasts side by side."""

from django.http import HttpResponse
from django.shortcuts import render

from broadcaster import reports
from broadcaster.models import Broadcast, all_broadcasts
from broadcaster.views import charts, guards
from broadcaster.views.guards import allowed
from optout import row_ids
from optout.views.dialogs import PageRequest

MAX_COMPARED = 10


@allowed(guards.VIEW)
def compare(request: PageRequest) -> HttpResponse:
    """The launched broadcasts that the URL names, in its order, ten at most."""
    asked = [row_ids.read(text) for text in request.GET.getlist("id")]
    ids = list(dict.fromkeys(pk for pk in asked if pk is not None))
    rows = _launched(ids[:MAX_COMPARED])
    results = reports.results(rows)
    context = {
        "results": results,
        "left": len(ids) - len(rows),
        "most": MAX_COMPARED,
        "reach": charts.reach(results),
        "opt_out_rates": charts.opt_out_rates(results),
    }
    return render(request, "broadcaster/compare.html", context)


def _launched(ids: list[int]) -> list[Broadcast]:
    found = all_broadcasts().filter(launched_at__isnull=False).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]
