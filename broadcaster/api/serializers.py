"""What the API of this floor takes and answers."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster import reports
from broadcaster.filters import RecipientFilter
from broadcaster.models import STATUS_LABELS, Broadcast
from optout import attribution
from optout.api.fields import Input, Text, Whole, limit
from optout.api.serializers.entries import MAX_LISTS
from optout.api.serializers.messages import MAX_HTML, MAX_MAIL_TEXT, SkipInput
from optout.csv_files import MAX_CELL_CHARS, MAX_COLUMNS
from optout.models import Channel, OutgoingMessage, active_channels

MAX_RECIPIENTS = 10_000
_ADDRESSES = ("number", "email")

STATUSES = list(STATUS_LABELS.items())


class RecipientField(serializers.Field[Any, Any, Any, Any]):
    """One recipient: `number` or `email`, and any variables."""

    default_error_messages = {
        "object": "A recipient is an object with a number or an email.",
        "names": f"At most {MAX_COLUMNS} names, each with at least one character.",
        "value": "The value of “{name}” is a text or a number of at most "
        f"{MAX_CELL_CHARS} characters.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Every value as text."""
        if not isinstance(data, Mapping) or not any(map(data.get, _ADDRESSES)):
            self.fail("object")
        if len(data) > MAX_COLUMNS or not all(name.strip() for name in data):
            self.fail("names")
        return {name: self._text(name, value) for name, value in data.items()}

    def _text(self, name: str, value: Any) -> str:
        text = "" if value is None else str(value)
        is_plain = value is None or isinstance(value, str | int | float)
        if not is_plain or isinstance(value, bool) or len(text) > MAX_CELL_CHARS:
            self.fail("value", name=name[:60])
        return text

    def to_representation(self, value: Any) -> Any:
        """Recipients are never given back this way."""
        return value


extend_schema_field(
    {
        "type": "object",
        "properties": {"number": {"type": "string"}, "email": {"type": "string"}},
        "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    }
)(RecipientField)


class BroadcastInput(Input):
    """A draft; with recipients it is prepared at once, and launched by its own call."""

    name = Text(max_length=limit(Broadcast, "name"))
    channel_id = Whole()
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
        child=Whole(), max_length=MAX_LISTS, default=list, help_text="At least one."
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
    scheduled_at = serializers.DateTimeField(
        allow_null=True,
        default=None,
        help_text="When sending begins after the launch; null for at once.",
    )

    def validate_channel_id(self, value: int) -> Channel:
        """The channel, which has to be active."""
        channel = active_channels().filter(pk=value).first()
        if channel is None:
            raise serializers.ValidationError(
                "There is no such channel, or it is not active.", code="unknown_channel"
            )
        return channel


class RowsOutput(serializers.Serializer[Broadcast]):
    """How the rows of the audience were read."""

    read = serializers.IntegerField(source="rows_read")
    invalid = serializers.IntegerField(source="rows_invalid")
    marked = serializers.IntegerField(
        source="rows_marked", help_text="Marked as opted out in a column of the file."
    )
    duplicate = serializers.IntegerField(source="rows_duplicate")


class BroadcastOutput(serializers.ModelSerializer[Broadcast]):
    """A broadcast."""

    status = serializers.ChoiceField(choices=STATUSES)
    channel_id = serializers.IntegerField(source="batch.channel_id")
    opt_out_lists = serializers.SerializerMethodField()
    unsubscribe_list = serializers.IntegerField(source="batch.unsubscribe_list_id")
    skip_default_reason = serializers.CharField(source="batch.skip_default_reason")
    rows = RowsOutput(source="*")

    class Meta:
        model = Broadcast
        fields = [
            "id",
            "name",
            "status",
            "channel_id",
            "text",
            "subject",
            "html",
            "opt_out_lists",
            "unsubscribe_list",
            "skip_default_reason",
            "rows",
            "error",
            "scheduled_at",
            "created_at",
            "launched_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_opt_out_lists(self, broadcast: Broadcast) -> Any:
        """The selected lists as they are now."""
        return sorted(row.pk for row in broadcast.batch.lists.all())


class CountsOutput(serializers.Serializer[Any]):
    """Recipients by state; `total` is their sum."""

    total = serializers.IntegerField()
    queued = serializers.IntegerField()
    sending = serializers.IntegerField()
    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    read = serializers.IntegerField()
    failed = serializers.IntegerField()
    suppressed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class OneBroadcastOutput(BroadcastOutput):
    """A broadcast with its counts."""

    counts = serializers.SerializerMethodField()
    caused_opt_outs = serializers.SerializerMethodField()

    class Meta(BroadcastOutput.Meta):
        fields = [*BroadcastOutput.Meta.fields, "counts", "caused_opt_outs"]
        read_only_fields = fields

    @extend_schema_field(CountsOutput)
    def get_counts(self, broadcast: Broadcast) -> Any:
        """Recipients by state, now."""
        return reports.progress(broadcast).counts

    def get_caused_opt_outs(self, broadcast: Broadcast) -> int:
        """Recipients who opted out by its link, or by answering it."""
        return attribution.caused_counts([broadcast.batch])[broadcast.batch_id]


class RecipientOutput(serializers.ModelSerializer[OutgoingMessage]):
    """A recipient and what became of the message."""

    status = serializers.CharField(source="state")
    entry = serializers.IntegerField(source="entry_id", allow_null=True)
    list = serializers.IntegerField(
        source="entry.list_id", default=None, help_text="The list that suppressed it."
    )

    class Meta:
        model = OutgoingMessage
        fields = [
            "id",
            "address",
            "status",
            "error",
            "error_code",
            "list",
            "entry",
            "sent_at",
            "delivered_at",
            "read_at",
        ]
        read_only_fields = fields


class RecipientQuery(RecipientFilter):
    """As on the page, but for addresses: they would land in logs."""

    search = None


class UploadInput(serializers.Serializer[Any]):
    """A CSV file as a form's field."""

    file = serializers.FileField()
