"""Constants and settings of the product, turned by tests in processes of their own."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

# Nobody waits a minute for a process that is dead; deadlines have to fit in.
SHORT_LEASES: Mapping[str, object] = {
    "optout.marking.LEASE": 1.5,
    "optout.sender.DEADLINE_SECONDS": 0.3,
    "optout.sender.MARGIN_SECONDS": 0.2,
    "optout.webhook_queue.LEASE": 1.5,
    "optout.webhook_delivery.DEADLINE_SECONDS": 0.3,
    "optout.webhook_delivery.MARGIN_SECONDS": 0.2,
    "teambox.inbound.LEASE": 1.5,
    "broadcaster.preparing.LEASE": 1.5,
    "connectors.claims.LEASE": 1.5,
}


def turn(name: str, value: Any) -> None:
    """Set one by its dotted name; seconds where it is a length of time."""
    place, _, constant = name.rpartition(".")
    module = resolve_name(place)
    setattr(module, constant, _like(getattr(module, constant), value))


def _like(before: object, value: Any) -> Any:
    match before:
        case timedelta():
            return timedelta(seconds=value)
        case tuple():
            return tuple(map(_like, before, value))
        case Path():
            return Path(value)
    return value
