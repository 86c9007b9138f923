"""Runs: what came in, what each step did, and setting them going again."""

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from connectors import rerunning, run_words
from connectors.filters import RunFilter
from connectors.forms import InputForm
from connectors.models import Connector, Run, RunState
from connectors.views.guards import SEND, act, of_connector
from optout.views.dialogs import PageRequest, posted

VIEW = "connectors.view_run"
RETRY = "connectors.retry_run"
PAGE_SIZE = 50
TABLE = "runs"
_MOVING = (RunState.QUEUED, RunState.RUNNING, RunState.WAITING)
_CANCELLABLE = (RunState.QUEUED, RunState.WAITING, RunState.HELD)
_FILTERS = ("state", "origin", "after", "before", "search")


@of_connector(VIEW)
def index(request: PageRequest, connector: Connector) -> HttpResponse:
    """The runs of a connector, newest first; the table alone where that is asked."""
    filtered = RunFilter(request.GET, queryset=connector.runs.all())
    found = _matching(connector, request.GET)
    page = Paginator(found.select_related("connector"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "connector": connector,
        "filter": filtered,
        "page": page,
        "rows": [
            (run, run_words.input_start(run), run_words.summary(run)) for run in page
        ],
        "is_moving": any(run.state in _MOVING for run in page),
        "is_filtered": any(request.GET.get(name) for name in _FILTERS),
        "failed": found.filter(state=RunState.FAILED).count(),
        "query": request.GET.urlencode(),
    }
    is_part = request.htmx.target == TABLE and not request.htmx.history_restore_request
    template = "connectors/runs.html" + (f"#{TABLE}" if is_part else "")
    status = 200 if filtered.is_valid() else 422
    return render(request, template, context, status=status)


def _matching(connector: Connector, query: QueryDict) -> QuerySet[Run]:
    """Those that match the filters; none where a filter makes no sense."""
    matching = RunFilter(query, queryset=connector.runs.all())
    if not matching.is_valid():
        return Run.objects.none()
    found: QuerySet[Run] = matching.qs
    return found


@of_connector(VIEW)
def one(request: PageRequest, connector: Connector, run_pk: int) -> HttpResponse:
    """One run: its input, each step's verdict, each action's result."""
    run = _run(connector, run_pk)
    context = {
        "connector": connector,
        "run": run,
        "steps": run_words.steps(run),
        "input": json.dumps(run.data, indent=2, ensure_ascii=False),
        "children": list(run.children.select_related("connector").order_by("-pk")[:20]),
        "is_moving": run.state in _MOVING,
        "may_cancel": run.state in _CANCELLABLE,
    }
    part = "#course" if request.htmx.target == "course" else ""
    return render(request, f"connectors/run.html{part}", context)


def _run(connector: Connector, pk: int) -> Run:
    rows = connector.runs.select_related("connector", "version", "parent__connector")
    return get_object_or_404(rows, pk=pk)


@act(VIEW, RETRY, SEND)
def retry(request: PageRequest, connector: Connector, run_pk: int) -> HttpResponse:
    """Let a failed run go on where it failed."""
    run = _run(connector, run_pk)
    if rerunning.retry(Run.objects.filter(pk=run.pk)):
        messages.success(request, "The run goes on: what was done stands.")
    else:
        messages.warning(request, "It has not failed, so nothing was changed.")
    return redirect("connector-run", connector.pk, run.pk)


@act(VIEW, RETRY, SEND)
def retry_failed(request: PageRequest, connector: Connector) -> HttpResponse:
    """Let all failed runs go on that the filters show."""
    count = rerunning.retry(_matching(connector, request.GET).order_by())
    noun = "run goes" if count == 1 else "runs go"
    messages.success(request, f"{count:,} failed {noun} on where they failed.")
    kept = request.GET.copy()
    kept.pop("state", None)
    url = reverse("connector-runs", args=[connector.pk])
    return redirect(f"{url}?{kept.urlencode()}")


@act(VIEW, RETRY)
def cancel(request: PageRequest, connector: Connector, run_pk: int) -> HttpResponse:
    """End a run before it goes on."""
    run = _run(connector, run_pk)
    if rerunning.cancel(Run.objects.filter(pk=run.pk)):
        messages.success(request, "The run was cancelled. What it did stands.")
    else:
        messages.warning(request, "It does not wait any more: nothing was changed.")
    return redirect("connector-run", connector.pk, run.pk)


@of_connector(VIEW, RETRY, SEND)
def again(request: PageRequest, connector: Connector, run_pk: int) -> HttpResponse:
    """Run the same input again, or an edited one, by the steps of today."""
    run = _run(connector, run_pk)
    data = run.data
    form = InputForm(posted(request), initial={"body": _pretty(data.get("body"))})
    if form.is_valid():
        edited = {**data, "body": form.cleaned_data["body"]}
        made = rerunning.run_again(run, input=edited)
        messages.success(request, "A new run was made of it.")
        return redirect("connector-run", connector.pk, made.pk)
    context: dict[str, Any] = {"connector": connector, "run": run, "form": form}
    status = 422 if form.errors else 200
    return render(request, "connectors/run_again.html", context, status=status)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
