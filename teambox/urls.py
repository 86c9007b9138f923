"""The pages' routes of teambox."""

from django.urls import path

from teambox import hooks

urlpatterns = [
    path("sandbox/inbound/", hooks.sandbox_inbound, name="sandbox-inbound"),
]
