"""Conversations: one for each address and channel, and what happened in it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from optout.addresses import AddressKind
from optout.models import Channel, OutgoingMessage
from teambox.models.inbound import InboundEvent

PREVIEW_CHARS = 120


class ConversationState(models.TextChoices):
    """Open until somebody solves it; a new message opens it again."""

    OPEN = "open", "Open"
    SOLVED = "solved", "Solved"


class Conversation(models.Model):
    """What a person and we write each other on one channel.

    Written by `conversations` alone. Whose contact it is, the address says. `version`
    is the id of its newest line: what changed since somebody looked has a higher one.
    """

    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="conversations", db_index=False
    )
    kind = models.CharField(max_length=6, choices=AddressKind)
    key = models.UUIDField()
    address = models.CharField(max_length=320)
    state = models.CharField(
        max_length=6, choices=ConversationState, default=ConversationState.OPEN
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    unread = models.PositiveIntegerField(default=0)
    preview = models.CharField(max_length=PREVIEW_CHARS, blank=True)
    version = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-last_at", "-id"]
        permissions = [("reply_conversation", "Can take care of conversations")]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "channel"], name="conversation_once"
            ),
        ]
        indexes = [
            # The tabs: one person's, nobody's and all open ones; those solved.
            models.Index(
                fields=["assignee", "-last_at", "-id"],
                condition=models.Q(state=ConversationState.OPEN),
                name="conversation_of_agent",
            ),
            models.Index(fields=["state", "-last_at", "-id"], name="conversation_tab"),
        ]

    def __str__(self) -> str:
        return f"{self.address} on {self.channel}"

    @property
    def is_open(self) -> bool:
        return self.state == ConversationState.OPEN


class LineKind(models.TextChoices):
    """What a line of a thread is."""

    INBOUND = "inbound", "Message of the person"
    REPLY = "reply", "Reply"
    NOTE = "note", "Internal note"
    SYSTEM = "system", "What happened"


class Line(models.Model):
    """One thing in a conversation; lines are added, never changed.

    A reply names its outgoing message, which has its state. Other messages to the
    address (broadcasts, list messages) are read where they are and have no line.
    """

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="lines", db_index=False
    )
    kind = models.CharField(max_length=7, choices=LineKind)
    text = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    event = models.ForeignKey(
        InboundEvent, models.PROTECT, null=True, related_name="+", db_index=False
    )
    message = models.OneToOneField(
        OutgoingMessage, models.PROTECT, null=True, related_name="line"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    actor_label = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # An event that is handled twice is one line.
            models.UniqueConstraint(
                fields=["event"],
                condition=models.Q(kind=LineKind.INBOUND),
                name="line_of_event_once",
            ),
        ]
        indexes = [models.Index(fields=["conversation", "id"], name="line_thread")]

    def __str__(self) -> str:
        return self.text[:60]
