"""Conversations in the admin: rows to look at."""

from django.contrib import admin

from optout.admin.base import ReadOnly
from teambox.models import Conversation, Line


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    """Written in the Teambox."""

    list_display = ("address", "channel", "state", "assignee", "unread", "last_at")
    list_filter = ("state", "channel")
    list_select_related = ("channel", "assignee")
    search_fields = ("address",)


@admin.register(Line)
class LineAdmin(ReadOnly):
    """What happened in conversations, latest first."""

    list_display = ("at", "conversation", "kind", "text", "actor_label")
    list_filter = ("kind",)
    list_select_related = ("conversation__channel",)
    ordering = ("-id",)
