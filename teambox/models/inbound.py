"""InboundEvent: what a person wrote to us, stored before anything is done about it."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from optout.models import Channel


class EventState(models.TextChoices):
    """An event is stored, then handled; what cannot be handled is kept as failed."""

    STORED = "stored", "Stored"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class InboundOutcome(models.TextChoices):
    """What a message did."""

    OPTED_OUT = "opted_out", "Opted out"
    LIFTED = "lifted", "Came back"
    STILL_OPTED_OUT = "still_opted_out", "Came back, but something still blocks"
    STALE = "stale", "Older than what we know"
    REVIEW = "review", "Under review"
    HELP = "help", "Asked for help"
    MESSAGE = "message", "A message"


class InboundEvent(models.Model):
    """One message as a provider handed it in, and what came of it.

    The provider's id is unique on its channel for ever: that is the guard against
    repeats and replays. `answer` holds the lists concerned and the rule that decided.
    """

    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="inbound_events", db_index=False
    )
    provider_event_id = models.CharField("message id", max_length=255)
    sender = models.CharField(max_length=400)
    text = models.TextField(blank=True)
    payload = models.JSONField(default=dict, blank=True)
    already_answered = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(
        max_length=6, choices=EventState, default=EventState.STORED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=15, choices=InboundOutcome, blank=True)
    answer = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("retry_inboundevent", "Can handle an inbound event again")]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "provider_event_id"], name="inbound_event_once"
            ),
        ]
        indexes = [
            # The pump's claim.
            models.Index(
                fields=["next_at"],
                condition=models.Q(state=EventState.STORED),
                name="inbound_due",
            ),
            # What waits for somebody to look at it.
            models.Index(
                fields=["-id"],
                condition=models.Q(state=EventState.FAILED),
                name="inbound_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_event_id} on channel {self.channel_id}"

    @property
    def asked_at(self) -> datetime:
        """When the person wrote it: a provider's clock that is ahead does not count."""
        return min(self.sent_at or self.received_at, self.received_at)

    @property
    def is_in_hand(self) -> bool:
        """Whether somebody is handling it now, as far as one can know."""
        return (
            self.state == EventState.STORED
            and self.lease_until is not None
            and self.lease_until > timezone.now()
        )
