"""A provider over HTTP that counts what it accepted, and the transport to it.

The server runs in the test's process, so it outlives every kill of a sender. What the
transport makes of trouble is what `docs/adding-a-channel.md` asks of every kind.
"""

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from optout.addresses import AddressKind
from optout.channels.base import (
    Accepted,
    NoAnswer,
    NotNow,
    Outgoing,
    Refused,
    Transport,
    register,
)
from tests.servers import LOOPBACK

TIMEOUT_SECONDS = 30.0


@register
class HttpProvider(Transport):
    """Options: port. A connection for each call, so none is stale."""

    kind = "http_provider"
    label = "HTTP provider"
    address_kinds = (AddressKind.PHONE,)
    first_channel_id = 980
    threads = 4
    can_look_up = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._wire: socket.socket | None = None

    def send(self, message: Outgoing) -> Accepted:
        status, body = self._ask("POST", message.message_id, message.address)
        if status == 429:
            raise NotNow("The provider says 429.")
        if 400 <= status < 500:
            raise Refused(f"The provider says {status}.")
        if status >= 500:
            raise NoAnswer(f"The provider says {status}.")
        try:
            return Accepted(json.loads(body)["provider_id"])
        except (ValueError, KeyError) as error:
            raise NoAnswer("The provider's answer could not be read.") from error

    def look_up(self, message_id: int) -> Accepted | None:
        status, body = self._ask("GET", message_id)
        if status == 404:
            return None
        if status != 200:
            raise NotNow(f"The provider says {status}.")
        return Accepted(json.loads(body)["provider_id"])

    def abort(self) -> None:
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def _ask(self, method: str, message_id: int, body: str = "") -> tuple[int, bytes]:
        port = int(self.connection.options["port"])
        link = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_SECONDS)
        try:
            link.connect()
        except OSError as error:
            raise NotNow(f"No connection: {error}") from error
        self._wire = link.sock
        try:
            link.request(method, f"/messages/{message_id}", body.encode())
            answer = link.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            raise NoAnswer(f"No answer: {error}") from error
        finally:
            self._wire = None
            link.close()


@register
class MuteProvider(HttpProvider):
    """The same, but it cannot be asked afterwards: what is unknown stays unknown."""

    kind = "mute_provider"
    can_look_up = False


@dataclass(frozen=True)
class Manners:
    """How the server takes a message."""

    status: int = 200
    body: bytes = b'{"provider_id": "hp-%d"}'
    accepts: bool = True
    seconds: float = 0.0  # before it answers, and after it accepted


GOOD = Manners()


@dataclass(frozen=True)
class Call:
    """One message handed over, at times of the monotonic clock."""

    message_id: int
    address: str
    started_at: float
    ended_at: float


class ProviderServer:
    """The provider: `manners` may change at any time, `calls` are all it got."""

    def __init__(self) -> None:
        self.manners = GOOD
        self.calls: list[Call] = []
        self.accepted: Counter[int] = Counter()
        self.begun = 0
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.provider = self

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_address[1]

    @property
    def twice(self) -> list[int]:
        """Messages accepted more than once."""
        return [pk for pk, count in self.accepted.items() if count > 1]

    def take(self, message_id: int, address: str) -> tuple[int, bytes]:
        """Take a message as the manners are, and answer."""
        manners, began = self.manners, time.monotonic()
        self.begun += 1
        if manners.accepts:
            self.accepted[message_id] += 1
        time.sleep(manners.seconds)
        self.calls.append(Call(message_id, address, began, time.monotonic()))
        body = manners.body
        return manners.status, body % message_id if b"%d" in body else body

    def __enter__(self) -> Self:
        """Start to serve."""
        serve = partial(self._server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    provider: ProviderServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no fault, and is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:  # noqa: N802 (the library's name)
        address = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(*self.server.provider.take(self._message_id, address))

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        pk = self._message_id
        is_known = self.server.provider.accepted[pk] > 0
        self._answer(200 if is_known else 404, GOOD.body % pk)

    @property
    def _message_id(self) -> int:
        return int(self.path.rpartition("/")[2])

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
