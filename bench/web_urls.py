"""The product's routes, and bare views that execute the same statements as some."""

import os
import pickle
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from bench.statements import Script
from bench.web import SCRIPTS


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


urlpatterns = [
    path("bare/<slug:name>/<int:number>/", bare),
    path("", include("optout_project.urls")),
]
