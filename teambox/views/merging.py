"""Merging two contacts: find the other one, see what will be, then merge."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from optout import row_ids
from optout.filters import searched
from optout.refusals import Refused
from optout.views.dialogs import PageRequest
from teambox import contact_filters, contacts, directory
from teambox.models import Contact, ContactAttribute

OFFERED = 10  # contacts that a search shows


@login_required
@permission_required("teambox.change_contact", raise_exception=True)
def page(request: PageRequest, pk: int) -> HttpResponse:
    """Offer contacts to merge with; with one chosen, show both; POST merges them."""
    contact = get_object_or_404(Contact.objects.select_related("owner"), pk=pk)
    other = _other(request, contact)
    if request.method == "POST" and other:
        return _merge(request, contact, other)
    search = searched(request.GET)
    context: dict[str, Any] = {"contact": contact, "search": search}
    if other:
        context |= _both(contact, other)
    elif search:
        context["offered"] = _offered(contact, search)
    status = 422 if request.method == "POST" else 200
    return render(request, "teambox/contact_merge.html", context, status=status)


def _other(request: HttpRequest, contact: Contact) -> Contact | None:
    asked = request.POST if request.method == "POST" else request.GET
    pk = row_ids.read(str(asked.get("other", "")))
    others = Contact.objects.select_related("owner").exclude(pk=contact.pk)
    return others.filter(pk=pk or 0).first()


def _offered(contact: Contact, search: str) -> list[directory.Row]:
    query = QueryDict(mutable=True)
    query["search"] = search
    found = contact_filters.filtered(query).exclude(pk=contact.pk)
    return directory.rows(list(found[:OFFERED]))


def _both(contact: Contact, other: Contact) -> dict[str, Any]:
    """Both contacts, and each value that will stand beside theirs."""
    kept, gone = directory.rows([contact, other])
    values = [
        (
            attribute.label,
            contact.value_of(attribute),
            other.value_of(attribute),
        )
        for attribute in ContactAttribute.objects.all()
    ]
    tags = {tag.pk: tag for one in (contact, other) for tag in one.tags.all()}
    return {
        "kept": kept,
        "gone": gone,
        "values": [(label, a, b) for label, a, b in values if a or b],
        "addresses": [*kept.addresses, *gone.addresses],
        "all_tags": sorted(tags.values(), key=lambda tag: tag.name.casefold()),
        "notes": (contact.notes.count(), other.notes.count()),
    }


def _merge(request: PageRequest, contact: Contact, other: Contact) -> HttpResponse:
    name = str(other)
    try:
        contacts.merge(contact, other)
    except Refused as error:
        messages.warning(request, error.message)
        return redirect("contacts")
    messages.success(request, f"{name} was merged into {contact}. All opt-outs stay.")
    return redirect(reverse("contact", args=[contact.pk]))
