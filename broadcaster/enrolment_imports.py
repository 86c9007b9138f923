"""Imports of enrolments: rows of a file that are enrolled into one sequence."""

from collections.abc import Collection, Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from broadcaster import enrolments
from broadcaster.enrolments import Result
from broadcaster.models import (
    Enrolment,
    EnrolmentSource,
    EnrolmentState,
    ReEnrolment,
    Sequence,
    all_sequences,
)
from optout import import_kinds, import_rows
from optout.actors import Actor
from optout.addresses import Address
from optout.content import MAX_VALUE
from optout.csv_files import Record
from optout.csv_tables import Table
from optout.entry_imports import EntriesPart
from optout.import_kinds import Done, Figure, ImportRefused, Kind, Part
from optout.import_rows import Layout, Role, Row
from optout.models import ImportJob
from optout.outbox import Recipient

VARIABLE = "variable"
_ONCE = (Role.NUMBER, Role.EMAIL, Role.OPTED_OUT)
_BEGINS = frozenset({Result.ENROLLED, Result.RESTARTED})


def sequence_of(job: ImportJob) -> Sequence:
    """The sequence that a job's rows are enrolled into."""
    return all_sequences().get(pk=job.target_id or 0)


@dataclass(frozen=True, slots=True)
class Person:
    """A row that can be enrolled, or what stands against it."""

    row: Row
    address: Address | None
    problem: str = ""
    is_marked: bool = False


class EnrolmentsPart(Part):
    """Enrols the rows by the sequence's rule; who is marked as opted out is not."""

    name = "enrolments"
    label = "Enrolling"

    def __init__(self, job: ImportJob) -> None:
        self.layout = Layout.of(job)
        self.sequence = sequence_of(job)
        self.variables = self.layout.columns_of(VARIABLE)

    def plan(self, job: ImportJob, records: Rows[Record]) -> Done:
        people = [self._person(record) for record in records]
        found = [one for one in people if one.address and not one.is_marked]
        first: dict[UUID, int] = {}
        for one in found:
            first.setdefault(_key(one), one.row.number)
        fresh = import_kinds.stage(job, self.name, first)
        stay = _who_stay(self.sequence, fresh)
        bad = [one for one in people if one.problem]
        import_kinds.keep_problems(
            job, [(one.row.number, one.row.cells, one.problem) for one in bad]
        )
        return Done(
            {
                "added": len(fresh) - len(stay),
                "already": len(stay),
                "duplicate": len(found) - len(fresh),
                "marked": sum(one.is_marked for one in people),
                "bad": len(bad),
            }
        )

    def _person(self, record: Record) -> Person:
        row = import_rows.read(record, self.layout)
        if self.layout.is_marked(row):
            return Person(row, None, is_marked=True)
        kind = self.sequence.channel.address_kind
        address = next((a for a in row.addresses if a.kind == kind), None)
        if address is None:
            name = "email" if self.sequence.is_email else "number"
            what = f"There is no {name} in this row, which this sequence needs."
            return Person(row, None, row.problem or what)
        return Person(row, address, row.problem)

    def carry_out(self, job: ImportJob, records: Rows[Record]) -> Done:
        people = [self._person(record) for record in records]
        found = [one for one in people if one.address and not one.is_marked]
        first = import_kinds.first_rows(job, self.name, [_key(one) for one in found])
        new = [one for one in found if first.pop(_key(one), 0) == one.row.number]
        results = enrolments.enrol_many(
            self.sequence,
            [self._recipient(one) for one in new],
            source=EnrolmentSource.IMPORT,
            actor=Actor(job.started_by_id, job.started_label),
        )
        begun = sum(one.result in _BEGINS for one in results)
        return Done(
            {
                "added": begun,
                "already": len(results) - begun,
                "duplicate": len(found) - len(new),
            }
        )

    def _recipient(self, one: Person) -> Recipient:
        cells = one.row.values
        said = {
            name: cells[name][:MAX_VALUE] for name in self.variables if cells.get(name)
        }
        return Recipient(_key(one), one.address.address if one.address else "", said)


def _key(one: Person) -> UUID:
    if one.address is None:
        raise ValueError("This row has no address.")
    return one.address.key


def _who_stay(sequence: Sequence, keys: Collection[UUID]) -> set[UUID]:
    """Those whom the sequence's rule does not let begin again."""
    if sequence.re_enrolment == ReEnrolment.RESTART:
        return set()
    before = Enrolment.objects.filter(sequence=sequence, key__in=keys)
    if sequence.re_enrolment == ReEnrolment.WHEN_ENDED:
        before = before.exclude(state=EnrolmentState.ENDED)
    return set(before.values_list("key", flat=True))


class EnrolmentImports(Kind):
    """CSV import on a sequence's page; who is marked as opted out goes on a list."""

    name = "enrolments"
    title = "Enrol from a CSV file"
    main_part = EnrolmentsPart.name
    permissions = (
        "optout.send_messages",
        "broadcaster.view_sequence",
        "optout.bulk_entries",
    )
    asks = frozenset({"add_marked", "list", "silent"})
    about = (
        "People in the file are enrolled and get the steps in their time. Who is "
        "marked as opted out is not enrolled. Other columns become variables of the "
        "messages."
    )
    stays = "Who was enrolled stays enrolled."

    def roles(self) -> list[tuple[str, str]]:
        kept = (Role.IGNORED, Role.NUMBER, Role.EMAIL, Role.OPTED_OUT)
        return [*((role.value, role.label) for role in kept), (VARIABLE, "Variable")]

    def guess(self, table: Table, *, region: str | None) -> dict[str, str]:
        found = import_rows.guess(table, region=region)
        unused = (Role.IGNORED, Role.NOTE)
        return {n: VARIABLE if role in unused else role for n, role in found.items()}

    def check(self, mapping: Mapping[str, str]) -> None:
        import_kinds.require_address_column(mapping)
        chosen = list(mapping.values())
        for role in _ONCE:
            if chosen.count(role) > 1:
                message = f"Only one column can be “{role.label}”."
                raise ImportRefused("column_twice", message)

    def parts(self, job: ImportJob) -> list[Part]:
        """Opt-outs first: nobody is enrolled before they count."""
        opt_outs = [EntriesPart(job, keeps_problems=False)] if job.adds_entries else []
        return [*opt_outs, EnrolmentsPart(job)]

    def figures(self, job: ImportJob, phase: str) -> list[Figure]:
        tally = job.tally(phase, EnrolmentsPart.name)
        marked = job.tally("planned", EnrolmentsPart.name).get("marked", 0)
        label = "Enrolled" if phase == "done" else "To be enrolled"
        return [
            Figure(label, tally.get("added", 0), "ok"),
            Figure("Enrolled before", tally.get("already", 0), note="left as they are"),
            Figure("Duplicate", tally.get("duplicate", 0)),
            Figure("Marked as opted out", marked, "warn", note=_note(job, phase)),
            import_kinds.bad_rows(job, EnrolmentsPart.name),
            Figure("Rows in the file", job.row_count),
        ]

    def upload_url(self, job: ImportJob) -> str:
        return reverse("sequence-import", args=[job.target_id])

    def result_url(self, job: ImportJob) -> tuple[str, str]:
        url = reverse("sequence-people", args=[job.target_id])
        return sequence_of(job).name, url


def _note(job: ImportJob, phase: str) -> str:
    """What becomes of who is marked."""
    if not job.adds_entries:
        return "not enrolled"
    to_add, already, _ = import_kinds.entry_figures(job, phase)
    said = f"{to_add.label.lower()} to {job.list}: {to_add.number:,}"
    return said + (f", already there: {already.number:,}" if already.number else "")
