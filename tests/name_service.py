"""The name service of tests: what it does not know does not resolve."""

import socket
from collections.abc import Callable

PUBLIC = "93.184.216.34"

Names = dict[str, list[str]]


def start_names() -> Names:
    """The names every test knows, to be added to."""
    return {"localhost": ["127.0.0.1", "::1"], "x.org": [PUBLIC]}


def resolver(known: Names) -> Callable[[str, int], list[str]]:
    """What stands in for `destinations.resolve`; it asks nobody."""

    def resolve(host: str, port: int) -> list[str]:
        name = host.removesuffix(".")
        if name not in known:
            # Raises gaierror for anything but an IP address.
            socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
            return [host]
        return known[name]

    return resolve
