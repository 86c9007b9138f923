"""The recipients' step of the wizard: a file, contacts, or another's recipients."""

from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from broadcaster import (
    audience_words,
    audiences,
    broadcasts,
    contact_audiences,
    earlier_audiences,
    marked_rows,
    previews,
    readiness,
)
from broadcaster.audience_forms import ContactAudienceForm, EarlierAudienceForm
from broadcaster.broadcasts import BroadcastError
from broadcaster.contact_audiences import AudienceError
from broadcaster.forms import ColumnsForm, RecipientsForm
from broadcaster.models import AudienceKind, Broadcast
from broadcaster.views.guards import act, of_draft, page_of
from broadcaster.views.wizard import show_step
from optout import row_ids
from optout.actors import actor_of
from optout.addresses import AddressKind
from optout.csv_files import BadFile
from optout.models import ImportState, live_lists
from optout.views.dialogs import PageRequest, posted

SAMPLE_ROWS = 5
COUNT = "audience-count"  # the id of what is counted while one chooses
_TABS = [
    (AudienceKind.FILE, "File or pasted", "file-text"),
    (AudienceKind.CONTACTS, "Contacts", "users"),
    (AudienceKind.BROADCAST, "Broadcast", "megaphone"),
]
_PARTS = {
    AudienceKind.FILE: "broadcaster/recipients_file.html",
    AudienceKind.CONTACTS: "broadcaster/recipients_contacts.html",
    AudienceKind.BROADCAST: "broadcaster/recipients_earlier.html",
}


@of_draft
def recipients(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Where they come from, by `?from=`; a POST uploads or pastes a file."""
    form = RecipientsForm(posted(request), request.FILES or None)
    if form.is_valid() and _take(form, broadcast):
        return redirect("broadcast-recipients", broadcast.pk)
    kind = AudienceKind.FILE if form.is_bound else _asked(request, broadcast)
    return _show(request, broadcast, kind, form=form)


def _asked(request: PageRequest, broadcast: Broadcast) -> str:
    asked = request.GET.get("from", "")
    return asked if asked in AudienceKind.values else broadcast.audience_kind


def _take(form: RecipientsForm, broadcast: Broadcast) -> bool:
    """Use the file or the pasted text; what is wrong with it stands at the field."""
    upload: UploadedFile[bytes] | None = form.cleaned_data["file"]
    kind = AddressKind(broadcast.channel.address_kind)
    try:
        if upload:
            name = upload.name or "recipients.csv"
            file = cast(BinaryIO, upload.file)
            broadcasts.set_recipients(broadcast, file, file_name=name)
        else:
            file = audiences.pasted_file(form.cleaned_data["pasted"], kind=kind)
            broadcasts.set_recipients(broadcast, file, file_name="Pasted addresses")
    except BadFile as error:
        form.add_error("file" if upload else "pasted", error.message)
    return form.is_valid()


@require_POST
@of_draft
def columns(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Say what each column is for."""
    form = ColumnsForm(broadcast, request.POST)
    try:
        if form.is_valid():
            broadcasts.map_columns(broadcast, form.cleaned_data)
            return redirect("broadcast-lists", broadcast.pk)
    except BroadcastError as error:
        form.add_error(None, error.message)
    return _show(request, broadcast, AudienceKind.FILE, columns=form)


@require_POST
@of_draft
def contacts(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Write to contacts; `count` says how many that would be and saves nothing."""
    form = ContactAudienceForm(request.POST)
    if _only_counts(request):
        size = _contacts_size(form, broadcast) if form.is_valid() else None
        context = {"broadcast": broadcast, "contacts": form, "size": size}
        return _counted(request, AudienceKind.CONTACTS, context)
    if form.is_valid():
        broadcasts.set_contacts(broadcast, form.audience)
        return redirect("broadcast-lists", broadcast.pk)
    return _show(request, broadcast, AudienceKind.CONTACTS, contacts=form)


@require_POST
@of_draft
def earlier(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Write to another broadcast's recipients; `count` says to how many."""
    form = EarlierAudienceForm(broadcast, request.POST)
    if _only_counts(request):
        context = {"broadcast": broadcast, "earlier": form, "number": _number(form)}
        return _counted(request, AudienceKind.BROADCAST, context)
    try:
        if form.is_valid():
            chosen = form.cleaned_data["states"]
            broadcasts.set_from_broadcast(broadcast, form.other, chosen)
            return redirect("broadcast-lists", broadcast.pk)
    except AudienceError as error:
        form.add_error(error.field, error.message)
    return _show(request, broadcast, AudienceKind.BROADCAST, earlier=form)


@act("optout.bulk_entries", "optout.add_entry")
def marked(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Put the rows that the file marks as opted out on a list."""
    pk = row_ids.read(request.POST.get("list", ""))
    chosen = get_object_or_404(live_lists(), pk=pk)
    actor = actor_of(request.user)
    job = marked_rows.add_to_list(broadcast, chosen, actor=actor)
    if job.state != ImportState.DONE:
        return redirect("import", job.pk)
    added = job.tally("done", "entries").get("added", 0)
    people = "person was" if added == 1 else "people were"
    messages.success(request, f"{added:,} {people} added to “{job.list}”.")
    return redirect(page_of(broadcast), broadcast.pk)


# Counting while one chooses


def _only_counts(request: PageRequest) -> bool:
    return "count" in request.POST or request.htmx.target == COUNT


def _contacts_size(
    form: ContactAudienceForm, broadcast: Broadcast
) -> contact_audiences.Size:
    kind = AddressKind(broadcast.channel.address_kind)
    return contact_audiences.size(form.audience, kind)


def _number(form: EarlierAudienceForm) -> int | None:
    if not form.is_valid():
        return None
    states = form.cleaned_data["states"]
    chosen = {"broadcast": form.other.pk, "states": states}
    return earlier_audiences.messages_of(chosen).count()


def _counted(
    request: PageRequest, kind: AudienceKind, context: dict[str, Any]
) -> HttpResponse:
    """The count alone, or by a button without a script the page around it."""
    if request.htmx.target == COUNT:
        return render(request, f"{_PARTS[kind]}#count", context)
    return _show(request, kind=kind, **context)


# The page


def _show(
    request: PageRequest, broadcast: Broadcast, kind: str, **context: Any
) -> HttpResponse:
    makes = {
        AudienceKind.FILE: _file_context,
        AudienceKind.CONTACTS: _contacts_context,
        AudienceKind.BROADCAST: _earlier_context,
    }
    has_audience = readiness.has_audience(broadcast)
    context = {
        **makes[AudienceKind(kind)](request, broadcast),
        "kind": kind,
        "part": _PARTS[AudienceKind(kind)],
        "tabs": _TABS,
        "chosen": audience_words.of(broadcast).whom if has_audience else "",
        **context,
    }
    return show_step(request, broadcast, "recipients", **context)


def _file_context(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    if broadcast.audience_kind != AudienceKind.FILE:
        return {"form": RecipientsForm()}
    rows = previews.sample(broadcast, limit=SAMPLE_ROWS)
    return {
        "form": RecipientsForm(),
        "columns": ColumnsForm(broadcast),
        "rows": [[row.get(name, "") for name in broadcast.columns] for row in rows],
    }


def _contacts_context(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    is_saved = broadcast.audience_kind == AudienceKind.CONTACTS
    audience = _from_url(request.GET) or (broadcast.audience if is_saved else {})
    kind = AddressKind(broadcast.channel.address_kind)
    return {
        "contacts": ContactAudienceForm(audience=audience),
        "size": contact_audiences.size(audience, kind) if audience else None,
    }


def _from_url(query: QueryDict) -> dict[str, Any]:
    """The audience that a link chooses, such as one of the contacts page."""
    given: dict[str, Any] = {"tags": query.getlist("tags")}
    given |= {"segment": query.get("segment"), "query": query.urlencode()}
    try:
        return contact_audiences.read(given)
    except AudienceError:
        return {}


def _earlier_context(request: PageRequest, broadcast: Broadcast) -> dict[str, Any]:
    is_saved = broadcast.audience_kind == AudienceKind.BROADCAST
    asked: dict[str, Any] = {"broadcast": request.GET.get("broadcast")}
    asked |= {"states": request.GET.getlist("states")}
    audience = broadcast.audience if is_saved else {}
    given = {name: value for name, value in asked.items() if value}
    number = earlier_audiences.messages_of(audience).count() if audience else None
    form = EarlierAudienceForm(broadcast, audience={**audience, **given})
    return {"earlier": form, "number": None if given else number}
