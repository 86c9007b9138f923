"""Routes of this floor."""

from django.urls import URLPattern

from connectors import building_urls

urlpatterns: list[URLPattern] = [*building_urls.urlpatterns]
