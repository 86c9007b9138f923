"""Channels in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from optout.admin.base import ReadOnly, StoredByForm
from optout.channel_forms import ChannelForm, form_class
from optout.channels import load_all
from optout.channels.base import KINDS
from optout.models import Channel, SandboxMessage, connected_channels

_WORDS = "disabled_core_words"


class KindForm(forms.Form):
    """Which kind of channel is made; each has a form of its own."""

    kind = forms.ChoiceField(label="Kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the kinds there are, by their numbers."""
        super().__init__(*args, **kwargs)
        load_all()
        kinds = sorted(KINDS.values(), key=lambda kind: kind.first_channel_id)
        choices = [(kind.kind, kind.label) for kind in kinds]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]


@admin.register(Channel)
class ChannelAdmin(StoredByForm):
    """Channels by the forms of their kinds; credentials are written, never shown."""

    list_display = ("channel_id", "name", "kind", "address_kind", "sender", "is_active")
    list_display_links = ("channel_id", "name")
    list_filter = ("is_active", "kind")
    search_fields = ("name", "sender")
    exclude = ("credentials",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """Every channel but the row that stands for all of them."""
        return connected_channels()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: entries and messages name it. It can be made inactive."""
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Ask for the kind first, unless the address names one."""
        chosen = KindForm(request.GET)
        if self.has_add_permission(request) and not chosen.is_valid():
            return self.show_form(
                request,
                KindForm(),
                title="Add channel",
                button="Go on",
                method="get",
            )
        return super().add_view(request, form_url, extra_context)

    def page_form(self, request: HttpRequest, obj: Any) -> ChannelForm:
        """The form of the channel's kind, its long row of words at the end."""
        load_all()
        kind = obj.kind if obj else request.GET["kind"]
        form = form_class(kind)(request.POST or None, instance=obj, kind=kind)
        form.order_fields([name for name in form.fields if name != _WORDS])
        return form


@admin.register(SandboxMessage)
class SandboxMessageAdmin(ReadOnly):
    """What the built-in provider has accepted."""

    list_display = ("at", "channel", "address", "subject", "opened_at")
    list_filter = ("channel",)
    list_select_related = ("channel",)
    search_fields = ("=address",)
    ordering = ("-id",)
