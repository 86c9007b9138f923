"""One lock per address key, so that two doors cannot write one address at once."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from optout.prepared import Prepared

_lock = Prepared("""
SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest(%(numbers)s::bigint[]) AS k) AS keys
""")


def lock_keys(keys: Iterable[UUID]) -> None:
    """Hold these keys until the transaction ends; call it before reading their rows.

    A statement of its own: the next one then reads what the last holder committed.
    Sorted, so that two holders cannot wait for each other. On SQLite the IMMEDIATE
    transaction is that lock already.
    """
    if connection.vendor != "postgresql":
        return
    numbers = sorted(
        {int.from_bytes(key.bytes[:8], "big", signed=True) for key in keys}
    )
    _lock.fetch_all({"numbers": numbers})
