"""`Idempotency-Key` on POST: the same key and body again get the first answer."""

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from optout import idempotency
from optout.api.problems import Problem
from optout.models import IdempotentRequest

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
MAX_KEY = 255

Handler = Callable[..., Response]


def idempotent(*, atomic: bool) -> Callable[[Handler], Handler]:
    """Decorate a view's `post`; without the header nothing changes.

    `atomic` commits effect and answer together, for effects that a repeat would
    double. Without it a request whose process died is done again: right for effects
    that are there once however often they are asked for, such as an opt-out, which
    needs transactions of its own. A refused request leaves its key free.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            if HEADER not in request.headers:
                return handler(view, request, *args, **kwargs)
            claimed = _claim(request)
            if isinstance(claimed, idempotency.Answer):
                headers = {REPLAYED: "true"}
                return Response(claimed.body, claimed.status, headers=headers)
            scope = transaction.atomic() if atomic else nullcontext()
            return _once(
                claimed, scope, lambda: handler(view, request, *args, **kwargs)
            )

        answer.is_idempotent = True  # type: ignore[attr-defined]  # read by the schema
        return answer

    return decorate


def _claim(request: Request) -> IdempotentRequest | idempotency.Answer:
    key = request.headers[HEADER]
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise Problem(
            400,
            "invalid_idempotency_key",
            f"{HEADER} has 1 to {MAX_KEY} printable characters.",
        )
    api_key: Any = request.auth
    try:
        return idempotency.claim(api_key, key, fingerprint=_fingerprint(request))
    except idempotency.InFlight:
        raise Problem(
            409,
            "request_in_flight",
            f"The first request with this {HEADER} is not answered yet. Try later.",
        ) from None
    except idempotency.Mismatch:
        raise Problem(
            422,
            "idempotency_key_reused",
            f"This {HEADER} was used for another request.",
        ) from None


def _fingerprint(request: Request) -> str:
    target = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(target + request.body).hexdigest()


def _once(
    claimed: IdempotentRequest,
    scope: AbstractContextManager[object],
    work: Callable[[], Response],
) -> Response:
    try:
        with scope:
            response = work()
            body = json.loads(json.dumps(response.data, cls=JSONEncoder))
            answer = idempotency.Answer(response.status_code, body)
            idempotency.finish(claimed, answer)
    except idempotency.LostClaim:
        raise Problem(
            409, "request_in_flight", "A repeat of this request took over."
        ) from None
    except BaseException:
        idempotency.release(claimed)
        raise
    return response
