"""Guarded HTTP: the only door by which requests leave for addresses customers typed."""

import contextlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import IncompleteRead

from urllib3 import HTTPHeaderDict, PoolManager
from urllib3 import Timeout as HTTPTimeout
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.response import BaseHTTPResponse

from optout import destinations, wire
from optout.destinations import EgressError, Refused
from optout.wire import NotSent

__all__ = [
    "Answer",
    "Client",
    "EgressError",
    "NoAnswer",
    "NotSent",
    "Refused",
    "check_url",
]

DEADLINE_SECONDS = 15.0
SAVE_RESOLVE_SECONDS = 2.0
MAX_BODY_BYTES = 64 * 1024
KEPT_BODY_BYTES = 1024
KEPT_HOSTS = 64
KEPT_CONNECTIONS_PER_HOST = 4
USER_AGENT = "Optout"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

# These frame the request or choose the site behind the address: a typed one could
# smuggle a second request or reach another site than the one that was checked.
RESERVED_HEADERS = {
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, field-value


class NoAnswer(EgressError):
    """The request left and no usable answer came: whether it took effect is unknown."""


@dataclass(frozen=True)
class Answer:
    """What a receiver answered; a redirect is an answer too."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes  # the first kilobyte, or as much as was asked for, as it came
    seconds: float


def check_url(url: str) -> str:
    """Return the canonical spelling of ``url``, or raise Refused.

    A name that does not resolve now is accepted: name service may be down for the
    moment, and the addresses are checked again at each send, which is what protects.
    Takes at most SAVE_RESOLVE_SECONDS.
    """
    destination = destinations.parse(url)
    host = destination.host.strip("[]")
    with contextlib.suppress(OSError, UnicodeError):
        destinations.find(host, destination.port, SAVE_RESOLVE_SECONDS)
    return destination.url


class Client:
    """Sends requests over kept connections: one pool for all threads that call it.

    Follows no redirect, repeats nothing, reads no proxy variables, .netrc or cookies.
    Trusts certifi's authorities and the machine's (SSL_CERT_FILE names more).
    """

    def __init__(self) -> None:
        """Load the trusted authorities; connect to nothing yet."""
        self._pools = PoolManager(
            num_pools=KEPT_HOSTS,
            maxsize=KEPT_CONNECTIONS_PER_HOST,
            ssl_context=wire.tls_context(),
        )
        self._pools.pool_classes_by_scheme = {
            "http": wire.GuardedPool,
            "https": wire.GuardedTLSPool,
        }

    def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> Answer:
        """POST ``body``; as `request`."""
        return self.request(
            "POST", url, body=body, headers=headers, deadline_seconds=deadline_seconds
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        kept_bytes: int = KEPT_BODY_BYTES,
    ) -> Answer:
        """Send once and return the answer, all within ``deadline_seconds``.

        Of the answer's body the first `kept_bytes` are kept, MAX_BODY_BYTES at most.
        Raises Refused (not allowed, never sent), NotSent (nothing was delivered) or
        NoAnswer (unknown). The deadline covers name, connection, TLS, headers and body.
        """
        destination = destinations.parse(url)
        fields = _checked(method, headers or {})
        pool = self._pools.connection_from_host(
            destination.host, destination.port, destination.scheme
        )
        timeout = HTTPTimeout(total=deadline_seconds)
        started = time.monotonic()
        try:
            response = pool.urlopen(
                method,
                destination.target,
                body=body or None,
                headers=fields,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            return _read(response, started, kept_bytes)
        except HTTPError as error:
            raise _no_answer(error) from error

    def close(self) -> None:
        """Close the kept connections. A later request opens new ones."""
        self._pools.clear()


def _read(response: BaseHTTPResponse, started: float, kept_bytes: int) -> Answer:
    """Read at most MAX_BODY_BYTES, undecoded; a longer answer costs the connection."""
    if response.status < 200:
        # Only 100 is skipped when reading; what follows another 1xx would be
        # taken for the answer to the next request.
        response.close()
        raise HTTPError(f"interim answer {response.status}")
    body = b""
    # An answer that is cut short shows only when reading on after its last byte.
    while piece := response.read(MAX_BODY_BYTES + 1 - len(body)):
        body += piece
    if len(body) > MAX_BODY_BYTES:
        response.close()
    response.release_conn()
    headers = {name.lower(): value for name, value in response.headers.itermerged()}
    seconds = time.monotonic() - started
    return Answer(response.status, headers, body[:kept_bytes], seconds)


def _checked(method: str, headers: Mapping[str, str]) -> HTTPHeaderDict:
    if method not in METHODS:
        raise Refused("method", f"The method {method!r} is not allowed.")
    fields = HTTPHeaderDict({"User-Agent": USER_AGENT})
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Refused("header", f"The header {name!r} holds a forbidden character.")
        if name.lower() in RESERVED_HEADERS:
            raise Refused("header", f"The header {name!r} is set by the sender.")
        fields[name] = value
    # Nothing is decoded, so that an answer cannot unpack to more than it was.
    fields["Accept-Encoding"] = "identity"
    return fields


def _no_answer(error: Exception) -> NoAnswer:
    below = error.__context__  # urllib3 wraps most errors
    if isinstance(error, HTTPTimeoutError) or isinstance(below, TimeoutError):
        return NoAnswer("timeout", "No complete answer came in time.")
    if isinstance(below, ConnectionError | IncompleteRead):
        return NoAnswer("disconnected", "The connection ended before the answer did.")
    # The error quotes what came, up to a line of 64 kB.
    return NoAnswer("unreadable", f"The answer could not be read: {error}"[:500])
