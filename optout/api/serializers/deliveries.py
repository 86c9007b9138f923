"""Webhook deliveries in the API."""

from rest_framework import serializers

from optout.models import WebhookDelivery


class DeliveryOutput(serializers.ModelSerializer[WebhookDelivery]):
    """A delivery as collections show it."""

    list = serializers.IntegerField(source="list_id", read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "list",
            "event",
            "webhook_id",
            "state",
            "attempts",
            "next_at",
            "created_at",
            "delivered_at",
        ]
        read_only_fields = fields


class OneDeliveryOutput(DeliveryOutput):
    """A delivery with its body and each try."""

    class Meta(DeliveryOutput.Meta):
        fields = [*DeliveryOutput.Meta.fields, "body", "tries"]
        read_only_fields = fields
