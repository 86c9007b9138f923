"""All connectors; making, switching, deleting one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from broadcaster.views.guards import allowed
from connectors import activity, blueprints, building, rerunning
from connectors.forms import DeleteForm, NewForm, refuse
from connectors.models import Connector
from connectors.views import guards
from connectors.views.guards import act, of_connector, url_of
from optout.actors import actor_of
from optout.filters import searched
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, go, posted, show

PAGE_SIZE = 25


@allowed(guards.VIEW)
def index(request: PageRequest) -> HttpResponse:
    """Every connector by name, with what came in."""
    found = Connector.objects.select_related("version")
    if search := searched(request.GET):
        found = found.filter(name__icontains=search)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    counts = activity.counts(list(page))
    rows = [
        (one, len(building.current_plan(one).steps), counts[one.pk]) for one in page
    ]
    context = {"page": page, "rows": rows, "search": search}
    return render(request, "connectors/connectors.html", context)


@allowed(guards.VIEW, guards.ADD)
def new(request: PageRequest) -> HttpResponse:
    """A new connector, empty or with the steps of a template."""
    form = NewForm(posted(request))
    made = _made(request, form) if form.is_valid() else None
    if made is None:
        status = 422 if form.errors else 200
        context = {"form": form}
        return show(request, "connectors/new.html", context, status=status)
    return go(request, url_of(made))


def _made(request: PageRequest, form: NewForm) -> Connector | None:
    """The connector, or None with the error at its field."""
    given, actor = form.cleaned_data, actor_of(request.user)
    name, description = given["name"], given["description"]
    try:
        if given["start"] == "empty":
            return building.create(name=name, description=description, actor=actor)
        made = blueprints.insert(given["start"], name=name, actor=actor)
        if description:
            building.rename(made, name=name, description=description)
    except Refused as refused:
        refuse(form, refused)
        return None
    return made


# Its course


@act(guards.CHANGE, guards.SEND)
def switch(request: PageRequest, connector: Connector) -> HttpResponse:
    """Run what comes in, or hold it."""
    on = request.POST.get("on") == "1"
    building.switch(connector, on)
    told = "Each input runs at once now." if on else "What comes in is held now."
    messages.success(request, told)
    return redirect(url_of(connector))


@act(guards.CHANGE, guards.SEND)
def run_held(request: PageRequest, connector: Connector) -> HttpResponse:
    """Run what came in while it was off."""
    count = rerunning.run_held(connector)
    what = "input runs" if count == 1 else "inputs run"
    messages.success(request, f"{count:,} held {what} now.")
    return redirect(url_of(connector))


@act(guards.CHANGE)
def new_url(request: PageRequest, connector: Connector) -> HttpResponse:
    """Generate New URL: the old one stops at once."""
    building.new_url(connector)
    messages.success(request, "There is a new URL. The old one is unknown now.")
    return redirect(url_of(connector))


@of_connector(guards.DELETE)
def delete(request: PageRequest, connector: Connector) -> HttpResponse:
    """Say what goes with it, then delete it."""
    waiting = building.runs_ahead(connector)
    form = DeleteForm(posted(request), waiting=waiting)
    if not (form.is_valid() and _deleted(connector, form)):
        context = {
            "form": form,
            "connector": connector,
            "leading": building.leading_to(connector),
            "runs": connector.runs.count(),
        }
        status = 422 if form.errors else 200
        return show(request, "connectors/delete.html", context, status=status)
    messages.success(request, f"“{connector}” was deleted. Its URL is unknown now.")
    return go(request, reverse("connectors"))


def _deleted(connector: Connector, form: DeleteForm) -> bool:
    try:
        building.delete(
            connector, cancel_runs=bool(form.cleaned_data.get("cancel_runs"))
        )
    except Refused as refused:
        refuse(form, refused)
        return False
    return True
