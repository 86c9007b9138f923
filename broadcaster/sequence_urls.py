"""The routes of the pages of sequences."""

from django.urls import URLPattern, path

from broadcaster.views import (
    enrolments,
    sequence_audience,
    sequence_reports,
    sequence_steps,
    sequences,
)

_ONE = "sequences/<int:pk>"
_STEP = f"{_ONE}/steps/<int:step_pk>"
_ENROLMENT = "sequences/enrolments/<int:pk>"

urlpatterns: list[URLPattern] = [
    path("sequences/", sequences.index, name="sequences"),
    path("sequences/new/", sequences.new, name="sequence-new"),
    path(f"{_ONE}/", sequences.page, name="sequence"),
    path(f"{_ONE}/edit/", sequences.edit, name="sequence-edit"),
    path(f"{_ONE}/start/", sequences.start, name="sequence-start"),
    path(f"{_ONE}/pause/", sequences.pause, name="sequence-pause"),
    path(f"{_ONE}/resume/", sequences.resume, name="sequence-resume"),
    path(f"{_ONE}/end/", sequences.end, name="sequence-end"),
    path(f"{_ONE}/preview/", sequence_steps.preview, name="sequence-preview"),
    path(f"{_ONE}/steps/new/", sequence_steps.new, name="sequence-step-new"),
    path(f"{_STEP}/", sequence_steps.step, name="sequence-step"),
    path(f"{_STEP}/mail/", sequence_steps.mail, name="sequence-step-mail"),
    path(f"{_STEP}/move/", sequence_steps.move, name="sequence-step-move"),
    path(f"{_STEP}/delete/", sequence_steps.delete, name="sequence-step-delete"),
    path(f"{_ONE}/people/", enrolments.people, name="sequence-people"),
    path(f"{_ONE}/enrol/", enrolments.enrol, name="sequence-enrol"),
    path(f"{_ONE}/enrol/contacts/", sequence_audience.page, name="sequence-contacts"),
    path(f"{_ONE}/enrol/file/", enrolments.upload, name="sequence-import"),
    path(f"{_ONE}/upcoming/", sequence_reports.upcoming, name="sequence-upcoming"),
    path(f"{_ONE}/report/", sequence_reports.report, name="sequence-report"),
    path(f"{_ENROLMENT}/unenrol/", enrolments.unenrol, name="enrolment-unenrol"),
    path(f"{_ENROLMENT}/resume/", enrolments.resume, name="enrolment-resume"),
]
