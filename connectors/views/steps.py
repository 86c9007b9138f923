"""The steps of a connector: adding, naming, filter, wait, order, leaving out."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors import building, plan_edits, plan_words
from connectors.filter_forms import FilterForm
from connectors.forms import DelayForm, StepForm, refuse
from connectors.models import Connector
from connectors.plans import Plan, Step
from connectors.views import guards, picker
from connectors.views.builder import STEPS, show_steps
from connectors.views.guards import of_connector, url_of
from optout.actors import actor_of
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, posted, show

Edit = Callable[[Plan], Plan]


def seen_version(request: PageRequest) -> int:
    """The version that the page showed; 0 where it names none."""
    raw = request.POST.get("version", "")
    return int(raw) if raw.isdecimal() and len(raw) < 10 else 0


def save(request: PageRequest, connector: Connector, edit: Edit) -> None:
    """Change the plan as this user. Raises Refused."""
    building.save_plan(
        connector,
        edit(building.current_plan(connector)),
        actor=actor_of(request.user),
        based_on=seen_version(request),
        builder=request.user,
    )


def apply(
    request: PageRequest, connector: Connector, edit: Edit, told: str
) -> HttpResponse:
    """Change the plan and show its steps, or why that was refused."""
    refused = ""
    try:
        save(request, connector, edit)
    except Refused as error:
        refused, told = error.message, ""
    if request.htmx.target == STEPS:
        connector = Connector.objects.select_related("version").get(pk=connector.pk)
        return show_steps(request, connector, told=told, refused=refused)
    if refused:
        messages.error(request, refused)
    return redirect(f"{url_of(connector)}#{STEPS}")


def saved(
    request: PageRequest, connector: Connector, edit: Edit, form: Form | FilterForm
) -> bool:
    """Change the plan; False with the error in the form where that is refused."""
    try:
        save(request, connector, edit)
    except Refused as refused:
        if isinstance(form, FilterForm):
            form.general = refused.message
        else:
            refuse(form, refused)
        connector.refresh_from_db()
        return False
    return True


def done(request: PageRequest, connector: Connector) -> HttpResponse:
    """Close the dialog; the page draws its steps anew."""
    if not request.htmx:
        return redirect(f"{url_of(connector)}#{STEPS}")
    told = json.dumps({"closeDialog": True, "stepsChanged": True})
    return HttpResponse(status=204, headers={"HX-Trigger": told})


def show_dialog(
    request: PageRequest, connector: Connector, template: str, context: dict[str, Any]
) -> HttpResponse:
    """A form of the builder, with the attributes that its fields may take."""
    form = context["form"]
    is_wrong = bool(form.errors or getattr(form, "general", ""))
    shown = {
        "connector": connector,
        "version": building.version_number(connector),
        **picker.offers(request, connector),
        **context,
    }
    template = f"connectors/{template}.html"
    return show(request, template, shown, status=422 if is_wrong else 200)


def step_of(connector: Connector, step_id: str) -> tuple[Step, str]:
    """A step of the present plan, and what it is called. Raises Http404."""
    plan = building.current_plan(connector)
    for number, step in enumerate(plan.steps, start=1):
        if step.id == step_id:
            return step, plan_words.title(step, number)
    raise Http404


def place(request: PageRequest, ids: list[str], pk: str) -> int:
    """Where a row is to go: to a place by drag, up or down by a button."""
    to, by = request.POST.get("to", ""), request.POST.get("by", "")
    if to.isdecimal() and len(to) < 4:
        return int(to)
    at = ids.index(pk) if pk in ids else 0
    return at + {"-1": -1, "1": 1}.get(by, 0)


# Steps


@require_POST
@of_connector(guards.CHANGE)
def add(request: PageRequest, connector: Connector) -> HttpResponse:
    """One more step at the end."""
    return apply(request, connector, plan_edits.add_step, "A step was added.")


@require_POST
@of_connector(guards.CHANGE)
def move(request: PageRequest, connector: Connector, step_id: str) -> HttpResponse:
    """Put a step elsewhere."""
    _, name = step_of(connector, step_id)
    ids = [step.id for step in building.current_plan(connector).steps]
    to = min(max(place(request, ids, step_id), 0), len(ids) - 1)

    def edit(plan: Plan) -> Plan:
        return plan_edits.move_step(plan, step_id, to)

    told = f"{name} is at place {to + 1} of {len(ids)} now."
    return apply(request, connector, edit, told)


@require_POST
@of_connector(guards.CHANGE)
def drop(request: PageRequest, connector: Connector, step_id: str) -> HttpResponse:
    """Leave a step out."""
    _, name = step_of(connector, step_id)

    def edit(plan: Plan) -> Plan:
        return plan_edits.drop_step(plan, step_id)

    return apply(request, connector, edit, f"{name} was removed.")


@of_connector(guards.CHANGE)
def name(request: PageRequest, connector: Connector, step_id: str) -> HttpResponse:
    """Call a step something."""
    step, title = step_of(connector, step_id)
    form = StepForm(posted(request), initial={"name": step.name})

    def edit(plan: Plan) -> Plan:
        return plan_edits.rename_step(plan, step_id, form.cleaned_data["name"])

    if form.is_valid() and saved(request, connector, edit, form):
        return done(request, connector)
    context = {"form": form, "title": f"Name of {title}"}
    return show_dialog(request, connector, "form", context)


@of_connector(guards.CHANGE)
def delay(request: PageRequest, connector: Connector, step_id: str) -> HttpResponse:
    """How long a step waits."""
    step, title = step_of(connector, step_id)
    form = DelayForm(posted(request), initial=DelayForm.chosen(step.delay))

    def edit(plan: Plan) -> Plan:
        return plan_edits.set_delay(plan, step_id, form.delay)

    if form.is_valid() and saved(request, connector, edit, form):
        return done(request, connector)
    context = {"form": form, "title": f"Wait of {title}"}
    return show_dialog(request, connector, "delay", context)


@of_connector(guards.CHANGE)
def filter(request: PageRequest, connector: Connector, step_id: str) -> HttpResponse:
    """When a step is taken; rows are added and removed without saving."""
    step, title = step_of(connector, step_id)
    form = FilterForm(posted(request), filter=step.filter)
    context = {"form": form, "title": f"Filter of {title}", "step": step}
    if not form.is_bound or _changed_rows(request, form):
        return show_dialog(request, connector, "filter", context)
    found = form.read()

    def edit(plan: Plan) -> Plan:
        assert found is not None  # noqa: S101 - only saved where it was read
        return plan_edits.set_filter(plan, step_id, found)

    if found is not None and saved(request, connector, edit, form):
        return done(request, connector)
    return show_dialog(request, connector, "filter", context)


def _changed_rows(request: PageRequest, form: FilterForm) -> bool:
    """Whether a button only asked for another row, or for one less."""
    if "add" in request.POST:
        form.add_row()
        return True
    number = request.POST.get("remove", "")
    if number.isdecimal() and len(number) < 4:
        form.drop_row(int(number) - 1)
        return True
    return False
