"""What the API of sequences takes and answers."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from broadcaster import sequence_reports
from broadcaster.api.fields import (
    ChannelField,
    TagField,
)
from broadcaster.models import (
    EndReason,
    EnrolmentState,
    ReEnrolment,
    Sequence,
)
from optout.api.fields import Flag, Input, Text, Whole, limit
from optout.api.serializers.entries import MAX_LISTS
from optout.api.serializers.messages import SkipInput
from optout.models import BatchState, MessageState
from teambox.models import Tag

_Get = TypeVar("_Get", bound=Callable[..., Any])

ENDED = "ended"
STATES = [
    (BatchState.DRAFT.value, "Draft"),
    (BatchState.RUNNING.value, "Running"),
    (BatchState.PAUSED.value, "Paused"),
    (ENDED, "Ended"),
]


class SequenceChangeInput(Input):
    """What to change of a sequence; the lists count from the next step on."""

    name = Text(max_length=limit(Sequence, "name"))
    description = Text(
        max_length=limit(Sequence, "description"), allow_blank=True, default=""
    )
    opt_out_lists = serializers.ListField(
        child=Whole(),
        max_length=MAX_LISTS,
        default=list,
        help_text="At least one. The selection may grow and shrink at any time.",
    )
    skip_default_list = SkipInput(allow_null=True, default=None)
    unsubscribe_list = Whole(
        allow_null=True,
        default=None,
        help_text="The selected list that an unsubscribe link adds to.",
    )
    stop_on_reply = Flag(
        default=True, help_text="Who writes to us on the channel gets no more steps."
    )
    re_enrolment = serializers.ChoiceField(
        choices=ReEnrolment.choices, default=ReEnrolment.WHEN_ENDED
    )
    enrol_tag = TagField(
        max_length=limit(Tag, "name"),
        allow_null=True,
        default=None,
        help_text="Who gets this tag from now on is enrolled.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Welcome",
            {
                "name": "Welcome",
                "channel_id": 101,
                "opt_out_lists": [1],
                "enrol_tag": "New customer",
            },
            request_only=True,
        )
    ]
)
class SequenceInput(SequenceChangeInput):
    """A draft; its steps are added by their own calls. The channel never changes."""

    channel_id = ChannelField()


class SequenceOutput(serializers.ModelSerializer[Sequence]):
    """A sequence."""

    state = serializers.SerializerMethodField()
    channel_id = serializers.IntegerField(source="batch.channel_id")
    opt_out_lists = serializers.SerializerMethodField()
    unsubscribe_list = serializers.IntegerField(source="batch.unsubscribe_list_id")
    skip_default_reason = serializers.CharField(source="batch.skip_default_reason")
    enrol_tag = serializers.CharField(
        source="enrol_tag.name", default=None, allow_null=True
    )

    class Meta:
        model = Sequence
        fields = [
            "id",
            "name",
            "description",
            "state",
            "channel_id",
            "opt_out_lists",
            "unsubscribe_list",
            "skip_default_reason",
            "stop_on_reply",
            "re_enrolment",
            "enrol_tag",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, sequence: Sequence) -> str:
        """How its batch stands; a cancelled one has ended."""
        return ENDED if sequence.is_ended else sequence.state

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_opt_out_lists(self, sequence: Sequence) -> Any:
        """The selected lists as they are now."""
        return sorted(row.pk for row in sequence.batch.lists.all())


class SequenceFilter(FilterSet):  # type: ignore[misc]  # it has no type hints
    """Sequences by their state."""

    state = ChoiceFilter(method="in_state", choices=STATES)

    def in_state(self, rows: Any, _name: str, value: str) -> Any:
        """Those in this state."""
        kept = BatchState.CANCELLED if value == ENDED else value
        return rows.filter(batch__state=kept)


# The report


def _numbers(names: list[str]) -> Callable[[_Get], _Get]:
    """A method that gives counts by name, every one of them named."""
    properties = dict.fromkeys(names, {"type": "integer"})
    shape = {"type": "object", "properties": properties, "required": names}
    decorate: Callable[[_Get], _Get] = extend_schema_field(shape)
    return decorate


class SequenceCountsOutput(serializers.Serializer[sequence_reports.Counts]):
    """Enrolments by state, the ended ones by reason too; `total` are all."""

    total = serializers.IntegerField()
    by_state = serializers.SerializerMethodField()
    by_end_reason = serializers.SerializerMethodField()

    @_numbers(EnrolmentState.values)
    def get_by_state(self, counts: sequence_reports.Counts) -> Mapping[str, int]:
        """Every state is named."""
        return {one: counts.by_state.get(one, 0) for one in EnrolmentState.values}

    @_numbers(EndReason.values)
    def get_by_end_reason(self, counts: sequence_reports.Counts) -> Mapping[str, int]:
        """Every reason is named."""
        return {one: counts.by_end_reason.get(one, 0) for one in EndReason.values}


class OneSequenceOutput(SequenceOutput):
    """A sequence with the counts of its enrolments."""

    counts = serializers.SerializerMethodField()

    class Meta(SequenceOutput.Meta):
        fields = [*SequenceOutput.Meta.fields, "counts"]
        read_only_fields = fields

    @extend_schema_field(SequenceCountsOutput)
    def get_counts(self, sequence: Sequence) -> Any:
        """Enrolments, now."""
        return SequenceCountsOutput(sequence_reports.counts(sequence)).data


class StepReportOutput(serializers.Serializer[sequence_reports.StepRow]):
    """A step: who waits for it, what became of its messages, who ended at it."""

    step = serializers.IntegerField(source="step.pk")
    position = serializers.IntegerField(source="step.position")
    name = serializers.CharField(source="step.name")
    archived = serializers.SerializerMethodField()
    waiting = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Under review.")
    put = serializers.IntegerField(help_text="Messages, whatever became of them.")
    sent = serializers.IntegerField(help_text="Taken by the provider.")
    opted_out = serializers.IntegerField(help_text="Read `Optout Number`.")
    under_review = serializers.IntegerField()
    messages = serializers.SerializerMethodField()
    ended = serializers.SerializerMethodField()

    def get_archived(self, row: sequence_reports.StepRow) -> bool:
        """Whether it is sent no more."""
        return row.step.archived_at is not None

    @_numbers(MessageState.values)
    def get_messages(self, row: sequence_reports.StepRow) -> Mapping[str, int]:
        """Every state is named."""
        return {one: row.by_message_state.get(one, 0) for one in MessageState.values}

    @_numbers(EndReason.values)
    def get_ended(self, row: sequence_reports.StepRow) -> Mapping[str, int]:
        """Enrolments that ended at this step, by reason."""
        return {one: row.ended.get(one, 0) for one in EndReason.values}


class FunnelOutput(serializers.Serializer[sequence_reports.FunnelRow]):
    """How many came that far."""

    label = serializers.CharField()  # type: ignore[assignment]  # a name of theirs
    reached = serializers.IntegerField()
    percent = serializers.IntegerField(help_text="Of all who were enrolled.")


class SequenceReportOutput(serializers.Serializer[Any]):
    """A sequence by step."""

    counts = SequenceCountsOutput()
    steps = StepReportOutput(many=True)
    funnel = FunnelOutput(many=True)
