"""Routes of this floor."""

from django.urls import URLPattern, path

from connectors import building_urls, hooks, run_urls

urlpatterns: list[URLPattern] = [
    path("hooks/connectors/<str:token>/", hooks.receive, name="connector-hook"),
    *building_urls.urlpatterns,
    *run_urls.urlpatterns,
]
