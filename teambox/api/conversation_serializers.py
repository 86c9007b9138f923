"""Conversations and the review queue in the API."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from optout.addresses import MAX_RAW_CHARS
from optout.api.fields import Flag, Input, Text, Whole, limit
from optout.models import Hold, MessageState
from teambox.conversations import MAX_REPLY
from teambox.models import Conversation, LineKind
from teambox.transcripts import SENT, Item


class ConversationOutput(serializers.ModelSerializer[Conversation]):
    """A conversation; its address may be on opt-out lists whatever its state."""

    channel_id = serializers.IntegerField(read_only=True)
    assignee = serializers.CharField(
        source="assignee.username", default=None, read_only=True, allow_null=True
    )

    class Meta:
        model = Conversation
        fields = [
            "id",
            "channel_id",
            "address",
            "state",
            "assignee",
            "unread",
            "preview",
            "last_at",
            "created_at",
        ]
        read_only_fields = fields


class StartInput(Input):
    """Somebody to write to first."""

    channel_id = Whole()
    to = Text(max_length=MAX_RAW_CHARS, help_text="Any spelling.")
    region = Text(max_length=2, allow_null=True, required=False)
    text = Text(max_length=MAX_REPLY, trim_whitespace=False)


class WordsInput(Input):
    """What is written into a conversation."""

    text = Text(max_length=MAX_REPLY, trim_whitespace=False)


class AssignInput(Input):
    """Who takes care of it from now on."""

    assignee = Text(
        max_length=limit(User, "username"),
        allow_null=True,
        help_text="A username, or null for nobody.",
    )


class ItemOutput(serializers.Serializer[Item]):
    """One thing in a thread: a line, or a message that was sent to the address."""

    id = serializers.CharField(help_text="`line-…` or `message-…`.")
    kind = serializers.ChoiceField(choices=[*LineKind.values, SENT])
    at = serializers.DateTimeField()
    text = serializers.CharField()
    subject = serializers.CharField()
    by = serializers.CharField(help_text="Who wrote it, or what it was sent by.")
    status = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    @extend_schema_field(
        serializers.ChoiceField(choices=MessageState.choices, allow_null=True)
    )
    def get_status(self, item: Item) -> str | None:
        """What became of the message behind it; null without one."""
        return item.message.state if item.message else None

    @extend_schema_field(serializers.CharField())
    def get_error(self, item: Item) -> str:
        """Why the message was not delivered."""
        return item.message.error if item.message else ""


class TranscriptOutput(serializers.Serializer[Any]):
    """The newest of a thread, oldest first."""

    items = ItemOutput(many=True)
    before = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_before(self, read: Any) -> datetime | None:
        """What to ask for next as `before`; null when nothing is older."""
        return read.items[0].at if read.has_older else None


class ReviewOutput(serializers.ModelSerializer[Hold]):
    """An unclear request; while it waits, marketing to the address is withheld."""

    channel_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = Hold
        fields = [
            "id",
            "channel_id",
            "address",
            "text",
            "reason",
            "state",
            "created_at",
            "decided_at",
            "decided_by",
            "decision_note",
        ]
        read_only_fields = fields


class DismissInput(Input):
    """Why a request is no opt-out."""

    note = Text(max_length=limit(Hold, "decision_note"))
    identical = Flag(
        default=False, help_text="Also the others that wait with the same words."
    )


class DismissOutput(serializers.Serializer[Any]):
    """How many were dismissed."""

    dismissed = serializers.IntegerField()
