"""What the API takes of a broadcast: its words, whom it goes to, and how fast."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from broadcaster.api.fields import (
    ChannelField,
    HoursInput,
    SegmentField,
    TagField,
    VariablesField,
    Zone,
)
from broadcaster.contact_audiences import MAX_TAGS
from broadcaster.earlier_audiences import Reached
from broadcaster.models import Broadcast
from optout.api.fields import Flag, Input, Text, Whole, limit
from optout.api.problems import Problem
from optout.api.serializers.entries import MAX_LISTS
from optout.api.serializers.messages import MAX_HTML, MAX_MAIL_TEXT, SkipInput
from teambox.models import Segment, Tag

MAX_QUERY = 2_000
MAX_RECIPIENTS = 10_000
_ADDRESSES = ("number", "email")


class RecipientField(VariablesField):
    """One recipient: `number` or `email`, and any variables."""

    default_error_messages = {
        "object": "A recipient is an object with a number or an email.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Every value as text."""
        if not isinstance(data, Mapping) or not any(map(data.get, _ADDRESSES)):
            self.fail("object")
        return super().to_internal_value(data)


extend_schema_field(
    {
        "type": "object",
        "properties": {"number": {"type": "string"}, "email": {"type": "string"}},
        "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    }
)(RecipientField)


class AudienceInput(Input):
    """Contacts, by what narrows each other; or the recipients of another broadcast."""

    tags = serializers.ListField(
        child=TagField(max_length=limit(Tag, "name")),
        max_length=MAX_TAGS,
        required=False,
        help_text="Contacts that have any of these tags.",
    )
    segment = SegmentField(
        max_length=limit(Segment, "name"),
        required=False,
        help_text="Contacts in this segment, by its name.",
    )
    query = Text(
        required=False,
        max_length=MAX_QUERY,
        allow_blank=True,
        help_text="Filters as in the address of the contacts page: `seen=30&owner=2`.",
    )
    all = Flag(required=False, help_text="true: every contact.")
    broadcast = Whole(required=False, help_text="A broadcast that was launched.")
    states = serializers.ListField(
        child=serializers.ChoiceField(choices=Reached.choices),
        required=False,
        help_text="With `broadcast`: how far its messages came. Who was withheld is "
        "never among them.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two kinds."""
        is_other = "broadcast" in attrs
        if is_other and attrs.keys() - {"broadcast", "states"}:
            message = "Choose contacts, or the recipients of another broadcast."
            raise serializers.ValidationError(message, "one_audience")
        if "states" in attrs and not is_other:
            message = "Name the broadcast."
            raise serializers.ValidationError({"broadcast": message}, "required")
        return attrs


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "To contacts with a tag, by day",
            {
                "name": "Autumn sale",
                "channel_id": 101,
                "text": "Hi {{name|there}}, 20% off today. Reply STOP to opt out.",
                "opt_out_lists": [1],
                "audience": {"tags": ["VIP"]},
                "rate": 5,
                "hours": {
                    "opens": "09:00",
                    "closes": "20:00",
                    "days": [1, 2, 3, 4, 5],
                    "zone": "Europe/Madrid",
                    "by_recipient": True,
                },
            },
            request_only=True,
        ),
        OpenApiExample(
            "To these numbers",
            {
                "name": "Autumn sale",
                "channel_id": 101,
                "text": "Hi {{name|there}}, 20% off today. Reply STOP to opt out.",
                "opt_out_lists": [1],
                "recipients": [{"number": "+14155552671", "name": "Ana"}],
            },
            request_only=True,
        ),
    ]
)
class BroadcastInput(Input):
    """A draft; with an audience it is prepared at once, and launched by its own call.

    After the launch a change takes `opt_out_lists`, `rate` and `hours` alone.
    """

    name = Text(max_length=limit(Broadcast, "name"))
    channel_id = ChannelField()
    text = Text(
        max_length=MAX_MAIL_TEXT,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        help_text="May hold {{name}} and {{name|fallback}}.",
    )
    subject = Text(max_length=limit(Broadcast, "subject"), allow_blank=True, default="")
    html = Text(
        max_length=MAX_HTML, allow_blank=True, default="", trim_whitespace=False
    )
    opt_out_lists = serializers.ListField(
        child=Whole(),
        max_length=MAX_LISTS,
        default=list,
        help_text="At least one. After the launch the selection can only grow.",
    )
    skip_default_list = SkipInput(allow_null=True, default=None)
    unsubscribe_list = Whole(
        allow_null=True,
        default=None,
        help_text="The selected list that an unsubscribe link adds to.",
    )
    recipients = serializers.ListField(
        child=RecipientField(),
        max_length=MAX_RECIPIENTS,
        default=list,
        help_text=f"At most {MAX_RECIPIENTS:,}; upload a CSV file for more.",
    )
    audience = AudienceInput(
        allow_null=True, default=None, help_text="Instead of `recipients`."
    )
    scheduled_at = serializers.DateTimeField(
        allow_null=True,
        default=None,
        help_text="When sending begins after the launch; null for at once.",
    )
    zone = Zone(
        allow_blank=True,
        default="",
        what="The time zone that `scheduled_at` is shown in",
    )
    rate = Whole(
        allow_null=True,
        default=None,
        help_text="Messages a second, at most the channel's; null for as many.",
    )
    hours = HoursInput(allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One way to say who gets it."""
        if attrs.get("recipients") and attrs.get("audience"):
            message = "Give recipients or an audience, not both."
            raise Problem(400, "one_audience", message, pointer="audience")
        return attrs
