"""What the API takes and answers of the steps of a sequence."""

from datetime import timedelta

from django.conf import settings
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema_serializer,
)
from rest_framework import serializers

from broadcaster.api.fields import (
    Clock,
    HoursInput,
    HoursOutput,
    Zone,
)
from broadcaster.models import (
    Step,
)
from optout.api.fields import Flag, Input, Text, Whole, limit
from optout.api.serializers.messages import MAX_HTML, MAX_MAIL_TEXT
from optout.models import Content

MAX_WAIT_DAYS = 3_650


class WaitInput(Input):
    """How long after the step before; after the enrolment for the first."""

    days = Whole(min_value=0, max_value=MAX_WAIT_DAYS, default=0)
    hours = Whole(min_value=0, max_value=MAX_WAIT_DAYS * 24, default=0)
    minutes = Whole(min_value=0, max_value=MAX_WAIT_DAYS * 1440, default=0)


class WaitOutput(serializers.Serializer[timedelta]):
    """How long after the step before, in its largest parts."""

    days = serializers.IntegerField()
    hours = serializers.SerializerMethodField()
    minutes = serializers.SerializerMethodField()

    def get_hours(self, wait: timedelta) -> int:
        """The hours beside the days."""
        return wait.seconds // 3600

    def get_minutes(self, wait: timedelta) -> int:
        """The minutes beside the hours."""
        return wait.seconds // 60 % 60


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two days later, at 9 in the morning",
            {
                "text": "Hi {{name|there}}, did you find everything? Reply STOP to "
                "opt out.",
                "wait": {"days": 2},
                "at": "09:00",
                "zone": "Europe/Madrid",
                "by_recipient": True,
            },
            request_only=True,
        )
    ]
)
class StepInput(Input):
    """A step: its message, and when it follows."""

    name = Text(max_length=limit(Step, "name"), allow_blank=True, default="")
    text = Text(
        max_length=MAX_MAIL_TEXT,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        help_text="May hold {{name}} and {{name|fallback}}.",
    )
    subject = Text(max_length=limit(Content, "subject"), allow_blank=True, default="")
    html = Text(
        max_length=MAX_HTML, allow_blank=True, default="", trim_whitespace=False
    )
    wait = WaitInput(default=dict)
    at = Clock(
        allow_null=True,
        default=None,
        help_text="After the wait, at the next of this o'clock.",
    )
    zone = Zone(default=lambda: settings.TIME_ZONE)
    by_recipient = Flag(
        default=False,
        help_text="`at` is in the time zone of the recipient's number, and in `zone` "
        "where it tells none.",
    )
    hours = HoursInput(allow_null=True, default=None)


class StepChangeInput(StepInput):
    """What to change of a step; who waits for it waits by the new timing."""

    position = Whole(min_value=1, required=False, help_text="1 is the first.")


class StepOutput(serializers.ModelSerializer[Step]):
    """A step."""

    subject = serializers.CharField(source="content.subject")
    text = serializers.CharField(source="content.text")
    html = serializers.CharField(source="content.html")
    wait = WaitOutput()
    at = Clock(allow_null=True)
    hours = HoursOutput(source="content.hours", allow_null=True)

    class Meta:
        model = Step
        fields = [
            "id",
            "position",
            "name",
            "subject",
            "text",
            "html",
            "wait",
            "at",
            "zone",
            "by_recipient",
            "hours",
        ]
        read_only_fields = fields
