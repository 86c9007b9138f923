"""The page where a connector is built: receive, steps, try and switch on."""

import json
import shlex
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from connectors import building, plan_words, samples
from connectors.forms import EXAMPLE, InputForm
from connectors.models import Connector, Run, RunState
from connectors.plans import MAX_ACTIONS, MAX_STEPS
from connectors.views import guards, picker
from connectors.views.guards import of_connector, url_of
from optout import access
from optout.views.dialogs import PageRequest, go, posted, show

PAGE = "connectors/edit.html"
STEPS, INPUT = "steps", "input"  # ids of the parts that are drawn alone


@require_safe
@of_connector()
def page(request: PageRequest, connector: Connector) -> HttpResponse:
    """The builder; one of its parts alone where the page asks for that."""
    if request.htmx.target == STEPS:
        return show_steps(request, connector)
    context = _received(request, connector)
    if request.htmx.target == INPUT:
        if request.GET.get("poll") and not context["runs"]:
            return HttpResponse(status=204)
        return render(request, f"{PAGE}#input", context)
    return render(request, PAGE, context | _steps(connector))


def show_steps(
    request: PageRequest, connector: Connector, *, told: str = "", refused: str = ""
) -> HttpResponse:
    """The steps as they are now.

    `told` is what somebody who cannot see it hears of the change.
    """
    context = {"connector": connector, "told": told, "refused": refused}
    return render(request, f"{PAGE}#steps", context | _steps(connector))


def _steps(connector: Connector) -> dict[str, Any]:
    cards = plan_words.cards(building.current_plan(connector))
    return {
        "cards": cards,
        "has_actions": any(card.actions for card in cards),
        "held": connector.runs.filter(state=RunState.HELD).count(),
        "version": building.version_number(connector),
        "max_steps": MAX_STEPS,
        "max_actions": MAX_ACTIONS,
    }


def _received(request: PageRequest, connector: Connector) -> dict[str, Any]:
    """Where inputs go, and the sample that was chosen with its attributes."""
    runs = samples.newest(connector)
    chosen = _chosen(runs, request.GET.get("sample", ""))
    return {
        "connector": connector,
        "runs": runs,
        "chosen": chosen,
        "shown": picker.of_input(chosen) if chosen else [],
        "is_masked": access.masks(request),
        "url": hook_url(connector),
        "curl": curl(hook_url(connector)),
    }


def _chosen(runs: list[Run], pk: str) -> Run | None:
    """The run of this id, else the newest."""
    newest = runs[0] if runs else None
    return next((run for run in runs if str(run.pk) == pk), newest)


def hook_url(connector: Connector) -> str:
    """The secret URL in full."""
    path = reverse("connector-hook", args=[connector.token["token"]])
    return f"{settings.PUBLIC_URL}{path}"


def curl(url: str) -> str:
    """A line for a terminal that posts the example."""
    body = json.dumps(json.loads(EXAMPLE))
    kind = "Content-Type: application/json"
    return shlex.join(["curl", url, "-H", kind, "-d", body])


@of_connector(guards.CHANGE)
def example(request: PageRequest, connector: Connector) -> HttpResponse:
    """Use an example input: a sample for the picker and the dry run, never run."""
    form = InputForm(posted(request), initial={"body": EXAMPLE})
    if not form.is_valid():
        context = {"form": form, "connector": connector}
        status = 422 if form.errors else 200
        return show(request, "connectors/example.html", context, status=status)
    samples.keep_example(connector, form.cleaned_data["body"])
    messages.success(request, "The example is there. Its attributes can be chosen now.")
    return go(request, url_of(connector))
