"""The tables of this floor: connectors, the versions of their steps, and runs."""

from connectors.models.connector import (
    DESCRIPTION_CHARS,
    NAME_CHARS,
    Connector,
    Secret,
    SignatureKind,
    Version,
    token_digest,
)
from connectors.models.run import ENDED_STATES, Origin, Run, RunState

__all__ = [
    "DESCRIPTION_CHARS",
    "ENDED_STATES",
    "NAME_CHARS",
    "Connector",
    "Origin",
    "Run",
    "RunState",
    "Secret",
    "SignatureKind",
    "Version",
    "token_digest",
]
