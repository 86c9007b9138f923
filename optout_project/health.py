"""Answers for load balancers and people on call: alive, and ready to take requests."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerError

from optout_project.celery import app


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; asks nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served: the database answers and is migrated.

    The broker is told but does not decide. Without it work waits for the next look at
    the rows, and taking the web process away would lose opt-outs.
    """
    database = _database()
    is_ready = database == "ok"
    body = {
        "status": "ok" if is_ready else "unavailable",
        "database": database,
        "broker": _broker(),
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "down"
    return "migrations pending" if pending else "ok"


def _broker() -> str:
    try:
        with app.connection_for_write() as link:
            link.ensure_connection(max_retries=1, timeout=1)
    except (BrokerError, OSError):
        return "down"
    return "ok"
