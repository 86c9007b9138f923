"""The Django admin of this floor: what came in, to look at and to handle again."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from teambox import inbound
from teambox.models import InboundEvent


@admin.register(InboundEvent)
class InboundEventAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Nothing is edited here: an event is what a provider handed in."""

    list_display = ("received_at", "channel", "sender", "state", "outcome", "error")
    list_filter = ("state", "outcome", "channel")
    list_select_related = ("channel",)
    search_fields = ("provider_event_id", "sender")
    actions = ("handle_again",)
    show_full_result_count: ClassVar[bool] = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: InboundEvent | None = None
    ) -> bool:
        """Return False."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: InboundEvent | None = None
    ) -> bool:
        """Return False: the provider's id guards against repeats for ever."""
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have an event handled again."""
        return request.user.has_perm("teambox.retry_inboundevent")

    @admin.action(description="Handle again", permissions=["retry"])
    def handle_again(
        self, request: HttpRequest, queryset: QuerySet[InboundEvent]
    ) -> None:
        """Free the failed ones among the chosen events; the others stay as they are."""
        freed = sum(inbound.retry(event) for event in queryset)
        self.message_user(request, f"{freed} will be tried again.", messages.SUCCESS)
