"""Segments of the contacts page: kept, renamed, deleted."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from optout.views.dialogs import PageRequest, go, posted, show
from teambox import segments
from teambox.models import Segment
from teambox.vocabulary_forms import SegmentForm


@login_required
@permission_required("teambox.add_segment", raise_exception=True)
def save(request: PageRequest) -> HttpResponse:
    """Keep the filters of the query string under a name."""
    form = SegmentForm(posted(request))
    owner_id = request.user.pk
    if form.is_valid() and form.obey(
        lambda: segments.make(form.cleaned_data["name"], request.GET, owner_id=owner_id)
    ):
        return _leave(request, segments.normalised(request.GET), "was saved", form)
    return _ask(request, form, "Save as segment")


@login_required
@permission_required("teambox.change_segment", raise_exception=True)
def rename(request: PageRequest, pk: int) -> HttpResponse:
    """Give a segment another name."""
    segment = get_object_or_404(Segment, pk=pk)
    form = SegmentForm(posted(request), segment=segment)
    if form.is_valid() and form.obey(
        lambda: segments.rename(segment, form.cleaned_data["name"])
    ):
        return _leave(request, segment.query, "was renamed", form)
    return _ask(request, form, "Rename segment", segment=segment)


@login_required
@permission_required("teambox.delete_segment", raise_exception=True)
def delete(request: PageRequest, pk: int) -> HttpResponse:
    """Forget the filters, after a yes; the contacts stay."""
    segment = get_object_or_404(Segment, pk=pk)
    if request.method != "POST":
        return show(request, "teambox/segment_delete.html", {"segment": segment})
    segments.delete(segment)
    messages.success(request, f"The segment “{segment}” was deleted.")
    return go(request, reverse("contacts"))


def _ask(
    request: PageRequest, form: SegmentForm, title: str, **more: Any
) -> HttpResponse:
    context = {"form": form, "title": title, **more}
    status = 422 if form.errors else 200
    return show(request, "teambox/segment_form.html", context, status=status)


def _leave(
    request: PageRequest, query: str, what: str, form: SegmentForm
) -> HttpResponse:
    messages.success(request, f"“{form.cleaned_data['name']}” {what}.")
    return go(request, f"{reverse('contacts')}?{query}")
