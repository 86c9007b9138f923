"""What entries and deliveries are filtered by: in pages, API and bulk alike."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django_filters import (
    CharFilter,
    ChoiceFilter,
    FilterSet,
    IsoDateTimeFilter,
    ModelChoiceFilter,
    TypedChoiceFilter,
)
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field

from optout import addresses
from optout.addresses import AmbiguousNumber, InvalidAddress
from optout.models import (
    Channel,
    DeliveryEvent,
    DeliveryState,
    Entry,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    Workspace,
)

# As the API's document shows them.
_CHANNEL = {
    "type": "integer",
    "description": "A channel's id, or 0 for entries that count on all channels.",
}
_LIVE = {
    "type": "boolean",
    "description": "true: on the list now; false: ended; left out: both.",
}
_NUMBER_SIGNS = frozenset("+-()./ \u00a0")


def page_query(query: QueryDict) -> QueryDict:
    """A page's query: it shows live entries until `live` is asked for, empty for both.

    "Select all matching" reads the page's query by this too.
    """
    asked = query.copy()
    asked.setdefault("live", "true")
    return asked


class MomentField(IsoDateTimeField):  # type: ignore[misc]  # it has no type hints
    """A time in ISO 8601, brought to UTC: databases refuse offsets that are odd."""

    def to_python(self, value: Any) -> datetime | None:
        """The time; raises ValidationError for one that UTC's calendar has not."""
        moment: datetime | None = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid"
            ) from None


class MomentFilter(IsoDateTimeFilter):  # type: ignore[misc]  # it has no type hints
    """Rows from a time on, or before it."""

    field_class = MomentField


class EntryFilter(FilterSet):  # type: ignore[misc]  # django-filter has no type hints
    """Entries, newest first; with `updated_after` in the order of their changes."""

    list = ModelChoiceFilter(
        queryset=lambda _: OptOutList.objects.all(), help_text="Id of an opt-out list."
    )
    channel_id = extend_schema_field(_CHANNEL)(
        ModelChoiceFilter(
            field_name="channel",
            queryset=lambda _: Channel.objects.all(),
            label="Channel",
            empty_label="Any channel",
        )
    )
    source = ChoiceFilter(choices=Source.choices, empty_label="Any door")
    reason_code = ChoiceFilter(
        choices=Reason.choices, label="Reason", empty_label="Any reason"
    )
    live = extend_schema_field(_LIVE)(
        TypedChoiceFilter(
            field_name="ended_at",
            lookup_expr="isnull",
            choices=[("true", "On the list"), ("false", "Removed"), ("", "Both")],
            coerce=lambda text: text == "true",
            label="State",
        )
    )
    created_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="At this time or later."
    )
    created_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Before this time."
    )
    updated_after = MomentFilter(
        field_name="updated_at",
        lookup_expr="gte",
        help_text=(
            "The change feed: entries that were made or ended at this time or later, "
            "the oldest change first. Ask with a minute of overlap."
        ),
    )
    search = CharFilter(
        method="find_address",
        max_length=addresses.MAX_RAW_CHARS,
        help_text="An address in any spelling, or a part of one.",
    )

    class Meta:
        model = Entry
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        """Filter, then order: an order of the caller's does not count."""
        found: QuerySet[Entry] = super().filter_queryset(queryset)
        if self.form.cleaned_data["updated_after"]:
            return found.order_by("updated_at", "id")
        return found.order_by("-id")

    def find_address(
        self, queryset: QuerySet[Entry], name: str, value: str
    ) -> QuerySet[Entry]:
        """By the key where the text is an address that is there, else by a part."""
        exact = queryset.filter(key__in=keys_of(value))
        if exact.exists():
            return exact
        return queryset.filter(address__icontains=part_of(value))


def searched(query: QueryDict) -> str:
    """What a page is asked to look for: short, and nothing that a database refuses."""
    text = query.get("search") or ""
    return text.replace("\0", "").strip()[: addresses.MAX_RAW_CHARS]


def keys_of(text: str) -> set[UUID]:
    """The keys a text may stand for: two where a number can be read both ways."""
    try:
        return {addresses.parse(text, region=Workspace.load().region).key}
    except AmbiguousNumber as error:
        return {addresses.parse_phone(number).key for number in error.readings}
    except InvalidAddress:
        return set()


def part_of(text: str) -> str:
    """Digits stand close together in a stored number, however they were typed."""
    if any(char.isdecimal() for char in text) and all(
        char.isdecimal() or char in _NUMBER_SIGNS for char in text
    ):
        return "".join(char for char in text if char.isdecimal())
    return text


class DeliveryFilter(FilterSet):  # type: ignore[misc]  # django-filter has no type hints
    """Webhook deliveries, newest first."""

    list = ModelChoiceFilter(
        queryset=lambda _: OptOutList.objects.all(),
        empty_label="Any list",
        help_text="Id of an opt-out list.",
    )
    state = ChoiceFilter(choices=DeliveryState.choices, empty_label="Any state")
    event = ChoiceFilter(choices=DeliveryEvent.choices, empty_label="Any event")

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []

    def filter_queryset(
        self, queryset: QuerySet[WebhookDelivery]
    ) -> QuerySet[WebhookDelivery]:
        """Filter, then order: an order of the caller's does not count."""
        found: QuerySet[WebhookDelivery] = super().filter_queryset(queryset)
        return found.order_by("-id")
