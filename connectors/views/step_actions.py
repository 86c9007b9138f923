"""The actions of a step: choosing, filling in, order, leaving out."""

from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from connectors import action_settings, catalogue, plan_edits
from connectors.models import Connector
from connectors.plans import Plan, PlannedAction, new_id
from connectors.views import guards
from connectors.views.guards import of_connector
from connectors.views.steps import apply, done, place, saved, show_dialog, step_of
from optout.action_table import ACTIONS, Action
from optout.views.dialogs import PageRequest, posted, show

LIST = "kinds"  # the id of the list in the dialog


@require_safe
@of_connector(guards.CHANGE)
def choose(request: PageRequest, connector: Connector, step_id: str) -> HttpResponse:
    """The actions there are, found by typing."""
    _, title = step_of(connector, step_id)
    search = request.GET.get("search", "")[:100]
    context = {
        "connector": connector,
        "step_id": step_id,
        "title": f"Add an action to {title}",
        "search": search,
        "kinds": catalogue.found(search),
    }
    template = "connectors/choose.html"
    if request.htmx.target == LIST:
        template += "#kinds"
    return show(request, template, context)


@of_connector(guards.CHANGE)
def new(
    request: PageRequest, connector: Connector, step_id: str, action_name: str
) -> HttpResponse:
    """One more action of this kind."""
    step_of(connector, step_id)
    return _edit(request, connector, step_id, PlannedAction(new_id(), action_name))


@of_connector(guards.CHANGE)
def change(
    request: PageRequest, connector: Connector, step_id: str, action_id: str
) -> HttpResponse:
    """Change the settings of an action."""
    action = _action(connector, step_id, action_id)
    initial = action_settings.initial_of(action)
    return _edit(request, connector, step_id, action, initial)


def _action(connector: Connector, step_id: str, action_id: str) -> PlannedAction:
    step, _ = step_of(connector, step_id)
    for action in step.actions:
        if action.id == action_id:
            return action
    raise Http404


def _kind(name: str) -> Action:
    """A kind that connectors offer. Raises Http404."""
    for kind in action_settings.kinds():
        if kind.name == name:
            return kind
    raise Http404


def _edit(
    request: PageRequest,
    connector: Connector,
    step_id: str,
    action: PlannedAction,
    initial: dict[str, Any] | None = None,
) -> HttpResponse:
    kind = _kind(action.name)
    form = action_settings.form_for(
        kind.name, data=posted(request), initial=initial, builder=request.user
    )

    def edit(plan: Plan) -> Plan:
        return plan_edits.put_action(plan, step_id, form.planned(action.id))

    if form.is_valid() and saved(request, connector, edit, form):
        return done(request, connector)
    context = {"form": form, "title": kind.label, "kind": kind, "step_id": step_id}
    return show_dialog(request, connector, "action", context)


@require_POST
@of_connector(guards.CHANGE)
def move(
    request: PageRequest, connector: Connector, step_id: str, action_id: str
) -> HttpResponse:
    """Put an action elsewhere in its step."""
    action = _action(connector, step_id, action_id)
    step, _ = step_of(connector, step_id)
    ids = [one.id for one in step.actions]
    to = min(max(place(request, ids, action_id), 0), len(ids) - 1)

    def edit(plan: Plan) -> Plan:
        return plan_edits.move_action(plan, step_id, action_id, to)

    told = f"{_label(action)} is at place {to + 1} of {len(ids)} now."
    return apply(request, connector, edit, told)


@require_POST
@of_connector(guards.CHANGE)
def drop(
    request: PageRequest, connector: Connector, step_id: str, action_id: str
) -> HttpResponse:
    """Leave an action out."""
    action = _action(connector, step_id, action_id)

    def edit(plan: Plan) -> Plan:
        return plan_edits.drop_action(plan, step_id, action_id)

    return apply(request, connector, edit, f"{_label(action)} was removed.")


def _label(action: PlannedAction) -> str:
    kind = ACTIONS.get(action.name)
    return kind.label if kind else action.name
