"""Statements of the hottest paths, which PostgreSQL plans once per connection."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from django.db import connection
from django.db.backends.utils import CursorWrapper


class Prepared:
    """A statement with parameters `%(name)s`, run for each message.

    Planning the gate's question takes PostgreSQL ten times as long as answering it.
    A plan follows the tables: it is made anew when they are altered or analysed.
    SQLite's driver keeps its statements by itself.
    """

    def __init__(self, name: str, sql: str, **types: str) -> None:
        """`types` are the parameters' types on PostgreSQL."""
        numbers = {each: f"${number}" for number, each in enumerate(types, start=1)}
        values = ", ".join(f"%({each})s" for each in types)
        self._sql = sql
        self._prepare = f"PREPARE {name} ({', '.join(types.values())}) AS {sql}"
        self._prepare %= numbers
        self._execute = f"EXECUTE {name} ({values})"
        self._prepared_on: WeakSet[Any] = WeakSet()

    def fetch_one(self, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """Run it; its one row."""
        with connection.cursor() as cursor:
            cursor.execute(self._statement(cursor), params)
            row: tuple[Any, ...] = cursor.fetchone()
            return row

    def run(self, params: Mapping[str, Any]) -> int:
        """Run it; how many rows it wrote."""
        with connection.cursor() as cursor:
            cursor.execute(self._statement(cursor), params)
            return int(cursor.rowcount)

    def _statement(self, cursor: CursorWrapper) -> str:
        """What to execute on the cursor's connection, prepared there."""
        if cursor.db.vendor != "postgresql":
            return self._sql
        if cursor.db.connection not in self._prepared_on:
            cursor.execute(self._prepare)
            self._prepared_on.add(cursor.db.connection)
        return self._execute
