"""The contacts page: who is there, making a contact, tagging many, the export."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.forms import BoundField
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from optout import row_ids
from optout.views.dialogs import PageRequest, done, go, posted, show
from teambox import bulk_tags, contact_exports, contact_filters, directory, segments
from teambox.bulk_tags import Selection
from teambox.contact_filters import ContactFilter
from teambox.contact_forms import NewContactForm, TagForm, UntagForm
from teambox.models import Contact, Segment, Tag

_TOOLBAR = ("tag", "opted_out", "channel_id", "seen", "owner")
_DATES = ("seen_after", "seen_before")


@require_safe
@login_required
@permission_required("teambox.view_contact", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """The contacts that match; the table alone where the page asks for that."""
    is_part = (
        request.htmx.target == "contacts" and not request.htmx.history_restore_request
    )
    name = "teambox/contacts.html" + "#contacts" * is_part
    response = render(request, name, _table(request))
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _table(request: PageRequest) -> dict[str, Any]:
    query = request.GET
    form = ContactFilter(query, queryset=Contact.objects.none()).form
    form.auto_id = "filter_%s"  # a dialog over the page has fields of these names too
    found = contact_filters.filtered(query).select_related("owner")
    used = segments.normalised(query)
    saved = list(Segment.objects.all())
    total, is_more = directory.count_of(found)
    return {
        "page": directory.page_of(
            found, after=_cursor(query, "after"), before=_cursor(query, "before")
        ),
        "total": total,
        "is_more": is_more,
        "search": query.get("search", ""),
        "toolbar": [_control(form[name]) for name in _TOOLBAR],
        "dates": [_date(form[name]) for name in _DATES],
        "has_dates": any(query.get(name) for name in _DATES),
        "used": used,
        "kept_query": list(contact_filters.used(query).items()),
        "segments": saved,
        "segment": next((one for one in saved if one.query == used), None),
    }


def _cursor(query: QueryDict, name: str) -> int | None:
    return row_ids.read(str(query.get(name, "")))


def _control(bound: BoundField) -> SafeString:
    return bound.as_widget(attrs={"aria-label": str(bound.label)})


def _date(bound: BoundField) -> tuple[str, str, str]:
    """Name, label and day: a browser shows no other form of a date."""
    return bound.html_name, str(bound.label), str(bound.value() or "")[:10]


@login_required
@permission_required("teambox.add_contact", raise_exception=True)
def create(request: PageRequest) -> HttpResponse:
    """New contact; where somebody has the address already, a way to that contact."""
    form = NewContactForm(posted(request))
    if not (form.is_valid() and form.store()):
        status = 422 if form.errors else 200
        context = {"form": form}
        return show(request, "teambox/contact_new.html", context, status=status)
    made = form.made
    assert made is not None  # noqa: S101  # stored
    messages.success(request, f"{made} was added.")
    return go(request, reverse("contact", args=[made.pk]))


# Many at once


@login_required
@permission_required(
    ["teambox.bulk_contacts", "teambox.change_contact"], raise_exception=True
)
def tag_many(request: PageRequest) -> HttpResponse:
    """Give the chosen contacts a tag, or take one from them."""
    selection = _selection(request)
    removes = request.GET.get("what") == "remove"
    form = (UntagForm if removes else TagForm)(posted(request))
    chosen = selection.contacts
    if form.is_valid():
        return _tag(request, form.cleaned_data["tag"], selection)
    context = {
        "form": form,
        "removes": removes,
        "number": chosen.order_by().count(),
        "upper": selection.upper_id,
        "tags": Tag.objects.all(),
    }
    status = 422 if form.errors else 200
    return show(request, "teambox/contacts_tag.html", context, status=status)


def _tag(request: PageRequest, tag: str | Tag, selection: Selection) -> HttpResponse:
    if isinstance(tag, Tag):
        number = bulk_tags.remove(selection.contacts, tag)
        text = f"“{tag}” was taken from {_people(number)}."
    else:
        tag, number = bulk_tags.add(selection.contacts, tag)
        text = f"“{tag}” was given to {_people(number)}."
    return done(request, text, url=reverse("contacts"))


def _people(number: int) -> str:
    return f"{number:,} contact{'s' * (number != 1)}"


def _selection(request: PageRequest) -> Selection:
    """Ticked contacts, or all that match, up to the newest when it was asked."""
    asked = row_ids.read(request.POST.get("upper", ""))
    upper_id = bulk_tags.newest_id() if asked is None else asked
    if request.GET.get("all_matching") == "1":
        return Selection(upper_id, query=segments.normalised(request.GET))
    ticked = map(row_ids.read, request.GET.getlist("ids"))
    return Selection(upper_id, tuple(pk for pk in ticked if pk is not None))


# Export


@require_safe
@login_required
@permission_required("teambox.export_contacts", raise_exception=True)
def export(request: PageRequest) -> StreamingHttpResponse:
    """The contacts that match the page's filters, as a CSV file."""
    lines = contact_exports.contact_lines(contact_filters.filtered(request.GET))
    name = f"contacts-{timezone.localdate().isoformat()}.csv"
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
