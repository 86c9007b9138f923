"""A contact's page: addresses, values, tags, notes, and what happened when."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from optout import access
from optout.actors import actor_of
from optout.views.dialogs import PageRequest, done, events, go, posted, show
from teambox import contacts, directory, timeline
from teambox.contact_forms import AddressForm, EditForm, NoteForm, TagForm
from teambox.models import (
    Contact,
    ContactAddress,
    ContactAttribute,
    Conversation,
    Tag,
)

CONVERSATIONS = 20  # shown of a contact, the newest
_AUTO_ID = "contact_%s"  # dialogs and the panel have fields of these names too
CHANGE = "teambox.change_contact"
# What htmx may ask for alone: the id it swaps.
_PARTS = {"about", "history", "events", "tag-form", "note-form"}


@require_safe
@login_required
@permission_required("teambox.view_contact", raise_exception=True)
def page(request: PageRequest, pk: int) -> HttpResponse:
    """The contact; one part alone where the page asks for that."""
    return _show(request, _contact(pk))


def _contact(pk: int) -> Contact:
    return get_object_or_404(Contact.objects.select_related("owner"), pk=pk)


def _show(
    request: PageRequest, contact: Contact, *, status: int = 200, **more: Any
) -> HttpResponse:
    htmx = request.htmx
    is_part = htmx.target in _PARTS and not htmx.history_restore_request
    name = "teambox/contact.html" + f"#{htmx.target}" * is_part
    row = directory.rows([contact])[0]
    context = {
        "contact": contact,
        "row": row,
        "attributes": [
            (attribute, contact.value_of(attribute))
            for attribute in ContactAttribute.objects.all()
        ],
        "tags": Tag.objects.all(),
        "conversations": _conversations(request, row),
        "timeline": _timeline(request, contact),
        "cursor": request.GET.get("cursor", ""),
        "tag_form": TagForm(auto_id=_AUTO_ID),
        "note_form": NoteForm(auto_id=_AUTO_ID),
        **more,
    }
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _conversations(request: PageRequest, row: directory.Row) -> list[Conversation]:
    if not request.user.has_perm("teambox.view_conversation"):
        return []
    keys = [seen.row.key for seen in row.addresses]
    found = Conversation.objects.filter(key__in=keys).select_related("channel")
    return list(found[:CONVERSATIONS])


def _timeline(request: PageRequest, contact: Contact) -> timeline.Timeline:
    return timeline.of(
        contact,
        cursor=request.GET.get("cursor", ""),
        with_lines=request.user.has_perm("teambox.view_line"),
    )


def _changed(request: PageRequest, contact: Contact) -> HttpResponse:
    """The page reads its parts again, or is shown again."""
    if not request.htmx:
        return redirect("contact", contact.pk)
    return HttpResponse(status=204, headers={"HX-Trigger": events()})


def _url(contact: Contact) -> str:
    return reverse("contact", args=[contact.pk])


# Name, owner, values


@login_required
@permission_required(CHANGE, raise_exception=True)
def edit(request: PageRequest, pk: int) -> HttpResponse:
    """Change name, owner and the values of the attributes."""
    contact = _contact(pk)
    seen = partial(access.seen_words, request)
    form = EditForm(posted(request), about=contact, seen=seen)
    if not (form.is_valid() and form.store()):
        context = {"form": form, "contact": contact}
        status = 422 if form.errors else 200
        return show(request, "teambox/contact_edit.html", context, status=status)
    messages.success(request, "The contact was saved.")
    return go(request, _url(contact))


@login_required
@permission_required("teambox.delete_contact", raise_exception=True)
def delete(request: PageRequest, pk: int) -> HttpResponse:
    """Say what goes and what stays, then delete the contact."""
    contact = _contact(pk)
    if request.method != "POST":
        context = {
            "row": directory.rows([contact])[0],
            "contact": contact,
            "notes": contact.notes.count(),
        }
        return show(request, "teambox/contact_delete.html", context)
    contacts.delete(contact)
    messages.success(request, f"{contact} was deleted. Opt-outs stay.")
    return go(request, reverse("contacts"))


# Addresses


@login_required
@permission_required(CHANGE, raise_exception=True)
def add_address(request: PageRequest, pk: int) -> HttpResponse:
    """File one more number or email under the contact."""
    contact = _contact(pk)
    form = AddressForm(posted(request), contact=contact)
    if not (form.is_valid() and form.store()):
        context = {"form": form, "contact": contact}
        status = 422 if form.errors else 200
        return show(request, "teambox/contact_address_add.html", context, status=status)
    shown = _seen(request, form.found[0].address)
    return done(request, f"{shown} was added.", url=_url(contact))


@login_required
@permission_required(CHANGE, raise_exception=True)
def drop_address(request: PageRequest, pk: int, address_pk: int) -> HttpResponse:
    """Take an address out of the contact; what it opted out of stands."""
    contact = _contact(pk)
    row = get_object_or_404(ContactAddress, pk=address_pk, contact=contact)
    if request.method != "POST":
        context = {"contact": contact, "address": row}
        return show(request, "teambox/contact_address_drop.html", context)
    contacts.drop_address(contact, address_pk)
    text = f"{_seen(request, row.address)} was taken out."
    return done(request, text, url=_url(contact))


def _seen(request: PageRequest, address: str) -> str:
    """An address as this user may see it."""
    return access.seen_address(request, address)


# Tags and notes


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def tag(request: PageRequest, pk: int) -> HttpResponse:
    """Give the contact a tag."""
    contact = _contact(pk)
    form = TagForm(request.POST, auto_id=_AUTO_ID)
    if form.is_valid() and form.obey(
        lambda: contacts.tag([contact], form.cleaned_data["tag"])
    ):
        return _changed(request, contact)
    return _show(request, contact, status=422, tag_form=form)


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def untag(request: PageRequest, pk: int, tag_pk: int) -> HttpResponse:
    """Take a tag from the contact."""
    contact = _contact(pk)
    contacts.untag([contact], get_object_or_404(Tag, pk=tag_pk))
    return _changed(request, contact)


@require_POST
@login_required
@permission_required(CHANGE, raise_exception=True)
def write_note(request: PageRequest, pk: int) -> HttpResponse:
    """Keep a note about the contact."""
    contact = _contact(pk)
    form = NoteForm(request.POST, auto_id=_AUTO_ID)
    actor = actor_of(request.user)
    if form.is_valid() and form.obey(
        lambda: contacts.write_note(contact, form.cleaned_data["text"], actor=actor)
    ):
        return _noted(request, contact)
    return _show(request, contact, status=422, note_form=form)


def _noted(request: PageRequest, contact: Contact) -> HttpResponse:
    """An empty form again; the timeline below it reads itself anew."""
    if not request.htmx:
        return redirect("contact", contact.pk)
    response = _show(request, contact)
    response["HX-Trigger"] = events()
    return response
