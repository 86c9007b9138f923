"""Imports of entries: rows of a file that become opt-outs of one list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from optout import entries, import_kinds, import_rows
from optout.actors import Actor, Evidence
from optout.csv_files import Record
from optout.csv_tables import Table
from optout.entries import Request
from optout.import_kinds import Done, Figure, ImportRefused, Kind, Part
from optout.import_rows import Layout, Role, Row
from optout.models import (
    ALL_CHANNELS,
    Entry,
    ImportedKey,
    ImportJob,
    live_entries,
    replacement_of,
)

_MAX_NOTE: int = Entry._meta.get_field("note").max_length or 0
_ONCE = (Role.NUMBER, Role.EMAIL, Role.OPTED_OUT)


class EntriesPart(Part):
    """Adds the rows to the job's list; where a column marks people, the marked ones.

    `keeps_problems` is for imports that are about entries alone: else another part
    reads the same rows and tells what is wrong with them.
    """

    name = "entries"
    label = "Adding to the list"

    def __init__(self, job: ImportJob, *, keeps_problems: bool = True) -> None:
        self.layout = Layout.of(job)
        self.keeps_problems = keeps_problems
        columns = max(1, len(self.layout.address_columns))
        self.chunk_rows = max(1, import_kinds.CHUNK_ADDRESSES // columns)

    def plan(self, job: ImportJob, records: Sequence[Record]) -> Done:
        rows = [import_rows.read(record, self.layout) for record in records]
        wanted = self._wanted(rows)
        first: dict[UUID, int] = {}
        for row in wanted:
            for address in row.addresses:
                first.setdefault(address.key, row.number)
        fresh = import_kinds.stage(job, self.name, first)
        already = self._listed(job, fresh)
        bad = [row for row in wanted if row.problem]
        if self.keeps_problems:
            import_kinds.keep_problems(
                job, [(row.number, row.cells, row.problem) for row in bad]
            )
        return Done(
            {
                "added": len(fresh) - already,
                "already": already,
                "duplicate": sum(len(row.addresses) for row in wanted) - len(fresh),
                "bad": len(bad),
                "marked": len(wanted),
                "unmarked": len(rows) - len(wanted),
            }
        )

    def _wanted(self, rows: Sequence[Row]) -> list[Row]:
        if not self.layout.columns_of(Role.OPTED_OUT):
            return list(rows)
        return [row for row in rows if self.layout.is_marked(row)]

    def _listed(self, job: ImportJob, keys: set[UUID]) -> int:
        place = {"list": replacement_of(job.list), "channel": job.channel_id}
        return live_entries().filter(key__in=keys, **place).count()

    def carry_out(self, job: ImportJob, records: Sequence[Record]) -> Done:
        rows = [import_rows.read(record, self.layout) for record in records]
        wanted = self._wanted(rows)
        requests = self._requests(job, wanted)
        addresses = sum(len(row.addresses) for row in wanted)
        asked = [address.key for one in requests for address in one.addresses]
        tally = {"duplicate": addresses - len(asked)}
        if requests:
            tally |= self._enter(job, requests, rows)
        return Done(tally, asked)

    def _requests(self, job: ImportJob, rows: Sequence[Row]) -> list[Request]:
        """An opt-out for each row, without the addresses that stood further up."""
        keys = [address.key for row in rows for address in row.addresses]
        first = import_kinds.first_rows(job, self.name, keys)
        found = []
        for row in rows:
            new = tuple(a for a in row.addresses if first.pop(a.key, 0) == row.number)
            if new:
                note = self.layout.note_of(row)[:_MAX_NOTE]
                found.append(
                    Request(
                        addresses=new,
                        list_ids=(job.list_id,),
                        channel_id=job.channel_id or ALL_CHANNELS,
                        evidence=Evidence(note=note),
                    )
                )
        return found

    def _enter(
        self, job: ImportJob, requests: Sequence[Request], rows: Sequence[Row]
    ) -> dict[str, int]:
        done = entries.enter_imported(
            requests,
            actor=Actor(job.started_by_id, job.started_label),
            facts={"import": job.pk, "rows": [rows[0].number, rows[-1].number]},
            post_after=_post_after(job),
        )
        job.webhooks_until = done.webhooks_until
        created = [entry for one in done.outcomes for entry in one.created]
        _note_entries(job, self.name, created)
        standing = sum(len(one.entries) for one in done.outcomes)
        return {"added": len(created), "already": standing - len(created)}


def _post_after(job: ImportJob) -> datetime | None:
    if not job.posts_webhooks:
        return None
    now = timezone.now()
    return max(now, job.webhooks_until or now)


def _note_entries(job: ImportJob, part: str, created: Sequence[Entry]) -> None:
    """Tell which entry was made of which address, in one statement."""
    made = Entry.objects.filter(
        key=OuterRef("key"), pk__in=[entry.pk for entry in created]
    )
    keys = [entry.key for entry in created]
    ImportedKey.objects.filter(job=job, part=part, key__in=keys).update(
        entry_id=Subquery(made.values("pk")[:1])
    )


class EntryImports(Kind):
    """CSV import on a list's page."""

    name = "entries"
    title = "Import entries"
    main_part = EntriesPart.name
    permissions = ("optout.bulk_entries", "optout.add_entry")
    asks = frozenset({"channel", "silent"})

    def roles(self) -> list[tuple[str, str]]:
        return [(role.value, role.label) for role in Role]

    def guess(self, table: Table, *, region: str | None) -> dict[str, str]:
        return import_rows.guess(table, region=region)

    def check(self, mapping: Mapping[str, str]) -> None:
        import_kinds.require_address_column(mapping)
        chosen = list(mapping.values())
        for role in _ONCE:
            if chosen.count(role) > 1:
                raise ImportRefused(
                    "column_twice", f"Only one column can be “{role.label}”."
                )

    def parts(self, job: ImportJob) -> list[Part]:
        return [EntriesPart(job)]

    def figures(self, job: ImportJob, phase: str) -> list[Figure]:
        found = import_kinds.entry_figures(job, phase)
        found.append(import_kinds.bad_rows(job, EntriesPart.name))
        if unmarked := job.tally("planned", EntriesPart.name).get("unmarked", 0):
            found.append(Figure("Not marked as opted out", unmarked, note="left alone"))
        return [*found, Figure("Rows in the file", job.row_count)]

    def upload_url(self, job: ImportJob) -> str:
        return reverse("list-import", args=[job.list_id])

    def result_url(self, job: ImportJob) -> tuple[str, str]:
        return job.list.name, reverse("list", args=[job.list_id])
