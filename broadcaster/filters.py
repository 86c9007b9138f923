"""What broadcasts and their recipients are filtered by: in pages and API alike."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter
from drf_spectacular.utils import extend_schema_field

from broadcaster.models import SCHEDULED, STATUS_LABELS, Broadcast, Stage
from optout import addresses
from optout.filters import keys_of, part_of
from optout.models import (
    ALL_CHANNELS,
    BatchState,
    Channel,
    ErrorCode,
    MessageState,
    OptOutList,
    OutgoingMessage,
    Source,
)

# States that a report counts together.
WAITING, HANDED_OVER, ARRIVED = "waiting", "handed_over", "arrived"
_TOGETHER: Mapping[str, tuple[MessageState, ...]] = {
    WAITING: (MessageState.QUEUED, MessageState.SENDING),
    HANDED_OVER: (MessageState.SENT, MessageState.DELIVERED, MessageState.READ),
    ARRIVED: (MessageState.DELIVERED, MessageState.READ),
}
_STATUSES = [
    (WAITING, "Waiting"),
    (HANDED_OVER, "Sent, delivered or read"),
    (ARRIVED, "Delivered or read"),
    *MessageState.choices,
]
# A code stands in these states alone: the index of the report finds them.
_STATE_OF_CODE = {
    ErrorCode.OPTED_OUT: MessageState.SUPPRESSED,
    ErrorCode.UNDER_REVIEW: MessageState.SUPPRESSED,
    ErrorCode.NO_ANSWER: MessageState.UNKNOWN,
}

Messages = QuerySet[OutgoingMessage]


class RecipientFilter(FilterSet):  # type: ignore[misc]  # it has no type hints
    """Recipients by what became of the message, and by what withheld it."""

    status = ChoiceFilter(
        choices=_STATUSES,
        method="in_state",
        label="Status",
        empty_label="Any status",
        help_text="A state, or several that are counted together.",
    )
    list = extend_schema_field({"type": "integer"})(
        ModelChoiceFilter(
            queryset=lambda _: OptOutList.objects.all(),
            method="withheld_by",
            label="List",
            empty_label="Any list",
            help_text="Id of the opt-out list that withheld the message.",
        )
    )
    source = ChoiceFilter(
        choices=Source.choices,
        method="through_door",
        label="Door",
        empty_label="Any door",
        help_text="How the entry that withheld the message came.",
    )
    error_code = ChoiceFilter(
        choices=ErrorCode.choices,
        method="with_code",
        label="Reason",
        empty_label="Any reason",
        help_text="Why the message was not delivered.",
    )
    search = CharFilter(
        method="find_address",
        max_length=addresses.MAX_RAW_CHARS,
        help_text="An address in any spelling, or a part of one.",
    )

    def in_state(self, rows: Messages, name: str, value: str) -> Messages:
        """In this state, or in one of those that are counted together."""
        if states := _TOGETHER.get(value):
            return rows.filter(state__in=states)
        return rows.filter(state=value)

    def withheld_by(self, rows: Messages, name: str, value: OptOutList) -> Messages:
        """Withheld by this list, or by one that it replaced since."""
        withheld = rows.filter(state=MessageState.SUPPRESSED)
        return withheld.filter(entry__list__in=_led_here(value.pk))

    def through_door(self, rows: Messages, name: str, value: str) -> Messages:
        """Withheld by an entry that came this way."""
        return rows.filter(state=MessageState.SUPPRESSED, entry__source=value)

    def with_code(self, rows: Messages, name: str, value: str) -> Messages:
        """Not delivered for this reason."""
        state = _STATE_OF_CODE.get(ErrorCode(value), MessageState.FAILED)
        return rows.filter(state=state, error_code=value)

    def find_address(self, rows: Messages, name: str, value: str) -> Messages:
        """By the key where the text is a recipient's address, else by a part of it."""
        exact = rows.filter(key__in=keys_of(value))
        if exact.exists():
            return exact
        return rows.filter(address__icontains=part_of(value))


def _led_here(list_id: int) -> set[int]:
    """The list, and all deleted ones that it stands in for."""
    replaced_by = dict(OptOutList.objects.values_list("id", "replaced_by"))
    found: set[int] = set()
    more = {list_id}
    while more:
        found |= more
        more = {pk for pk, after in replaced_by.items() if after in more} - found
    return found


class BroadcastFilter(FilterSet):  # type: ignore[misc]  # it has no type hints
    """Broadcasts by name, status and channel."""

    search = CharFilter(field_name="name", lookup_expr="icontains", max_length=100)
    status = ChoiceFilter(
        choices=list(STATUS_LABELS.items()),
        method="with_status",
        label="Status",
        empty_label="Any status",
    )
    channel_id = ModelChoiceFilter(
        field_name="batch__channel",
        queryset=lambda _: Channel.objects.exclude(pk=ALL_CHANNELS),
        label="Channel",
        empty_label="Any channel",
    )

    class Meta:
        model = Broadcast
        fields: list[str] = []

    def with_status(
        self, rows: QuerySet[Broadcast], name: str, value: str
    ) -> QuerySet[Broadcast]:
        """As `Broadcast.status` says it."""
        return rows.filter(_has_status(value))


def _has_status(value: str) -> Q:
    if value in Stage.values:
        return Q(batch__state=BatchState.DRAFT, stage=value)
    waits = Q(batch__starts_at__gt=timezone.now())
    if value == SCHEDULED:
        return Q(batch__state=BatchState.RUNNING) & waits
    if value == BatchState.RUNNING:
        return Q(batch__state=BatchState.RUNNING) & ~waits
    return Q(batch__state=value)
