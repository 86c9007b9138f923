"""The routes of the pages of runs."""

from django.urls import URLPattern, path

from connectors.views import runs

_RUNS = "connectors/<int:pk>/runs"
_ONE = f"{_RUNS}/<int:run_pk>"

urlpatterns: list[URLPattern] = [
    path(f"{_RUNS}/", runs.index, name="connector-runs"),
    path(f"{_RUNS}/retry-failed/", runs.retry_failed, name="connector-runs-retry"),
    path(f"{_ONE}/", runs.one, name="connector-run"),
    path(f"{_ONE}/retry/", runs.retry, name="connector-run-retry"),
    path(f"{_ONE}/cancel/", runs.cancel, name="connector-run-cancel"),
    path(f"{_ONE}/again/", runs.again, name="connector-run-again"),
]
