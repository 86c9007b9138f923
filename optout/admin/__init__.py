"""The Django admin of this floor: what flows write is looked at, not edited."""

from optout.admin import (
    channels,
    entries,
    imports,
    keys,
    lists,
    people,
    sending,
    workspace,
)

__all__ = [
    "channels",
    "entries",
    "imports",
    "keys",
    "lists",
    "people",
    "sending",
    "workspace",
]
