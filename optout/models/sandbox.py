"""SandboxMessage: what the built-in provider has accepted."""

from django.db import models
from django.utils import timezone

from optout.models.channel import Channel


class SandboxMessage(models.Model):
    """A message as it lies on the sandbox phone or in the sandbox mailbox.

    This table belongs to the sandbox provider: nothing but its transport, its page
    and the invariants reads it. It would hold a message twice if it were sent twice.
    """

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+")
    message_id = models.BigIntegerField(db_index=True)
    provider_id = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=320, db_index=True)
    subject = models.CharField(max_length=400, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.provider_id
