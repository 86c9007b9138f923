"""The door of connectors: a secret URL that takes what another system posts.

No log-in, no session, no cookie. What comes in is stored as a run and committed, then
answered; nothing is done in the request. What cannot be taken leaves a refused run, so
that who builds the connector sees why nothing happens.
"""

from typing import Any

from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from connectors import inputs, receiving, responses, signatures
from connectors.inputs import InputError
from connectors.models import Connector, token_digest
from connectors.receiving import Received
from optout import call_rates
from optout.api import problems
from optout.api.problems import Problem

MAX_TOKEN = 100
MAX_ONCE = 100
RETRY_AFTER_SECONDS = 30
# What senders know a repeated request by; the first that is there counts.
_ONCE = ("webhook-id", "Idempotency-Key")


@csrf_exempt
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Store a POST for the connector of this URL: 202, or what its mapping says.

    A repeat (same `webhook-id` or `Idempotency-Key`) is answered with the first run
    and stores nothing.
    """
    try:
        return _received(request, token)
    except Problem as problem:
        return _answer(problem)
    except DatabaseFailure:
        away = Problem(503, "unavailable", "Not available now. Try again later.")
        return _answer(away, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _received(request: HttpRequest, token: str) -> HttpResponse:
    if request.method != "POST":
        refusal = Problem(405, "method_not_allowed", "POST JSON or a form to this URL.")
        return _answer(refusal, {"Allow": "POST"})
    connector = _connector(token)
    if not call_rates.is_within(f"posts:{connector.pk}", connector.posts_per_minute):
        limit = f"{connector.posts_per_minute:,} posts a minute are taken."
        wait = str(int(call_rates.seconds_left()) + 1)
        return _answer(Problem(429, "too_many_posts", limit), {"Retry-After": wait})
    try:
        data, once = _input(request, connector)
    except InputError as error:
        receiving.refuse(connector, error.message)
        raise Problem(error.status, error.code, error.message) from None
    return _accepted(receiving.receive(connector, input=data, once=once), data)


def _connector(token: str) -> Connector:
    found = None
    if len(token) <= MAX_TOKEN:
        digest = token_digest(token)
        found = Connector.objects.filter(token_digest=digest).first()
    if found is None:
        raise Problem(404, "not_found", "No connector has this URL.")
    return found


def _input(
    request: HttpRequest, connector: Connector
) -> tuple[dict[str, Any], str | None]:
    once = _once(request)
    raw = inputs.raw_body(request)
    if not signatures.is_signed(connector, request.headers, raw):
        raise InputError(401, "bad_signature", "The signature is missing or wrong.")
    return inputs.read(request, raw), once


def _once(request: HttpRequest) -> str | None:
    for name in _ONCE:
        if given := request.headers.get(name):
            if len(given) > MAX_ONCE or not given.isprintable():
                message = f"{name} has at most {MAX_ONCE} printable characters."
                raise InputError(400, "bad_key", message)
            return f"in:{given}"
    return None


def _accepted(received: Received, data: dict[str, Any]) -> HttpResponse:
    run = received.run
    if mapping := run.connector.response:
        facts = {"id": run.pk, "received_at": run.received_at.isoformat()}
        name = {"name": run.connector.name}
        return responses.mapped(mapping, {**data, "run": facts, "connector": name})
    answer: dict[str, Any] = {"run": run.pk, "state": run.state}
    if received.duplicate:
        answer["duplicate"] = True
    return JsonResponse(answer, status=202)


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> HttpResponse:
    return JsonResponse(
        problems.document(problem),
        status=problem.status_code,
        content_type=problems.CONTENT_TYPE,
        headers=headers,
    )
