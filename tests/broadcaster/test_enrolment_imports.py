"""CSV import of people into a sequence: mapping, dry run, what comes of the rows."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from broadcaster import sequences
from broadcaster.models import ReEnrolment, Sequence
from optout import imports
from optout.access import Role
from optout.actors import NOBODY
from optout.import_kinds import KINDS
from optout.imports import Choices, Upload
from optout.models import Channel, ImportJob, default_list, live_entries
from tests.factories import ASHA, LEENA, RAHUL
from tests.importing import MARIA, done, error_rows, file_of, planned
from tests.page_clients import browser_of, text_of
from tests.sequencing import configure, enrol, make_sequence
from tests.teambox.panels import key_of

PART = "enrolments"
HEADER = "number,name,opted out"


@pytest.fixture
def welcome(phone: Channel) -> Sequence:
    return make_sequence(phone)


def counted(welcome: Sequence, *rows: str, header: str = HEADER) -> ImportJob:
    """A job that waits for its start, its columns as they are guessed."""
    job = imports.create(
        KINDS[PART],
        Upload(BytesIO(file_of(rows, header)), "people.csv"),
        opt_out_list=default_list(),
        target_id=welcome.pk,
        actor=MARIA,
    )
    imports.count(job, job.mapping, Choices())
    return job


def imported(welcome: Sequence, *rows: str, header: str = HEADER) -> ImportJob:
    job = counted(welcome, *rows, header=header)
    imports.start(job, actor=MARIA)
    return job


def test_the_dry_run_counts_and_enrols_nobody(welcome) -> None:
    enrol(welcome, RAHUL)
    rows = (f"{ASHA},Asha,", f"{ASHA},Asha,", f"{RAHUL},Rahul,", "?,X,", f"{LEENA},,")
    job = counted(welcome, *rows)
    found = {"added": 1, "duplicate": 1, "already": 1, "bad": 2}
    assert planned(job, PART) == found
    assert welcome.enrolments.count() == 1


def test_people_are_enrolled_with_the_other_columns_as_variables(welcome) -> None:
    job = imported(welcome, f"{ASHA},Asha,no", f"{ASHA},Again,no")
    row = welcome.enrolments.get()
    assert done(job, PART) == {"added": 1, "duplicate": 1}
    assert (row.key, row.variables) == (key_of(ASHA), {"name": "Asha"})
    assert (row.get_source_display(), row.actor_label) == ("CSV import", "maria")


def test_who_is_marked_goes_on_the_list_and_is_not_enrolled(welcome) -> None:
    job = imported(welcome, f"{ASHA},Asha,yes", f"{RAHUL},Rahul,no")
    assert [row.address for row in welcome.enrolments.all()] == [RAHUL]
    assert live_entries().get().key == key_of(ASHA)
    figures = {one.label: one.number for one in KINDS[PART].figures(job, "done")}
    assert (figures["Enrolled"], figures["Marked as opted out"]) == (1, 1)


def test_a_bad_row_stands_in_the_error_file(welcome) -> None:
    job = imported(welcome, "nobody,X,")
    [row] = error_rows(job)
    assert row[0] == "2"
    assert "phone number" in row[1]


def test_an_email_alone_is_no_row_for_a_sequence_to_phones(welcome) -> None:
    job = imported(welcome, f"{LEENA},Leena", header="email,name")
    [row] = error_rows(job)
    assert "no number in this row" in row[1]
    assert not welcome.enrolments.exists()


@pytest.mark.parametrize(
    ("rule", "added"),
    [(ReEnrolment.NEVER, 0), (ReEnrolment.WHEN_ENDED, 0), (ReEnrolment.RESTART, 1)],
)
def test_the_rule_for_who_was_enrolled_before_counts(welcome, rule, added) -> None:
    configure(welcome, re_enrolment=rule)
    enrol(welcome, ASHA)
    job = imported(welcome, f"{ASHA},Asha,")
    assert planned(job, PART).get("added", 0) == added
    assert done(job, PART).get("added", 0) == added


def test_a_sequence_that_ended_meanwhile_ends_the_import_with_its_reason(
    welcome,
) -> None:
    job = counted(welcome, f"{ASHA},Asha,")
    sequences.end(welcome, actor=NOBODY)
    imports.start(job, actor=MARIA)
    assert job.state == "failed"
    assert "ended" in job.error


def test_the_pages_lead_from_the_upload_to_the_people(welcome) -> None:
    browser = browser_of(Role.MARKETER)
    file = SimpleUploadedFile("people.csv", file_of([f"{ASHA},Asha,"], HEADER))
    upload = f"/sequences/{welcome.pk}/enrol/file/"
    page = browser.post(upload, {"file": file}, follow=True)
    assert "Variable" in text_of(page)
    job = ImportJob.objects.get()
    assert (job.target_id, job.kind) == (welcome.pk, PART)
    assert f"/sequences/{welcome.pk}/people/" in page.content.decode()
    assert "people.csv" in text_of(browser.get(upload))
