"""Trying the steps on an input: what would happen, changing nothing."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from connectors import building, samples, trials
from connectors.forms import EXAMPLE, InputForm
from connectors.models import Connector
from connectors.views.guards import of_connector
from optout import access
from optout.views.dialogs import PageRequest, posted


@of_connector()
def page(request: PageRequest, connector: Connector) -> HttpResponse:
    """The input, to be edited, and below it what each step would do with it."""
    form = InputForm(posted(request), initial={"body": _beginning(request, connector)})
    trial = None
    if form.is_valid():
        given = {"body": form.cleaned_data["body"], "custom_variables": {}}
        trial = trials.dry_run(connector, given | _variables(request, connector))
    context = {
        "connector": connector,
        "form": form,
        "trial": trial,
        "has_steps": bool(building.current_plan(connector).steps),
    }
    status = 422 if form.errors else 200
    return render(request, "connectors/try.html", context, status=status)


def _sample(request: PageRequest, connector: Connector) -> dict[str, Any]:
    """The sample that was chosen, else the newest; nothing for masked roles."""
    if access.masks(request):
        return {}
    runs = samples.newest(connector)
    wanted = request.GET.get("sample", "")
    chosen = next((run for run in runs if str(run.pk) == wanted), None)
    run = chosen or (runs[0] if runs else None)
    return run.data if run else {}


def _beginning(request: PageRequest, connector: Connector) -> str:
    sample = _sample(request, connector)
    return samples.written(sample["body"]) if "body" in sample else EXAMPLE


def _variables(request: PageRequest, connector: Connector) -> dict[str, Any]:
    """The URL's query of the sample stays as it was."""
    kept = _sample(request, connector).get("custom_variables", {})
    return {"custom_variables": kept}
