"""The door out for whom a query names: an audience becomes messages unread."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from optout.models import Content, OutgoingBatch, OutgoingMessage

# Key, address and variables, in this order.
Selected = QuerySet[Any, tuple[Any, ...]]

_OF_A_ROW = ("key", "address", "variables")
# WHERE true: SQLite would read ON as a join's.
_PUT = """\
INSERT INTO optout_outgoingmessage (key, address, variables, {columns})
SELECT selected.*, {values} FROM ({select}) AS selected WHERE true
ON CONFLICT DO NOTHING
"""


def put(batch: OutgoingBatch, content: Content, selected: Selected) -> int:
    """Queue one message for each row, in their order, by one statement.

    An address that the batch has already is left. Returns how many were queued.
    """
    alike = OutgoingMessage(batch=batch, content=content, channel_id=batch.channel_id)
    shared = _shared_values(alike)
    select, params = selected.query.sql_with_params()
    statement = _PUT.format(
        columns=", ".join(shared),
        values=", ".join(["%s"] * len(shared)),
        select=select,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*shared.values(), *params])
        return int(cursor.rowcount)


def _shared_values(alike: OutgoingMessage) -> dict[str, Any]:
    """What is the same for all, by column."""
    return {
        str(field.column): field.get_db_prep_save(
            getattr(alike, field.attname), connection
        )
        for field in OutgoingMessage._meta.concrete_fields
        if not field.primary_key and field.column not in _OF_A_ROW
    }
