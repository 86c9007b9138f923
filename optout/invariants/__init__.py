"""What must hold in the data at every moment, asked by `manage.py check_invariants`.

Each is one question that has to find nothing. A question is one statement, so it sees
one snapshot and may be asked while everything runs; what only a worker brings about is
asked with a grace. Each app's `invariants` module registers its own with `@invariant`;
the modules are found as the admin's are.
"""

from optout.invariants import deliveries, entries, messages
from optout.invariants.registry import (
    INVARIANTS,
    MOST_SHOWN,
    Finding,
    Invariant,
    check,
    invariant,
)

__all__ = [
    "INVARIANTS",
    "MOST_SHOWN",
    "Finding",
    "Invariant",
    "check",
    "deliveries",
    "entries",
    "invariant",
    "messages",
]
