"""What the API of broadcasts answers, and what its recipients are filtered by."""

from typing import Any

from drf_spectacular.utils import (
    extend_schema_field,
)
from rest_framework import serializers

from broadcaster import audience_words, reports
from broadcaster.api.fields import (
    HoursOutput,
)
from broadcaster.filters import RecipientFilter
from broadcaster.models import STATUS_LABELS, AudienceKind, Broadcast
from optout import attribution
from optout.models import OutgoingMessage

STATUSES = list(STATUS_LABELS.items())


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
    rate = serializers.IntegerField(source="batch.rate", allow_null=True)
    hours = HoursOutput(source="batch.hours", allow_null=True)

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
            "zone",
            "rate",
            "hours",
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


class AudienceOutput(serializers.Serializer[Broadcast]):
    """Whom a broadcast goes to."""

    kind = serializers.ChoiceField(source="audience_kind", choices=AudienceKind.choices)
    description = serializers.SerializerMethodField(
        help_text="In words; empty before it is chosen."
    )

    def get_description(self, broadcast: Broadcast) -> str:
        """The file's name, or who is meant."""
        return audience_words.of(broadcast).whom


class ListShareOutput(serializers.Serializer[Any]):
    """How many recipients a list withheld."""

    list = serializers.IntegerField()
    count = serializers.IntegerField()


class AtLaunchOutput(serializers.Serializer[Any]):
    """What the launch did, each recipient counted once."""

    total = serializers.IntegerField()
    to_send = serializers.IntegerField()
    withheld = serializers.IntegerField()
    under_review = serializers.IntegerField()
    by_list = ListShareOutput(many=True)


class OneBroadcastOutput(BroadcastOutput):
    """A broadcast with its counts."""

    audience = AudienceOutput(source="*")
    counts = serializers.SerializerMethodField()
    at_launch = serializers.SerializerMethodField()
    caused_opt_outs = serializers.SerializerMethodField()

    class Meta(BroadcastOutput.Meta):
        fields = [
            *BroadcastOutput.Meta.fields,
            "audience",
            "counts",
            "at_launch",
            "caused_opt_outs",
        ]
        read_only_fields = fields

    @extend_schema_field(CountsOutput)
    def get_counts(self, broadcast: Broadcast) -> Any:
        """Recipients by state, now."""
        return reports.progress(broadcast).counts

    @extend_schema_field(AtLaunchOutput(allow_null=True))
    def get_at_launch(self, broadcast: Broadcast) -> Any:
        """The counts of the launch; null before it."""
        kept = broadcast.at_launch
        if not kept:
            return None
        shares = [{"list": int(pk), "count": n} for pk, n in kept["by_list"].items()]
        return AtLaunchOutput({**kept, "by_list": shares}).data

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
