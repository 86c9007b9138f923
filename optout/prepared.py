"""Statements of the hottest paths, which PostgreSQL plans once per connection."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

Params = Mapping[str, Any]
Row = tuple[Any, ...]


class Prepared:
    """A statement with parameters `%(name)s`, run for each message or opt-out.

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

    def _executed(self, params: Params) -> CursorWrapper:
        if connection.vendor == "postgresql":
            cursor = _preparing_cursor()
            cursor.execute(self._sql, params)
        else:
            cursor = connection.cursor()
            cursor.execute(self._sql, _adapted(params))
        return cursor


class _PreparingCursor(psycopg.Cursor[Row]):
    """Leaves plan and parameters to the server; Django's cursors send whole texts."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> "_PreparingCursor":
        return super().execute(query, params, prepare=True)


def _preparing_cursor() -> CursorWrapper:
    """Dressed as Django's own cursors: its errors, its wrappers, its log."""
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


def _adapted(params: Params) -> dict[str, Any]:
    """Python's values as SQLite keeps them, a list as JSON."""
    return {name: _kept(value) for name, value in params.items()}


def _kept(value: Any) -> Any:
    match value:
        case datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case UUID():
            return value.hex
        case list():
            return json.dumps([_kept(each) for each in value])
    return value
