"""Loopback servers for tests: receivers that log, and peers that misbehave."""

import contextlib
import socket
import ssl
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Received:
    """One request as it reached a receiver; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, int]  # the same for requests over one connection


@dataclass(frozen=True)
class Reply:
    """What a receiver answers to one request."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)


class Receiver:
    """A keep-alive HTTP server on loopback that logs requests and answers a script.

    `answer` puts replies in a line; when it is empty, `default` is given.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self.default = Reply()
        self._script: deque[Reply] = deque()
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.receiver = self
        self._tls = tls is not None
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_address[1]

    @property
    def netloc(self) -> str:
        """The host:port to put into OUTBOUND_ALLOWED_HOSTS."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{'https' if self._tls else 'http'}://{self.netloc}"

    def answer(self, *replies: Reply) -> None:
        """Give these replies, one to each of the next requests."""
        self._script.extend(replies)

    def next_reply(self, request: Received) -> Reply:
        """Log ``request`` and return the reply that is due."""
        self.requests.append(request)
        with contextlib.suppress(IndexError):
            return self._script.popleft()
        return self.default

    def __enter__(self) -> Self:
        """Start to serve."""
        serve = partial(self._server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop to listen."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that leaves is no fault, and is what many tests are about.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        request = Received(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            peer=self.client_address,
        )
        self.reply(self.server.receiver.next_reply(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815

    def reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Peer:
    """A bare TCP server on loopback that counts connections and behaves as told.

    The behaviour gets each connection in its own thread, with an event that is set when
    the server stops; a client that has left ends it.
    """

    def __init__(
        self, behaviour: "Behaviour", hosts: Sequence[str] = (LOOPBACK,)
    ) -> None:
        self.hits = 0
        self._behaviour = behaviour
        self._stopped = threading.Event()
        self._listeners = [_listen(hosts[0], 0)]
        self.port: int = self._listeners[0].getsockname()[1]
        self._listeners += [_listen(host, self.port) for host in hosts[1:]]

    @property
    def netloc(self) -> str:
        """The host:port to put into OUTBOUND_ALLOWED_HOSTS."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """Its plain address, without a path."""
        return f"http://{self.netloc}"

    def __enter__(self) -> Self:
        """Start to serve."""
        for listener in self._listeners:
            threading.Thread(target=self._accept, args=[listener], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and let every behaviour end."""
        self._stopped.set()
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.hits += 1
                threading.Thread(
                    target=self._serve, args=[connection], daemon=True
                ).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._behaviour(connection, self._stopped)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


Behaviour = Callable[[socket.socket, threading.Event], None]


def silent(connection: socket.socket, stopped: threading.Event) -> None:
    """Accept, and never say a word."""
    stopped.wait()


def says(*pieces: bytes) -> Behaviour:
    """Read the request, send the pieces and close."""

    def behave(connection: socket.socket, stopped: threading.Event) -> None:
        _read_request(connection)
        for piece in pieces:
            connection.sendall(piece)

    return behave


def drips(head: bytes, piece: bytes, every_seconds: float) -> Behaviour:
    """Read the request, send ``head``, then ``piece`` again and again, slowly."""

    def behave(connection: socket.socket, stopped: threading.Event) -> None:
        _read_request(connection)
        connection.sendall(head)
        while not stopped.wait(every_seconds):
            connection.sendall(piece)

    return behave


def pours(head: bytes, piece: bytes) -> Behaviour:
    """Read the request, send ``head``, then ``piece`` without end."""
    return drips(head, piece, every_seconds=0)


def over_tls(context: ssl.SSLContext, behaviour: Behaviour) -> Behaviour:
    """Greet by TLS first."""

    def behave(connection: socket.socket, stopped: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            behaviour(secured, stopped)

    return behave


def after(seconds: float, behaviour: Behaviour) -> Behaviour:
    """Say nothing for some time first."""

    def behave(connection: socket.socket, stopped: threading.Event) -> None:
        stopped.wait(seconds)
        behaviour(connection, stopped)

    return behave


def resets(connection: socket.socket, stopped: threading.Event) -> None:
    """Read the request, then reset the connection."""
    _read_request(connection)
    # Closing with an empty linger time sends RST instead of FIN.
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _read_request(connection: socket.socket) -> None:
    with connection.makefile("rb") as stream:
        length = 0
        for line in iter(stream.readline, b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)
