"""LedgerEvent and LedgerDetail: what happened, append-only, plaintext apart."""

from django.db import models
from django.utils import timezone


class LedgerKind(models.TextChoices):
    """What an event of the ledger tells."""

    OPTED_OUT = "opted_out", "Opted out"
    REPEATED = "repeated", "Asked again"
    STALE = "stale", "Older than what we know"
    LIFTED = "lifted", "Removed from list"
    PUT_BACK = "put_back", "Put back"
    MOVED = "moved", "Moved to another list"
    HELD = "held", "Under review"
    DISMISSED = "dismissed", "Review dismissed"
    DEFAULT_SKIPPED = "default_skipped", "Default list left out"
    IMPORTED = "imported", "Imported"
    LIST_DELETED = "list_deleted", "List deleted"


class LedgerEvent(models.Model):
    """One fact, without plaintext of a person. Rows are never changed or deleted."""

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=16, choices=LedgerKind)
    key = models.UUIDField(null=True)
    list_id = models.BigIntegerField(null=True)
    channel_id = models.PositiveIntegerField(null=True)
    entry_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=12, blank=True)
    reason_code = models.CharField(max_length=20, blank=True)
    actor = models.CharField(max_length=150, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["key", "id"], name="ledger_of_address")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class LedgerDetail(models.Model):
    """The erasable part of an event: address, text, IP address, user agent."""

    event = models.OneToOneField(
        LedgerEvent, models.PROTECT, primary_key=True, related_name="detail"
    )
    address = models.CharField(max_length=320, blank=True)
    raw = models.CharField(max_length=400, blank=True)
    text = models.TextField(blank=True)
    provider_message_id = models.CharField(max_length=255, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"detail of {self.event_id}"
