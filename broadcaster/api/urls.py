"""The API's routes of broadcaster."""

from django.urls import path

from broadcaster.api import enrolments, sequences, steps, testing, views

_ONE = "broadcasts/<int:pk>/"
_SEQUENCE = "sequences/<int:pk>/"

urlpatterns = [
    path("broadcasts/", views.BroadcastCollection.as_view(), name="api-broadcasts"),
    path(_ONE, views.OneBroadcast.as_view(), name="api-broadcast"),
    path(f"{_ONE}recipients/", views.Recipients.as_view(), name="api-recipients"),
    path(f"{_ONE}launch/", views.Launching.as_view(), name="api-broadcast-launch"),
    path(f"{_ONE}pause/", views.Pausing.as_view(), name="api-broadcast-pause"),
    path(f"{_ONE}resume/", views.Resuming.as_view(), name="api-broadcast-resume"),
    path(f"{_ONE}cancel/", views.Cancelling.as_view(), name="api-broadcast-cancel"),
    path(
        f"{_ONE}duplicate/",
        views.Duplicating.as_view(),
        name="api-broadcast-duplicate",
    ),
    path(f"{_ONE}test/", testing.Testing.as_view(), name="api-broadcast-test"),
    path("sequences/", sequences.SequenceCollection.as_view(), name="api-sequences"),
    path(_SEQUENCE, sequences.OneSequence.as_view(), name="api-sequence"),
    path(f"{_SEQUENCE}start/", sequences.Starting.as_view(), name="api-sequence-start"),
    path(f"{_SEQUENCE}pause/", sequences.Pausing.as_view(), name="api-sequence-pause"),
    path(
        f"{_SEQUENCE}resume/", sequences.Resuming.as_view(), name="api-sequence-resume"
    ),
    path(f"{_SEQUENCE}end/", sequences.Ending.as_view(), name="api-sequence-end"),
    path(
        f"{_SEQUENCE}report/",
        sequences.SequenceReport.as_view(),
        name="api-sequence-report",
    ),
    path(
        f"{_SEQUENCE}steps/", steps.StepCollection.as_view(), name="api-sequence-steps"
    ),
    path(
        f"{_SEQUENCE}steps/<int:step>/",
        steps.OneStep.as_view(),
        name="api-sequence-step",
    ),
    path(
        f"{_SEQUENCE}enrolments/",
        enrolments.EnrolmentCollection.as_view(),
        name="api-sequence-enrolments",
    ),
    path(
        f"{_SEQUENCE}unenrol/",
        enrolments.Unenrolling.as_view(),
        name="api-sequence-unenrol",
    ),
]
