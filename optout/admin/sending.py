"""What goes out, in the admin: batches, hours, contents, messages, webhooks."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from optout import webhook_queue
from optout.admin.base import ReadOnly
from optout.models import (
    Content,
    OutgoingBatch,
    OutgoingMessage,
    SendingHours,
    WebhookDelivery,
)


@admin.register(OutgoingBatch)
class OutgoingBatchAdmin(ReadOnly):
    """Sends: who wrote to whom on which channel with which lists."""

    list_display = ("id", "purpose", "channel", "state", "created_at", "finished_at")
    list_filter = ("purpose", "state", "channel")
    list_select_related = ("channel",)
    ordering = ("-id",)


@admin.register(SendingHours)
class SendingHoursAdmin(ReadOnly):
    """When of the day batches and steps are handed over; never changed once made."""

    list_display = ("__str__", "days", "zone", "by_recipient")
    list_filter = ("by_recipient",)
    search_fields = ("zone",)


@admin.register(Content)
class ContentAdmin(ReadOnly):
    """The words of messages; never changed once written."""

    list_display = ("id", "__str__", "created_at")
    ordering = ("-id",)


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(ReadOnly):
    """Single messages and what became of them."""

    list_display = ("id", "address", "channel", "state", "error", "created_at")
    list_filter = ("state", "channel")
    list_select_related = ("channel",)
    search_fields = ("=address",)
    ordering = ("-id",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    """Webhooks on their way, with every try."""

    list_display = ("created_at", "list", "event", "state", "attempts", "next_at")
    list_filter = ("state", "event", "list")
    list_select_related = ("list",)
    search_fields = ("=webhook_id",)
    actions = ("resend",)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Whether the user may send webhooks again."""
        return request.user.has_perm("optout.resend_webhooks")

    @admin.action(description="Resend", permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Try the chosen ones again, with the same id and body."""
        queued = webhook_queue.resend(queryset)
        self.message_user(request, f"{queued} will be sent again.", messages.SUCCESS)
