"""Broadcasts in the Django admin: to look at, since launching and editing are flows."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from broadcaster.models import Broadcast


@admin.register(Broadcast)
class BroadcastAdmin(ModelAdmin):  # type: ignore[misc]  # it has no type hints
    """Read-only; the pages of the broadcaster change a broadcast."""

    list_display = ("name", "status_label", "channel", "row_count", "launched_at")
    list_select_related = ("batch__channel",)
    search_fields = ("name",)
    exclude = ("recipients", "lease_until", "attempt")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a broadcast begins on its own page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: its messages are evidence."""
        return False
