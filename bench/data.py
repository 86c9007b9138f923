"""What the set-based paths run on: the real tables, filled by SQL within minutes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from django.db import connection, models

from optout import addresses, lists, outbox
from optout.addresses import AddressKind
from optout.models import (
    ALL_CHANNELS,
    BatchState,
    Channel,
    Content,
    Entry,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    Purpose,
    Reason,
    Source,
    default_list,
)

# At scale 1. Each hundredth entry is a person's: one person in ten is on a list.
ENTRIES, PEOPLE = 10_000_000, 1_000_000
CHANNEL_ID = 700_001

# Six, three and one tenth, in runs of a hundred entries: people stand on all three.
_LIST = "CASE WHEN i / 100 % 10 < 6 THEN {} WHEN i / 100 % 10 < 9 THEN {} ELSE {} END"
_ENTRY = {
    "key": "coalesce(p.key, md5(i::text)::uuid)",
    "address": "coalesce(p.address, '+1' || 2000000000 + i)",
    "channel_id": f"CASE i / 1000 % 2 WHEN 0 THEN {ALL_CHANNELS} ELSE {CHANNEL_ID} END",
}
_ENTRIES = """
generate_series(1, {}) i LEFT JOIN bench_person p ON i % 100 = 0 AND p.n = i / 10
ORDER BY i
"""


@dataclass(frozen=True, slots=True)
class Data:
    """A phone channel, three lists, and how many entries and people there are."""

    channel: Channel
    lists: tuple[OptOutList, ...]
    content: Content
    entries: int
    people: int

    def empty_batch(self, *selected: OptOutList) -> OutgoingBatch:
        """A draft without recipients that selects all three lists, or these."""
        return outbox.open_batch(
            channel=self.channel,
            purpose=Purpose.BROADCAST,
            lists=selected or self.lists,
            state=BatchState.DRAFT,
        )

    def batch_to(self, people: int, *selected: OptOutList) -> OutgoingBatch:
        """A draft with so many as queued recipients, in the order of `n`."""
        batch = self.empty_batch(*selected)
        template = OutgoingMessage.objects.create(
            batch=batch,
            content=self.content,
            channel=self.channel,
            key=addresses.parse("+34700000000").key,
        )
        person = {"key": "p.key", "address": "p.address"}
        with without_indexes(OutgoingMessage):
            multiply(template, person, f"bench_person p WHERE n <= {people} ORDER BY n")
        vacuum(OutgoingMessage)
        return batch


@cache
def load(scale: float) -> Data:
    """Fill the tables once; the benches of a run share them."""
    channel = Channel.objects.create(
        channel_id=CHANNEL_ID,
        name="Bench of sets",
        kind="sandbox",
        address_kind=AddressKind.PHONE,
    )
    chosen = (default_list(), _list("Sales"), _list("News"))
    content = Content.objects.create(text="Sale! Reply STOP to opt out.")
    data = Data(channel, chosen, content, int(ENTRIES * scale), int(PEOPLE * scale))
    put_people("bench_person", 1, data.people)
    _put_entries(data)
    lists.roll_up_counts()
    return data


def _list(name: str) -> OptOutList:
    row = OptOutList(name=name, message="You left.")
    return lists.save(row, lists.Words(keyword=f"{name} off"))


def number(n: int) -> str:
    """The E.164 number of a person."""
    return f"+346{n:08d}"


def put_people(table: str, first: int, last: int) -> None:
    """People from `first` to `last`, each with the key the product gives the number."""
    execute(
        f"CREATE TABLE {table} (n int PRIMARY KEY, key uuid NOT NULL, address text)"
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for n in range(first, last + 1):
            found = addresses.parse_phone(number(n))
            copy.write_row((n, found.key, found.address))
    execute(f"VACUUM ANALYZE {table}")


def _put_entries(data: Data) -> None:
    template = Entry.objects.create(
        list=data.lists[0],
        channel=data.channel,
        key=addresses.parse("+34700000000").key,
        address_kind=AddressKind.PHONE,
        source=Source.IMPORT,
        reason_code=Reason.IMPORTED,
    )
    list_id = _LIST.format(*(row.pk for row in data.lists))
    with without_indexes(Entry):
        multiply(
            template, {**_ENTRY, "list_id": list_id}, _ENTRIES.format(data.entries)
        )
    vacuum(Entry)


def multiply(template: models.Model, values: dict[str, str], source: str) -> None:
    """A row like the template, with other values, for each row of the source.

    The template goes. Columns come from the model, so that none is forgotten.
    """
    table = template._meta.db_table
    columns = [
        field.column
        for field in template._meta.concrete_fields
        if not field.primary_key
    ]
    chosen = ", ".join(values.get(column, f"t.{column}") for column in columns)
    # The rows are right by construction: foreign keys need not be looked up.
    execute("SET session_replication_role = replica")
    execute(f"CREATE TEMP TABLE t AS SELECT * FROM {table} WHERE id = {template.pk}")
    execute(f"DELETE FROM {table} WHERE id = {template.pk}")
    execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen}"
        f" FROM t CROSS JOIN {source}"
    )
    execute("DROP TABLE t")
    execute("SET session_replication_role = DEFAULT")


@contextmanager
def without_indexes(model: type[models.Model]) -> Iterator[None]:
    """Drop what the model declares, and build it again once the rows are there."""
    declared = model._meta
    with connection.schema_editor() as editor:
        for constraint in declared.constraints:
            editor.remove_constraint(model, constraint)
        for index in declared.indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for constraint in declared.constraints:
            editor.add_constraint(model, constraint)
        for index in declared.indexes:
            editor.add_index(model, index)


def forget_messages() -> None:
    """Leave the next bench an empty table."""
    execute("SET session_replication_role = replica")
    execute("DELETE FROM optout_outgoingmessage")
    execute("SET session_replication_role = DEFAULT")
    vacuum(OutgoingMessage)
    execute("CHECKPOINT")


def vacuum(model: type[models.Model]) -> None:
    """Leave neither dead rows nor stale statistics to the next variant."""
    execute(f"VACUUM ANALYZE {model._meta.db_table}")


def execute(statement: str, params: dict[str, object] | None = None) -> None:
    """Run one statement of ours."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
