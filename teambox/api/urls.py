"""The API's routes of teambox."""

from django.urls import path

from teambox.api import views

urlpatterns = [
    path("inbound/<int:channel_id>/", views.Inbound.as_view(), name="api-inbound"),
]
