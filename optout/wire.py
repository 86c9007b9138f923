"""HTTP connections to checked addresses only, with timeouts over all their parts."""

import math
import socket
import ssl
import time
from typing import Any

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from optout import destinations
from optout.destinations import EgressError

CONNECT_SECONDS = 15.0


class NotSent(EgressError):
    """No name, no connection or no TLS: nothing was delivered."""


def tls_context() -> ssl.SSLContext:
    """Return a context that trusts certifi's authorities and the machine's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = _TotalTimeoutTLSSocket
    return context


class _TotalTimeoutSocket(socket.socket):
    """A socket whose timeout is total: it runs from `settimeout`, over all reads.

    With the usual one, per read, a receiver that sends a byte a second, or 100 Continue
    for ever, never times out. (`sendall` is one call, so its timeout is total anyway.)
    No watching thread is needed, so none can close a connection that another request
    has already taken over.
    """

    _ends_at = math.inf

    def settimeout(self, value: float | None) -> None:
        super().settimeout(value)
        self._ends_at = math.inf if value is None else time.monotonic() + value

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        super().settimeout(_seconds_until(self._ends_at))
        return super().recv_into(*args, **kwargs)


class _TotalTimeoutTLSSocket(_TotalTimeoutSocket, ssl.SSLSocket):
    """The same over TLS."""


class _GuardedConnection(HTTPConnection):
    """Connects to checked addresses only; Host, SNI and certificate are as ever."""

    _ends_at = math.inf

    def connect(self) -> None:
        try:
            super().connect()
            # urllib3 starts the socket's time anew when it sends.
            self.timeout = _seconds_until(self._ends_at)
        except (OSError, UnicodeError) as error:
            self.close()
            raise _not_sent(self.host, error) from error

    def _new_conn(self) -> socket.socket:
        self._ends_at = time.monotonic() + (self.timeout or CONNECT_SECONDS)
        host, port = self._dns_host, self.port
        addresses = destinations.find(host, port, _seconds_until(self._ends_at))
        sock = _reach(addresses, port, self._ends_at)
        try:
            # What was reached decides, not what was asked for.
            destinations.check_addresses(host, port, [sock.getpeername()[0]])
            sock.settimeout(_seconds_until(self._ends_at))
        except BaseException:
            sock.close()
            raise
        return sock


class _GuardedTLSConnection(_GuardedConnection, HTTPSConnection):
    """The same over TLS."""


class GuardedPool(HTTPConnectionPool):
    """Keeps guarded connections."""

    ConnectionCls = _GuardedConnection


class GuardedTLSPool(HTTPSConnectionPool):
    """Keeps guarded connections over TLS."""

    ConnectionCls = _GuardedTLSConnection


def _reach(addresses: list[str], port: int, ends_at: float) -> socket.socket:
    """Connect to the first address that answers; each has its share of the time."""
    error = OSError("the name has no address")
    for position, address in enumerate(addresses):
        share = _seconds_until(ends_at) / (len(addresses) - position)
        try:
            return _open(address, port, share)
        except OSError as e:
            error = e
    raise error


def _open(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = _TotalTimeoutSocket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(seconds)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _not_sent(host: str, error: Exception) -> NotSent:
    if isinstance(error, TimeoutError):
        return NotSent("timeout", f"{host} could not be reached in time.")
    if isinstance(error, socket.gaierror | UnicodeError):
        return NotSent("unresolvable", f"The name {host} could not be resolved.")
    if isinstance(error, ssl.SSLError):
        return NotSent("tls", f"No secure connection to {host}: {error}.")
    return NotSent("unreachable", f"No connection to {host}: {error}.")


def _seconds_until(moment: float) -> float:
    left = moment - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left
