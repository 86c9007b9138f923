"""What the API of enrolments takes and answers."""

from typing import Any

from django_filters import ChoiceFilter, FilterSet, ModelChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from broadcaster.api.fields import PersonInput, VariablesField
from broadcaster.enrolments import Result
from broadcaster.models import EndReason, Enrolment, EnrolmentState, Step
from optout.api.fields import Input
from optout.api.serializers.entries import MAX_ITEMS
from optout.api.serializers.entries_bulk import AnyItem, ItemProblemOutput
from optout.models import OPTOUT_NUMBER, ErrorCode

# As programs read them.
RESULTS = [result.value.replace(" ", "_") for result in Result]


class EnrolmentOutput(serializers.ModelSerializer[Enrolment]):
    """One person on the way through a sequence, or at its end."""

    error = serializers.SerializerMethodField(
        help_text="`Optout Number` where the step was withheld."
    )
    error_code = serializers.SerializerMethodField()
    by = serializers.CharField(source="actor_label")
    next_at = serializers.DateTimeField(
        allow_null=True, help_text="When the step is due, or shortly before."
    )

    class Meta:
        model = Enrolment
        fields = [
            "id",
            "address",
            "state",
            "end_reason",
            "error",
            "error_code",
            "step",
            "next_at",
            "source",
            "by",
            "variables",
            "created_at",
            "ended_at",
        ]
        read_only_fields = fields

    def get_error(self, row: Enrolment) -> str:
        """As recipients of a broadcast read it."""
        return OPTOUT_NUMBER if self.get_error_code(row) else ""

    def get_error_code(self, row: Enrolment) -> str:
        """`opted_out`, `under_review`, or nothing."""
        if row.end_reason == EndReason.OPTED_OUT:
            return ErrorCode.OPTED_OUT.value
        is_held = row.state == EnrolmentState.HELD
        return ErrorCode.UNDER_REVIEW.value if is_held else ""


class EnrolmentFilter(FilterSet):  # type: ignore[misc]  # it has no type hints
    """Enrolments by where they are."""

    state = ChoiceFilter(choices=EnrolmentState.choices)
    end_reason = ChoiceFilter(choices=EndReason.choices)
    step = ModelChoiceFilter(queryset=lambda _: Step.objects.all())


class EnrolmentInput(PersonInput):
    """A person to enrol. The variables go before those of the contact."""

    variables = VariablesField(default=dict)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two people",
            {
                "items": [
                    {"number": "+14155552671", "variables": {"name": "Ana"}},
                    {"number": "+34600111222"},
                ]
            },
            request_only=True,
        )
    ]
)
class EnrolmentsInput(Input):
    """Up to 1,000 people, each with a number or an email, and variables."""

    items = serializers.ListField(
        child=AnyItem(allow_null=True), allow_empty=False, max_length=MAX_ITEMS
    )


class EnrolmentResultOutput(serializers.Serializer[Any]):
    """What became of one item; `enrolment` is the one that counts now."""

    result = serializers.ChoiceField(choices=[*RESULTS, "refused"])
    enrolment = serializers.IntegerField(allow_null=True)
    problem = ItemProblemOutput(allow_null=True)


class EnrolmentsOutput(serializers.Serializer[Any]):
    """A result for each item, in their order."""

    results = EnrolmentResultOutput(many=True)


class UnenrolOutput(serializers.Serializer[Any]):
    """How many enrolments ended: one, or none for who was not on the way."""

    unenrolled = serializers.IntegerField()
