"""The workspace's settings in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from optout.admin.base import Admin
from optout.models import Workspace


@admin.register(Workspace)
class WorkspaceAdmin(Admin):
    """The one row, made by a migration."""

    list_display = ("name", "default_region", "person_opts_out_everywhere")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False
