"""What contacts are filtered by: in pages, API, export, segments and bulk alike."""

from datetime import timedelta
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter
from drf_spectacular.utils import extend_schema_field

from optout import addresses, row_ids
from optout.filters import MomentFilter, keys_of
from optout.models import connected_channels, live_entries, live_lists
from teambox.models import Contact, ContactAddress, Conversation, Tag

ANY_LIST, NO_LIST = "any", "none"
NOT_LATELY, NEVER = "not-90", "never"
_SEEN = [
    ("7", "In the last 7 days"),
    ("30", "In the last 30 days"),
    ("90", "In the last 90 days"),
    (NOT_LATELY, "Not in the last 90 days"),
    (NEVER, "Never"),
]
# As the API's document shows it.
_OPTED_OUT = {
    "type": "string",
    "description": "`any`: on some opt-out list now; `none`: on none; or a list's id.",
}

Contacts = QuerySet[Contact]


def _lists() -> list[tuple[str, str]]:
    named = [(str(row.pk), f"Opted out: {row.name}") for row in live_lists()]
    return [(ANY_LIST, "On any list"), (NO_LIST, "On no list"), *named]


class ContactFilter(FilterSet):  # type: ignore[misc]  # django-filter has no type hints
    """Contacts, the newest first."""

    search = CharFilter(method="find", max_length=addresses.MAX_RAW_CHARS)
    tag = ModelChoiceFilter(
        field_name="tags",
        queryset=lambda _: Tag.objects.all(),
        label="Tag",
        empty_label="Any tag",
    )
    opted_out = extend_schema_field(_OPTED_OUT)(
        ChoiceFilter(
            method="opted_out_of",
            choices=_lists,
            label="Opted out",
            empty_label="Opted out or not",
        )
    )
    channel_id = ModelChoiceFilter(
        method="spoke_on",
        queryset=lambda _: connected_channels(),
        label="Channel",
        empty_label="Any channel",
        help_text="Has a conversation on this channel.",
    )
    seen = ChoiceFilter(
        method="was_seen", choices=_SEEN, label="Last seen", empty_label="Seen any time"
    )
    owner = ModelChoiceFilter(
        queryset=lambda _: get_user_model().objects.order_by("username"),
        label="Owner",
        empty_label="Any owner",
        null_label="Nobody",
    )
    seen_after = MomentFilter(
        field_name="last_seen_at",
        lookup_expr="gte",
        label="Seen from",
        help_text="At this time or later.",
    )
    seen_before = MomentFilter(
        field_name="last_seen_at",
        lookup_expr="lt",
        label="Seen before",
        help_text="Before this time.",
    )

    class Meta:
        model = Contact
        fields: list[str] = []

    def filter_queryset(self, queryset: Contacts) -> Contacts:
        """Filter, then order: an order of the caller's does not count."""
        found: Contacts = super().filter_queryset(queryset)
        return found.order_by("-id")

    def find(self, queryset: Contacts, name: str, value: str) -> Contacts:
        """By a whole address in any spelling where we know it, else by the name."""
        known = ContactAddress.objects.filter(key__in=keys_of(value))
        exact = queryset.filter(pk__in=known.values("contact"))
        if exact.exists():
            return exact
        return queryset.filter(name__icontains=" ".join(value.split()))

    def opted_out_of(self, queryset: Contacts, name: str, value: str) -> Contacts:
        """By what any of the contact's addresses is on now."""
        entries = live_entries().filter(key=OuterRef("key"))
        if value not in (ANY_LIST, NO_LIST):
            entries = entries.filter(list=row_ids.read(value))
        listed = Exists(_addresses().filter(Exists(entries)))
        return queryset.filter(~listed if value == NO_LIST else listed)

    def spoke_on(self, queryset: Contacts, name: str, value: Any) -> Contacts:
        """By the channels we have conversations on."""
        talks = Conversation.objects.filter(channel=value, key=OuterRef("key"))
        return queryset.filter(Exists(_addresses().filter(Exists(talks))))

    def was_seen(self, queryset: Contacts, name: str, value: str) -> Contacts:
        """By how long ago the person wrote last."""
        if value == NEVER:
            return queryset.filter(last_seen_at=None)
        days = int(value.removeprefix("not-"))
        since = timezone.now() - timedelta(days=days)
        if value == NOT_LATELY:
            long_ago = Q(last_seen_at__lt=since) | Q(last_seen_at=None)
            return queryset.filter(long_ago)
        return queryset.filter(last_seen_at__gte=since)


def _addresses() -> QuerySet[ContactAddress]:
    return ContactAddress.objects.filter(contact=OuterRef("pk"))


def filtered(query: QueryDict, among: Contacts | None = None) -> Contacts:
    """The contacts (or those `among` some) that match; none where a filter is bad."""
    rows = Contact.objects.all() if among is None else among
    matching = ContactFilter(query, queryset=rows)
    return (
        cast(Contacts, matching.qs) if matching.is_valid() else Contact.objects.none()
    )


def used(query: QueryDict) -> dict[str, str]:
    """The filters a query holds, without what else stands in it."""
    names = ContactFilter.base_filters
    asked = {name: str(query.get(name, "")).strip() for name in names}
    return {name: value for name, value in asked.items() if value}
