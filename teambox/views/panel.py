"""The contact panel: somebody looked up, shown, and what agents note about them."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from optout import access, row_ids
from optout.actors import actor_of
from optout.models import ALL_CHANNELS
from optout.views.dialogs import PageRequest
from teambox import contacts, panel_sections, people, person_summary
from teambox.contacts import ContactError
from teambox.models import Contact, Tag
from teambox.panel_forms import AddForm, LookUpForm, NoteForm, TagForm
from teambox.people import Person

LOOK = ("teambox.view_contact", "optout.view_entry")
_LOOKED_UP = "panel_looked_up"  # in the session: addresses we may know nothing of
_MAX_LOOKED_UP = 5
_PERSON = "panel-person"  # the name of the route, and the id of what it draws


@require_safe
@login_required
@permission_required(LOOK, raise_exception=True)
def nobody(request: PageRequest) -> HttpResponse:
    """The panel where no contact is shown."""
    return _show_look_up(request, LookUpForm())


@require_POST
@login_required
@permission_required(LOOK, raise_exception=True)
def look_up(request: PageRequest) -> HttpResponse:
    """Lead to whom a number or email belongs, known or not."""
    form = LookUpForm(request.POST)
    if not form.is_valid() or form.found is None:
        return _show_look_up(request, form, status=422)
    if people.find(form.found.key) is None:
        _remember(request, form.found.key, form.found.address)
    return redirect(_PERSON, form.found.key)


def _show_look_up(
    request: PageRequest, form: LookUpForm, *, status: int = 200
) -> HttpResponse:
    part = "teambox/parts/panel_look_up.html"
    template = part if request.htmx else "teambox/panel.html"
    return render(request, template, {"look_up_form": form}, status=status)


def _remember(request: PageRequest, key: UUID, address: str) -> None:
    """Keep what a key cannot tell, out of every URL, until the session ends."""
    kept = dict(request.session.get(_LOOKED_UP, {}))
    kept.pop(str(key), None)
    newest = list(kept.items())[1 - _MAX_LOOKED_UP :]
    request.session[_LOOKED_UP] = {**dict(newest), str(key): address}


@require_safe
@login_required
@permission_required(LOOK, raise_exception=True)
def person(request: PageRequest, key: UUID) -> HttpResponse:
    """The panel of an address, contact or not; alone it is a page."""
    return show_person(request, panel_context(request, key, channel_of(request)))


def show_person(
    request: PageRequest, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Draw a person: for htmx the panel's inside, else a page."""
    part = "teambox/parts/panel_person.html"
    template = part if request.htmx else "teambox/panel.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def panel_context(
    request: PageRequest, key: UUID, channel_id: int = ALL_CHANNELS
) -> dict[str, Any]:
    """What `teambox/parts/panel_person.html` shows of the person behind an address.

    `channel_id` is the one of the conversation beside it. Raises Http404 for a key
    that nothing of ours belongs to.
    """
    return _context(request, person_of(request, key), channel_id)


def person_of(request: PageRequest, key: UUID) -> Person:
    """The person behind an address. Raises Http404."""
    typed = request.session.get(_LOOKED_UP, {}).get(str(key), "")
    found = people.find(key, typed=typed)
    if found is None and (told := panel_sections.address_of(key)):
        found = people.find(key, typed=told)
    if found is None:
        raise Http404("Nobody is known by this address.")
    return found


def _context(request: PageRequest, found: Person, channel_id: int) -> dict[str, Any]:
    power = access.lifting_power(request.user)
    here = (found.asked.key, channel_id)
    keys = [row.key for row in found.addresses]
    sections = panel_sections.of_person(request, keys)
    return {
        "person": found,
        "panel_name": name_of(request, found),
        "panel_addresses": [(row, found.lists_of(row.key)) for row in found.addresses],
        "live_rows": [(row, power.covers(row)) for row in found.live],
        "history_rows": [
            (row, not row.is_live and not found.is_live_again(row))
            for row in found.history
        ],
        "panel_conversations": [
            row for row in found.conversations if (row.key, row.channel_id) != here
        ],
        "panel_summary": person_summary.write(
            found,
            name=_contact_name(request, found),
            seen=lambda text: access.seen_address(request, text),
            more=[(one.title, one.lines) for one in sections],
        ),
        "panel_sections": sections,
        "panel_query": query_of(channel_id),
        "panel_form": add_form(request, found, channel_id),
        "tag_form": TagForm(auto_id="panel-tag-%s"),
        "note_form": NoteForm(auto_id="panel-note-%s"),
        # What is half typed stays when the rest is read again.
        "keeps_form": request.htmx.target == _PERSON,
    }


def add_form(
    request: PageRequest, found: Person, channel_id: int, data: Any = None
) -> AddForm:
    """The form that adds a person to lists."""
    return AddForm(
        data,
        person=found,
        user=request.user,
        masks=access.masks(request),
        channel_id=channel_id,
    )


def name_of(request: PageRequest, found: Person) -> str:
    """A contact's name, or the address as this user may see it."""
    name = _contact_name(request, found)
    return name or access.seen_address(request, found.asked.text)


def _contact_name(request: PageRequest, found: Person) -> str:
    """What a contact is called; providers put numbers there, too."""
    return access.seen_words(request, found.contact.name if found.contact else "")


def channel_of(request: PageRequest) -> int:
    """The channel of the conversation beside the panel, as its URL says."""
    return row_ids.read(request.GET.get("channel", "")) or ALL_CHANNELS


def query_of(channel_id: int) -> str:
    """The query string that keeps the conversation's channel."""
    return f"?channel={channel_id}" if channel_id else ""


def person_url(request: PageRequest, key: UUID) -> str:
    """Where a plain page goes on after an act."""
    return reverse(_PERSON, args=[key]) + query_of(channel_of(request))


# Tags and notes


@require_POST
@login_required
@permission_required("teambox.change_contact", raise_exception=True)
def tag(request: PageRequest, key: UUID) -> HttpResponse:
    """Give the contact a tag, which is made where there is none of this name."""
    form = TagForm(request.POST, auto_id="panel-tag-%s")
    contact = _contact_of(key)
    if form.is_valid():
        try:
            contacts.tag([contact], form.cleaned_data["tag"])
        except ContactError as error:
            form.add_error("tag", error.message)
    return _noted(request, key, {"tag_form": form})


@require_POST
@login_required
@permission_required("teambox.change_contact", raise_exception=True)
def untag(request: PageRequest, key: UUID, pk: int) -> HttpResponse:
    """Take a tag from the contact; one that it has not got is no fault."""
    contact = _contact_of(key)
    for found in Tag.objects.filter(pk=pk):
        contacts.untag([contact], found)
    return _noted(request, key, {})


@require_POST
@login_required
@permission_required("teambox.change_contact", raise_exception=True)
def note(request: PageRequest, key: UUID) -> HttpResponse:
    """Keep a note about the contact."""
    form = NoteForm(request.POST, auto_id="panel-note-%s")
    contact = _contact_of(key)
    if form.is_valid():
        try:
            contacts.write_note(
                contact, form.cleaned_data["text"], actor=actor_of(request.user)
            )
        except ContactError as error:
            form.add_error("text", error.message)
    return _noted(request, key, {"note_form": form})


@require_POST
@login_required
@permission_required("teambox.add_contact", raise_exception=True)
def save_contact(request: PageRequest, key: UUID) -> HttpResponse:
    """Make a contact of an address that is nobody's; a repeat changes nothing."""
    found = person_of(request, key)
    address = found.asked.read()
    if found.contact is None and address is not None:
        contacts.of_address(key) or contacts.make(addresses=[address])
    return _noted(request, key, {})


def _contact_of(key: UUID) -> Contact:
    contact = contacts.of_address(key)
    if contact is None:
        raise Http404("This address is no contact's.")
    return contact


def _noted(request: PageRequest, key: UUID, forms: dict[str, Any]) -> HttpResponse:
    """The panel again, with the form that was wrong; a page goes back to it."""
    wrong = {name: form for name, form in forms.items() if form.errors}
    if not request.htmx and not wrong:
        return redirect(person_url(request, key))
    context = panel_context(request, key, channel_of(request))
    shown = context | wrong | {"opens_notes": True}
    return show_person(request, shown, status=422 if wrong else 200)
