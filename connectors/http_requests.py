"""HTTP requests of connectors: filled in, sent by the guarded client, answers kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from connectors import tokens
from connectors.action_forms import header_lines
from connectors.doing import Context
from optout import egress, strict_json
from optout.action_table import FAILED, Result
from optout.egress import Answer

KEPT_BYTES = 64 * 1024
SHOWN_URL = 200
HIDDEN = "•••"
MIN_HIDDEN = 4  # a shorter secret would hide half of every text
_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent, and the secrets that no result may show."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    answer: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def shown_url(self) -> str:
        """The URL without secrets, in a bearable length."""
        return self.hide(self.url)[:SHOWN_URL]

    def hide(self, text: str) -> str:
        """A text without the secrets."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


@cache
def _client() -> egress.Client:
    """One for all threads of this process."""
    return egress.Client()


def prepared(settings: Mapping[str, Any], context: Context) -> Request:
    """Fill in a request. Raises MissingAttribute and TokenError."""
    rows = context.connector.secrets.all()
    secrets = {row.name: row.value["value"] for row in rows if row.value["value"]}
    data = {**context.data, "secrets": secrets}
    kind = settings["body_kind"]
    headers = _headers(settings["headers"], data)
    if kind in _TYPES and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = _TYPES[kind]
    return Request(
        method=settings["method"],
        url=tokens.in_url(settings["url"], data),
        headers=headers,
        body=_body(kind, settings["body"], data),
        answer=settings["answer"],
        secrets=tuple(one for one in secrets.values() if len(one) >= MIN_HIDDEN),
    )


def _headers(text: str, data: tokens.Data) -> dict[str, str]:
    """Each line is cut before it is filled in: no value makes another header."""
    pairs = (line.partition(":") for line in header_lines(text))
    return {
        tokens.resolve(name, data).strip(): tokens.resolve(value, data).strip()
        for name, _, value in pairs
    }


def _body(kind: str, text: str, data: tokens.Data) -> bytes:
    if kind == "none" or not text.strip():
        return b""
    if kind == "json":
        filled = tokens.fill(json.loads(text), data)
        return json.dumps(filled, ensure_ascii=False).encode("utf-8", "replace")
    if kind == "form":
        return _form(text, data)
    return tokens.resolve(text, data).encode("utf-8", "replace")


def _form(text: str, data: tokens.Data) -> bytes:
    pairs = (line.partition("=") for line in header_lines(text))
    fields = [(name.strip(), tokens.resolve(value, data)) for name, _, value in pairs]
    return urlencode(fields, errors="replace").encode()


def send(request: Request) -> Result:
    """Send it once. What is answered is kept, a failure's too.

    `answered` for a 2xx answer, else failed. What left and got no answer is told so:
    whether it took effect is unknown, and it is not sent again by itself.
    """
    try:
        answer = _client().request(
            request.method,
            request.url,
            body=request.body,
            headers=request.headers,
            kept_bytes=KEPT_BYTES,
        )
    except egress.NoAnswer as error:
        told = f"{error.message} Whether it took effect is unknown."
        return Result(FAILED, request.hide(told)[:300])
    except egress.EgressError as error:
        return Result(FAILED, request.hide(error.message)[:300])
    detail = f"{answer.status} in {round(answer.seconds * 1000):,} ms"
    outcome = "answered" if 200 <= answer.status < 300 else FAILED
    return Result(outcome, detail, _output(request, answer))


def _output(request: Request, answer: Answer) -> dict[str, Any]:
    text = request.hide(answer.body.decode("utf-8", "replace"))
    headers = {name: request.hide(value) for name, value in answer.headers.items()}
    return {
        "name": request.answer,
        "status": answer.status,
        "headers": headers,
        "body": _read(text),
    }


def _read(text: str) -> Any:
    """JSON if it is JSON that we would take from anybody, else the text."""
    try:
        return strict_json.read(text.encode())
    except strict_json.NotJSON:
        return text.replace("\x00", "")
