"""WebhookDelivery: one event on its way to a list's URL."""

from typing import Any

from django.db import models
from django.utils import timezone

from optout.models.lists import OptOutList


class DeliveryEvent(models.TextChoices):
    """What a webhook tells; the `webhook-event` header."""

    OPTED_OUT = "opted_out", "Opted out"
    LIFTED = "lifted", "Lifted"
    TEST = "test", "Test"


class DeliveryState(models.TextChoices):
    """`pending → delivering → delivered | retry → … → exhausted`, or `held`."""

    PENDING = "pending", "Pending"
    DELIVERING = "delivering", "Delivering"
    RETRY = "retry", "Waiting to retry"
    DELIVERED = "delivered", "Delivered"
    EXHAUSTED = "exhausted", "Failed"
    HELD = "held", "Held"


def no_tries() -> list[dict[str, Any]]:
    """Give the tries of a new delivery: inside the model `list` names its column."""
    return []


class WebhookDelivery(models.Model):
    """The body is frozen at the event; the URL is the list's current one.

    `tries` holds what each try met: at, status, milliseconds, error, response.
    """

    list = models.ForeignKey(
        OptOutList, models.PROTECT, related_name="deliveries", db_index=False
    )
    event = models.CharField(max_length=9, choices=DeliveryEvent)
    webhook_id = models.CharField(max_length=40, unique=True)
    body = models.TextField()
    state = models.CharField(
        max_length=10, choices=DeliveryState, default=DeliveryState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    tries = models.JSONField(default=no_tries)
    next_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-id"]
        indexes = [
            # The pump's claim.
            models.Index(
                fields=["next_at"],
                condition=models.Q(state__in=["pending", "retry"]),
                name="delivery_due",
            ),
            # The sweep of leases that ended.
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state="delivering"),
                name="delivery_leases",
            ),
            # The log of a list, and what waits for its endpoint.
            models.Index(fields=["list", "state", "-id"], name="delivery_log"),
        ]

    def __str__(self) -> str:
        return self.webhook_id
