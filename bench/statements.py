"""The statements of a request, noted once and executed again with nothing around them.

What changes from one request to the next is put in anew: the message's own id, and the
ids that the rows it writes are given. Transactions begin and end where ours did.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from psycopg.pq import TransactionStatus

from bench.data import execute

# Ids from here on stand for themselves: no other number in a statement is one of them.
_FIRST_ID, _IDS_A_TABLE = 100_000_000, 10_000_000
_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass,
              {first} + {each} * row_number() OVER ())
FROM pg_sequences WHERE sequencename ~ '^(optout|teambox)_'
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One of them; `transaction` is 0 outside of any, `returned` what an INSERT did."""

    sql: str
    params: Any
    is_many: bool
    transaction: int
    returned: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A request's statements, its answer, and the message id it was noted with."""

    statements: tuple[Statement, ...]
    status: int
    body: bytes
    content_type: str
    message_id: str

    def replay(self) -> None:
        """Execute them, as another request than the one that was noted."""
        fresh: dict[Any, Any] = {self.message_id: uuid4().hex}
        for number, some in groupby(self.statements, lambda one: one.transaction):
            with transaction.atomic() if number else nullcontext():
                for statement in some:
                    _execute(statement, fresh)


def _execute(statement: Statement, fresh: dict[Any, Any]) -> None:
    with connection.cursor() as cursor:
        run = cursor.executemany if statement.is_many else cursor.execute
        run(statement.sql, _renewed(statement.params, fresh))
        rows = cursor.fetchall() if cursor.description else ()
    if statement.returned:
        was, is_now = (chain.from_iterable(each) for each in (statement.returned, rows))
        fresh.update(zip(was, is_now, strict=False))


def _renewed(value: Any, fresh: Mapping[Any, Any]) -> Any:
    match value:
        case int() | str():
            return fresh.get(value, value)
        case tuple() | list():
            return type(value)(_renewed(each, fresh) for each in value)
        case dict():
            return {name: _renewed(each, fresh) for name, each in value.items()}
    return value


class _Notes:
    """Django hands every statement through this."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self._transactions = 0

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Mapping[str, Any],
    ) -> Any:
        raw = connection.connection
        if not raw.autocommit and raw.info.transaction_status == TransactionStatus.IDLE:
            self._transactions += 1  # the driver begins one now
        number = 0 if raw.autocommit else self._transactions
        result = execute(sql, params, many, context)
        returned = _returned(sql, context["cursor"])
        self.statements.append(Statement(sql, params, many, number, returned))
        return result


def _returned(sql: str, cursor: Any) -> tuple[tuple[Any, ...], ...]:
    """The rows that an INSERT returned; they can be fetched once more."""
    if not sql.lstrip().startswith("INSERT") or not cursor.description:
        return ()
    rows = tuple(cursor.fetchall())
    cursor.scroll(0, mode="absolute")
    return rows


@contextmanager
def noted() -> Iterator[list[Statement]]:
    """What is executed meanwhile, in order."""
    notes = _Notes()
    with connection.execute_wrapper(notes):
        yield notes.statements


def count_ids_apart() -> None:
    """Let the ids of each table begin where no other number is."""
    execute(_SEQUENCES.format(first=_FIRST_ID, each=_IDS_A_TABLE))
