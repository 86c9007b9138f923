"""The table of invariants, and asking them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from inspect import getdoc
from itertools import islice
from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.db.models.functions import Now

from optout import addresses

# What workers and sweeps bring about is given so long before it counts as broken.
GRACE = timedelta(minutes=15)
MOST_SHOWN = 20
_CHUNK = 2_000

Question = Callable[[], QuerySet[Any] | Iterable[int]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """`question` gives the rows of `model` that break the guarantee, or their ids."""

    name: str
    guarantee: str
    model: type[Model]
    question: Question


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one question: the rows there are, ids of some that break it."""

    invariant: Invariant
    rows: int
    offenders: tuple[Any, ...]

    @property
    def holds(self) -> bool:
        return not self.offenders

    @property
    def shown(self) -> str:
        """The offenders in words: what they are and their ids, never an address."""
        what = self.invariant.model._meta.verbose_name
        more = ", …" if len(self.offenders) > MOST_SHOWN else ""
        ids = ", ".join(str(pk) for pk in self.offenders[:MOST_SHOWN])
        return f"{what} {ids}{more}"


INVARIANTS: dict[str, Invariant] = {}


def invariant(model: type[Model]) -> Callable[[Question], Question]:
    """Put a question about rows of `model` into the table.

    Its name is the function's, its guarantee the first paragraph of the docstring.
    """

    def register(question: Question) -> Question:
        name = question.__name__
        if name in INVARIANTS:
            raise ValueError(f"There is an invariant {name} already.")
        guarantee = " ".join((getdoc(question) or "").split("\n\n")[0].split())
        INVARIANTS[name] = Invariant(name, guarantee, model, question)
        return question

    return register


def check(names: Collection[str] = ()) -> Iterator[Finding]:
    """Ask these, or all; a finding each, as soon as it is there. Writes nothing."""
    rows: dict[type[Model], int] = {}
    for name in names or INVARIANTS:
        asked = INVARIANTS[name]
        if asked.model not in rows:
            rows[asked.model] = asked.model._default_manager.count()
        yield Finding(asked, rows[asked.model], _first_ids(asked.question()))


def _first_ids(found: QuerySet[Any] | Iterable[int]) -> tuple[Any, ...]:
    if isinstance(found, QuerySet):
        found = found.order_by().values_list("pk", flat=True)[: MOST_SHOWN + 1]
    return tuple(islice(found, MOST_SHOWN + 1))


# What several questions ask


def long_ago(column: str) -> dict[str, object]:
    """The lookup of a time that passed longer ago than the grace, by the database."""
    return {f"{column}__lt": Now() - GRACE}


def wrongly_keyed(rows: QuerySet[Any], *, kind: str) -> Iterator[int]:
    """Ids of rows whose key is not the one of their address, in chunks by id.

    `kind` names the column of the address's kind. An erased address cannot be asked.
    """
    last = 0
    columns = ("pk", kind, "address", "key")
    rows = rows.exclude(address="").order_by("pk").values_list(*columns)
    while chunk := list(rows.filter(pk__gt=last)[:_CHUNK]):
        last = chunk[-1][0]
        for pk, kind_of, address, key in chunk:
            if _key_of(address, kind_of) != key:
                yield pk


def _key_of(address: str, kind: str) -> object:
    try:
        return addresses.parse(address, kind=addresses.AddressKind(kind)).key
    except ValueError:  # InvalidAddress is one too
        return None


def repeated(rows: QuerySet[Any], *columns: str) -> QuerySet[Any]:
    """Rows that have all these columns in common with an earlier one."""
    same = {column: OuterRef(column) for column in columns}
    return rows.filter(Exists(rows.filter(pk__lt=OuterRef("pk"), **same)))
