"""Statements of the hottest paths, which PostgreSQL plans once per connection."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

Params = Mapping[str, Any] | Sequence[Any]
Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)

# What ORM statements know as Now().
DATABASE_TIME = {
    "postgresql": "statement_timestamp()",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
}[connection.vendor]


class Prepared:
    """A statement with parameters `%(name)s` (or `%s`), run over and over.

    Planning the gate's question takes PostgreSQL ten times as long as answering it.
    A plan follows the tables: it is made anew when they are altered or analysed.
    SQLite's driver keeps its statements by itself. Rows are as the engine gives them.
    """

    def __init__(self, sql: str) -> None:
        self._sql = sql

    def fetch_one(self, params: Params) -> Row:
        """Run it; its one row."""
        with self._executed(params) as cursor:
            row: Row = cursor.fetchone()
            return row

    def fetch_all(self, params: Params) -> list[Row]:
        """Run it; its rows."""
        with self._executed(params) as cursor:
            return list(cursor.fetchall())

    def run(self, params: Params) -> int:
        """Run it; how many rows it wrote."""
        with self._executed(params) as cursor:
            return int(cursor.rowcount)

    def run_many(self, params: Sequence[Params]) -> None:
        """Run it for each; nothing waits for the answer to the one before."""
        if not params:
            return
        with _cursor() as cursor:
            cursor.executemany(self._sql, [_adapted(each) for each in params])

    def _executed(self, params: Params) -> CursorWrapper:
        cursor = _cursor()
        cursor.execute(self._sql, _adapted(params))
        return cursor


class _PreparingCursor(psycopg.Cursor[Row]):
    """Leaves plan and parameters to the server; Django's cursors send whole texts."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> "_PreparingCursor":
        return super().execute(query, params, prepare=True)


def _cursor() -> CursorWrapper:
    """One that prepares, dressed as Django's own: its errors, its wrappers, its log."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor: Any = _PreparingCursor(connection.connection)
    if connection.queries_logged:
        return connection.make_debug_cursor(cursor)
    return connection.make_cursor(cursor)


_AMONG = {
    "postgresql": "= ANY (%({name})s)",
    "sqlite": "IN (SELECT value FROM json_each(%({name})s))",
}


def among(name: str) -> str:
    """The condition that a column is one of the values in a parameter, a list."""
    return _AMONG[connection.vendor].format(name=name)


def database_time_after(wait: timedelta) -> str:
    """So long after now by the database's clock, spelled as Django compares it."""
    microseconds = wait // timedelta(microseconds=1)
    if connection.vendor == "postgresql":
        return f"{DATABASE_TIME} + interval '{microseconds} microseconds'"
    return f"django_format_dtdelta('+', {DATABASE_TIME}, {microseconds})"


def _adapted(params: Params) -> Params:
    """Python's values as the engine keeps them: SQLite a list as JSON."""
    if connection.vendor == "postgresql":
        return params
    if isinstance(params, Mapping):
        return {name: _kept(value) for name, value in params.items()}
    return [_kept(value) for value in params]


def moment(value: datetime) -> datetime:
    """A time of a row, which SQLite gives without its zone."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _kept(value: Any) -> Any:
    match value:
        case datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case UUID():
            return value.hex
        case list():
            return json.dumps([_kept(each) for each in value])
    return value


def insert(rows: Sequence[M]) -> None:
    """`bulk_create`, where a row alone is written by a prepared statement.

    A single opt-out writes one of each kind, and putting the statement together takes
    longer than executing it.
    """
    if not rows:
        return
    row, *more = rows
    if more:
        type(row)._default_manager.bulk_create(rows)
        return
    fields, statement = _insert_of(type(row))
    [row.pk] = statement.fetch_one(
        {
            field.column: field.get_db_prep_save(
                getattr(row, field.attname), connection
            )
            for field in fields
        }
    )
    row._state.adding, row._state.db = False, connection.alias


@cache
def _insert_of(model: Any) -> tuple[list[Any], Prepared]:
    made = model._meta.auto_field
    fields = [field for field in model._meta.concrete_fields if field is not made]
    quoted = connection.ops.quote_name
    return fields, Prepared(
        _INSERT.format(
            table=quoted(model._meta.db_table),
            columns=", ".join(quoted(field.column) for field in fields),
            values=", ".join(f"%({field.column})s" for field in fields),
            key=quoted(model._meta.pk.column),
        )
    )


_INSERT = "INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING {key}"
