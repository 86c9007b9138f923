"""The API's routes of broadcaster."""

from django.urls import path

from broadcaster.api import views

_ONE = "broadcasts/<int:pk>/"

urlpatterns = [
    path("broadcasts/", views.BroadcastCollection.as_view(), name="api-broadcasts"),
    path(_ONE, views.OneBroadcast.as_view(), name="api-broadcast"),
    path(f"{_ONE}recipients/", views.Recipients.as_view(), name="api-recipients"),
    path(f"{_ONE}launch/", views.Launching.as_view(), name="api-broadcast-launch"),
    path(f"{_ONE}pause/", views.Pausing.as_view(), name="api-broadcast-pause"),
    path(f"{_ONE}resume/", views.Resuming.as_view(), name="api-broadcast-resume"),
    path(f"{_ONE}cancel/", views.Cancelling.as_view(), name="api-broadcast-cancel"),
]
