"""Where the messages of a batch stand among all of them: its first and its last id.

A broadcast's rows are written one after the other. What is read in their order begins
at the first of them, however many other messages there are.
"""

from collections.abc import Collection
from dataclasses import dataclass

from optout.models import MessageState
from optout.prepared import Prepared, among

# A probe of the index (batch, state, id) for each state, at either end.
_SPAN = """
SELECT
    min((SELECT min(m.id) FROM optout_outgoingmessage m
         WHERE m.batch_id = b.id AND m.state = s.column1)),
    max((SELECT max(m.id) FROM optout_outgoingmessage m
         WHERE m.batch_id = b.id AND m.state = s.column1))
FROM optout_outgoingbatch b CROSS JOIN (VALUES {states}) AS s
WHERE b.id {among_batches}
"""
_STATES = ", ".join(f"('{state}')" for state in MessageState)
_span = Prepared(_SPAN.format(states=_STATES, among_batches=among("batches")))


@dataclass(frozen=True, slots=True)
class Span:
    """The ids of the first and the last message, both included."""

    first: int
    last: int


def span(batch_ids: Collection[int]) -> Span | None:
    """Between which ids all messages of these batches stand; None without any."""
    first, last = _span.fetch_one({"batches": list(batch_ids)})
    return None if first is None else Span(first, last)
