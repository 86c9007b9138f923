"""Conversations in the admin: rows to look at; canned replies are made here too."""

from django.contrib import admin

from optout.admin.base import Admin, ReadOnly
from teambox.models import CannedReply, Conversation, Line


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


@admin.register(CannedReply)
class CannedReplyAdmin(Admin):
    """As on the Teambox's page."""

    list_display = ("__str__", "text")
    search_fields = ("shortcut", "text")
