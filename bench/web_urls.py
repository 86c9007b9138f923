"""The product's routes, and bare views that execute the same statements as some."""

import os
import pickle
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from bench.statements import Script
from bench.web import SCRIPTS
from connectors.models import Run


@cache
def _scripts() -> dict[str, list[Script]]:
    found: dict[str, list[Script]] = pickle.loads(  # noqa: S301 - the bench's own file
        Path(os.environ[SCRIPTS]).read_bytes()
    )
    return found


@csrf_exempt
def bare(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Execute the statements and answer with as many bytes."""
    script = _scripts()[name][number]
    script.replay()
    return HttpResponse(
        script.body, status=script.status, content_type=script.content_type
    )


@csrf_exempt
def bare_post(request: HttpRequest, pk: int) -> JsonResponse:
    """Insert the body as a run of a connector; nothing is looked up or checked."""
    made = Run.objects.create(connector_id=pk, input=request.body.decode())
    return JsonResponse({"run": made.pk}, status=202)


urlpatterns = [
    path("bare-post/<int:pk>/", bare_post),
    path("bare/<slug:name>/<int:number>/", bare),
    path("", include("optout_project.urls")),
]
