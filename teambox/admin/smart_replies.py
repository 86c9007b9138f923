"""Smart replies in the admin: rows to look at; they are built on their own page."""

from django.contrib import admin
from unfold.admin import TabularInline

from optout.admin.base import ReadOnly
from teambox.models import (
    SmartReply,
    SmartReplyAction,
    SmartReplyCategory,
    SmartReplyRun,
    SmartReplySettings,
)


class _Actions(TabularInline):  # type: ignore[misc]  # unfold has no types
    """What the question does, in order."""

    model = SmartReplyAction
    fields = ("name", "settings")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: object) -> bool:
        """Return False."""
        return False

    def has_view_permission(self, *_: object) -> bool:
        """Return True: who sees the question sees what it does."""
        return True


@admin.register(SmartReplyCategory)
class SmartReplyCategoryAdmin(ReadOnly):
    """Topics with their intents."""

    list_display = ("name", "intents", "is_active")
    list_filter = ("is_active",)


@admin.register(SmartReply)
class SmartReplyAdmin(ReadOnly):
    """Questions with their answers and actions."""

    list_display = ("__str__", "category", "answer", "is_active")
    list_filter = ("category", "is_active")
    list_select_related = ("category",)
    search_fields = ("answer",)
    inlines = (_Actions,)


@admin.register(SmartReplyRun)
class SmartReplyRunAdmin(ReadOnly):
    """What was done about which message."""

    list_display = ("created_at", "conversation", "phrasing", "silence", "finished_at")
    list_filter = ("silence",)
    list_select_related = ("conversation__channel",)


@admin.register(SmartReplySettings)
class SmartReplySettingsAdmin(ReadOnly):
    """The one row."""

    list_display = ("__str__", "is_on", "default_reply")
