"""Where the messages of a batch stand among all of them: its first and its last id.

A broadcast's rows are written one after the other. What is read in their order begins
at the first of them, however many other messages there are.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from optout.models import MessageState

# A probe of the index (batch, state, id) for each state, at either end.
_SPAN = """
SELECT
    min((SELECT min(m.id) FROM optout_outgoingmessage m
         WHERE m.batch_id = b.id AND m.state = s.column1)),
    max((SELECT max(m.id) FROM optout_outgoingmessage m
         WHERE m.batch_id = b.id AND m.state = s.column1))
FROM optout_outgoingbatch b CROSS JOIN (VALUES {states}) AS s
WHERE b.id IN ({batches})
"""
_STATES = ", ".join(f"('{state}')" for state in MessageState)


@dataclass(frozen=True, slots=True)
class Span:
    """The ids of the first and the last message, both included."""

    first: int
    last: int


def span(batch_ids: Collection[int]) -> Span | None:
    """Between which ids all messages of these batches stand; None without any."""
    if not batch_ids:
        return None
    wanted = ", ".join(["%s"] * len(batch_ids))
    with connection.cursor() as cursor:
        cursor.execute(_SPAN.format(states=_STATES, batches=wanted), list(batch_ids))
        first, last = cursor.fetchone()
    return None if first is None else Span(first, last)
