"""The routes under /api/v1/, composed from each floor."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from optout.api.problems import not_found

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("optout.api.urls")),
    path("", include("teambox.api.urls")),
    path("", include("broadcaster.api.urls")),
    path("", include("connectors.api.urls")),
    re_path("", csrf_exempt(not_found)),
]
