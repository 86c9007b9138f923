"""Many entries or addresses at once in the API: a result for each item."""

from typing import Any

from rest_framework import serializers

from optout import addresses
from optout.api.fields import Input, Text, Whole
from optout.api.serializers.entries import (
    MAX_ITEMS,
    MAX_LISTS,
    STATES,
    Places,
    RemovalReasonInput,
    WarningOutput,
    known_channel,
    known_lists,
)
from optout.models import Source


class AnyItem(serializers.JSONField):
    """An item that is looked at by itself, so that a bad one stops no other."""


class BulkOptOutInput(Input):
    """Up to 1,000 opt-outs, each as `POST /opt-out-entries/` takes it."""

    items = serializers.ListField(
        child=AnyItem(allow_null=True), allow_empty=False, max_length=MAX_ITEMS
    )


class ItemProblemOutput(serializers.Serializer[Any]):
    """Why an item was refused."""

    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.ListField(  # type: ignore[assignment]  # a name of theirs
        child=serializers.DictField()
    )
    readings = serializers.ListField(child=serializers.CharField(), required=False)


class BulkOptOutResultOutput(serializers.Serializer[Any]):
    """What became of one item; `entries` are ids."""

    result = serializers.ChoiceField(choices=["created", "existed", "refused"])
    state = serializers.ChoiceField(choices=STATES, allow_null=True)
    entries = serializers.ListField(child=serializers.IntegerField())
    warnings = WarningOutput(many=True)
    problem = ItemProblemOutput(allow_null=True)


class BulkOptOutOutput(serializers.Serializer[Any]):
    """A result for each item, in their order."""

    results = BulkOptOutResultOutput(many=True)


class BulkRemovalInput(RemovalReasonInput):
    """Up to 1,000 entries by id, with one reason for all of them."""

    ids = serializers.ListField(child=Whole(), allow_empty=False, max_length=MAX_ITEMS)


class BulkRemovalResultOutput(serializers.Serializer[Any]):
    """What became of one entry."""

    id = serializers.IntegerField()
    result = serializers.ChoiceField(
        choices=[
            "removed",
            "ended_before",
            "not_found",
            "reason_required",
            "not_allowed",
            "legal_needs_admin",
        ]
    )


class BulkRemovalOutput(serializers.Serializer[Any]):
    """A result for each id, in their order."""

    results = BulkRemovalResultOutput(many=True)


class CheckInput(Input):
    """Up to 1,000 addresses; needs `places` in its context."""

    channel_id = Whole(
        allow_null=True, help_text="null: what counts on all channels alone."
    )
    lists = serializers.ListField(
        child=Whole(), allow_empty=False, max_length=MAX_LISTS
    )
    addresses = serializers.ListField(
        child=Text(max_length=addresses.MAX_RAW_CHARS, allow_blank=True),
        allow_empty=False,
        max_length=MAX_ITEMS,
    )
    region = Text(max_length=2, allow_null=True, required=False)

    @property
    def places(self) -> Places:
        """What there is."""
        places: Places = self.context["places"]
        return places

    def validate_lists(self, ids: list[int]) -> list[int]:
        """Lists that are there and not deleted."""
        return known_lists(ids, self.places)

    def validate_channel_id(self, channel_id: int | None) -> int | None:
        """A channel that there is, active or not, or all of them."""
        known_channel(channel_id, self.places)
        return channel_id


class CheckResultOutput(serializers.Serializer[Any]):
    """Whether one address may be written to.

    An address that cannot be read is `suppressed` too: it may not be written to.
    """

    address = serializers.CharField(help_text="As it was given.")
    canonical = serializers.CharField(allow_null=True)
    suppressed = serializers.BooleanField()
    code = serializers.CharField(
        allow_null=True,
        help_text="opted_out, under_review, or why the address cannot be read.",
    )
    list = serializers.IntegerField(allow_null=True)
    entry = serializers.IntegerField(allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a name of theirs
        choices=Source.choices, allow_null=True
    )
    since = serializers.DateTimeField(allow_null=True)


class CheckOutput(serializers.Serializer[Any]):
    """A result for each address, in their order."""

    results = CheckResultOutput(many=True)
