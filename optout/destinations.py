"""Where a typed web address may lead: its spelling, its port and its IP addresses."""

import ipaddress
import re
import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass

import idna
from django.conf import settings
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

MAX_URL_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
PORTS = {"http": {80, 8080}, "https": {443, 8443}}

# Deny by list: `is_global` of Python 3.11.7 calls 64:ff9b::a9fe:a9fe (NAT64 of the
# clouds' metadata), 2002:7f00:1::, fec0::1 and 192.0.0.8 global (partly CVE-2024-4032).
# After IANA's special-purpose address registries.
DENIED_IPV4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; also a cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's platform address, public by its number
        "169.254.0.0/16",  # link-local; clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; also a cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
DENIED_IPV6 = [
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries any IPv4 address
        "3fff::/20",  # documentation
    )
]

# WHATWG's rule: a last label that is a number makes the host an IPv4 address, so it
# catches 127.1, 2130706433, 0x7f000001 and 0177.0.0.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_LIST_IT = (
    "If it is a machine of your own network, the operator can name it as host:port in "
    "OUTBOUND_ALLOWED_HOSTS."
)


class EgressError(Exception):
    """A request without an answer: ``code`` for programs, ``message`` for people."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both; the message is also the text of the error."""
        super().__init__(message)
        self.code = code
        self.message = message


class Refused(EgressError):
    """The request is not allowed, and was not sent."""


@dataclass(frozen=True)
class Destination:
    """A checked web address, in the parts that are used to send."""

    scheme: str
    host: str  # IPv6 in brackets
    port: int
    target: str  # path and query, percent-encoded

    @property
    def url(self) -> str:
        """The canonical spelling, without a default port."""
        is_default = self.port == DEFAULT_PORTS[self.scheme]
        port = "" if is_default else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.target}"


def parse(url: str) -> Destination:
    """Return what a request to ``url`` would be sent to; raise Refused.

    No name is resolved. The parser is the one that sends: `urlsplit` reads another
    host out of ``http://127.0.0.1\\@8.8.8.8/`` than the HTTP library connects to.
    """
    _check_text(url)
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise _malformed() from None
    destination = _destination(parts)
    if not is_listed(destination.host, destination.port):
        _check_scheme_and_port(destination)
        _check_host(destination.host)
    return destination


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of ``host``, in the order to try them; raise OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def find(host: str, port: int, seconds: float) -> list[str]:
    """Resolve ``host`` and check every address; raise OSError or Refused.

    The system's resolver cannot be interrupted, so it is left behind in its own thread.
    """
    found: Future[list[str]] = Future()

    def look_up() -> None:
        try:
            found.set_result(resolve(host, port))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    addresses = found.result(timeout=seconds)
    check_addresses(host, port, addresses)
    return addresses


def is_listed(host: str, port: int) -> bool:
    """Whether the operator named this receiver in OUTBOUND_ALLOWED_HOSTS."""
    entries = (entry.rpartition(":") for entry in settings.OUTBOUND_ALLOWED_HOSTS)
    return (_bare(host), str(port)) in {(_bare(name), p) for name, _, p in entries}


def check_addresses(host: str, port: int, addresses: list[str]) -> None:
    """Raise Refused if any of the addresses of ``host`` is private or special.

    One bad address among good ones refuses all: the order is the resolver's choice.
    """
    if not is_listed(host, port) and any(is_denied(address) for address in addresses):
        raise Refused(
            "private_address",
            f"{host} leads to a private or reserved address. {_LIST_IT}",
        )


def is_denied(address: str) -> bool:
    """Whether an IP address is outside the public internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, ipaddress.IPv4Address):
        return any(ip in network for network in DENIED_IPV4)
    return ip not in GLOBAL_IPV6 or any(ip in network for network in DENIED_IPV6)


def _check_text(url: str) -> None:
    if len(url) > MAX_URL_LENGTH:
        raise _too_long()
    if not url.isprintable() or " " in url or "\\" in url:
        raise Refused(
            "characters",
            "The address contains a space, a backslash or a control character.",
        )


def _destination(parts: Url) -> Destination:
    if parts.scheme not in PORTS:
        raise Refused("scheme", "The address must start with https://.")
    if parts.auth is not None:
        raise Refused("userinfo", "The address must not carry a user name or password.")
    if not parts.host:
        raise _malformed()
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    destination = Destination(parts.scheme, parts.host, port, parts.request_uri)
    if len(destination.url) > MAX_URL_LENGTH:
        raise _too_long()
    return destination


def _check_scheme_and_port(destination: Destination) -> None:
    if destination.scheme == "http" and not settings.WEBHOOK_ALLOW_HTTP:
        raise Refused(
            "scheme",
            "Plain http is not allowed: use https, or the operator sets "
            f"WEBHOOK_ALLOW_HTTP=1. {_LIST_IT}",
        )
    ports = sorted(PORTS[destination.scheme])
    if destination.port not in ports:
        raise Refused(
            "port",
            f"Port {destination.port} is not allowed with {destination.scheme}, only "
            f"{' and '.join(map(str, ports))} are. {_LIST_IT}",
        )


def _check_host(host: str) -> None:
    if host.startswith("[") or _NUMBER.fullmatch(_bare(host).rpartition(".")[2]):
        raise Refused("ip_literal", f"Use a name, not an IP address. {_LIST_IT}")
    try:
        idna.encode(host, strict=True, std3_rules=True)
    except idna.IDNAError:
        raise Refused("host", "The host name is not valid.") from None
    if _bare(host) == _own_host():
        raise Refused(
            "own_host", f"The address leads back to this installation. {_LIST_IT}"
        )


def _own_host() -> str:
    return _bare(parse_url(settings.PUBLIC_URL).host or "")


def _bare(host: str) -> str:
    return host.lower().strip("[]").removesuffix(".")


def _malformed() -> Refused:
    return Refused("malformed", "This is not a valid web address.")


def _too_long() -> Refused:
    return Refused(
        "too_long", f"The address is longer than {MAX_URL_LENGTH:,} characters."
    )
