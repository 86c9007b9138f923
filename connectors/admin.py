"""Connectors in the Django admin: to look at, as pages and flows write all of it."""

from django.contrib import admin

from connectors.models import Connector, Run, Version
from optout.admin.base import ReadOnly


@admin.register(Connector)
class ConnectorAdmin(ReadOnly):
    """The builder changes a connector. Its URL and its secrets are not shown here."""

    list_display = ("name", "is_active", "signature_kind", "posts_per_minute")
    list_filter = ("is_active", "signature_kind")
    search_fields = ("name", "description")
    exclude = ("token", "token_digest", "signature")
    ordering = ("name",)


@admin.register(Version)
class VersionAdmin(ReadOnly):
    """The steps of a connector as they were at one time."""

    list_display = ("connector", "number", "actor_label", "created_at")
    list_select_related = ("connector",)
    search_fields = ("connector__name",)
    ordering = ("-id",)


@admin.register(Run)
class RunAdmin(ReadOnly):
    """What came in, and what was done about it. The pages of runs set one going."""

    list_display = ("id", "connector", "state", "origin", "received_at", "error")
    list_filter = ("state", "origin", "connector")
    list_select_related = ("connector",)
    search_fields = ("=id", "connector__name", "error")
    exclude = ("once", "lease_until", "attempts", "failures")
    ordering = ("-id",)
