"""Entries in the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from optout import addresses
from optout.actors import Evidence
from optout.addresses import Address, AddressKind, AmbiguousNumber, InvalidAddress
from optout.api.fields import Input, Text, Whole, limit
from optout.api.problems import Problem
from optout.entries import Request
from optout.models import (
    ALL_CHANNELS,
    Channel,
    Entry,
    LiftReason,
    Reason,
    Source,
    Workspace,
    connected_channels,
    live_lists,
)

MAX_ITEMS = 1_000
MAX_LISTS = 100
_MAX_NOTE = limit(Entry, "note")


@dataclass(frozen=True, slots=True)
class Places:
    """What a request may name, read once however many items it has."""

    lists: frozenset[int]
    channels: Mapping[int, Channel]
    region: str | None
    may_add_legal: bool

    @classmethod
    def load(cls, user: Any) -> "Places":
        """The lists and channels there are now, and what this user may do."""
        return cls(
            lists=frozenset(live_lists().values_list("pk", flat=True)),
            channels=connected_channels().in_bulk(),
            region=Workspace.load().region,
            may_add_legal=user.has_perm("optout.lift_legal_entry"),
        )


class EntryOutput(serializers.ModelSerializer[Entry]):
    """One address on one channel in one list, now or in the past."""

    list = serializers.IntegerField(source="list_id", read_only=True)
    channel_id = serializers.SerializerMethodField(help_text="null: all channels.")
    live = serializers.BooleanField(source="is_live", read_only=True)
    by = serializers.CharField(source="actor_label", read_only=True)
    ended_source = serializers.ChoiceField(
        choices=Source.choices, allow_blank=True, read_only=True
    )
    ended_by = serializers.CharField(source="ended_label", read_only=True)

    class Meta:
        model = Entry
        fields = [
            "id",
            "list",
            "channel_id",
            "address",
            "address_kind",
            "source",
            "reason_code",
            "live",
            "tier",
            "wording",
            "note",
            "by",
            "created_at",
            "updated_at",
            "ended_at",
            "ended_source",
            "ended_reason",
            "ended_note",
            "ended_by",
        ]
        read_only_fields = fields

    def get_channel_id(self, entry: Entry) -> int | None:
        """The channel's id, null for all channels."""
        return entry.channel_id or None


def known_lists(ids: list[int], places: Places) -> list[int]:
    """The ids, all of them of lists that are there; raises a ValidationError."""
    for list_id in ids:
        if list_id not in places.lists:
            message = f"There is no opt-out list {list_id}."
            raise serializers.ValidationError(message, "unknown_list")
    return ids


def known_channel(channel_id: int | None, places: Places) -> Channel | None:
    """The channel, or None for all channels; raises a ValidationError."""
    if channel_id is None:
        return None
    if channel_id not in places.channels:
        raise serializers.ValidationError(
            f"There is no channel {channel_id}.", "unknown_channel"
        )
    return places.channels[channel_id]


def read_address(
    raw: str, *, region: str | None, field: str, kind: AddressKind | None = None
) -> Address:
    """The address of a field; raises a Problem that names the field."""
    try:
        return addresses.parse(raw, region=region, kind=kind)
    except AmbiguousNumber as error:
        readings = list(error.readings)
        raise Problem(
            400, error.code, error.message, pointer=field, readings=readings
        ) from None
    except InvalidAddress as error:
        raise Problem(400, error.code, error.message, pointer=field) from None


class PlaceInput(Input):
    """A person's addresses, lists and a channel; needs `places` in its context."""

    lists = serializers.ListField(
        child=Whole(), allow_empty=False, max_length=MAX_LISTS
    )
    number = Text(
        max_length=addresses.MAX_RAW_CHARS,
        allow_null=True,
        allow_blank=True,
        required=False,
        help_text="Required if there is no email. Any spelling.",
    )
    email = Text(
        max_length=addresses.MAX_RAW_CHARS,
        allow_null=True,
        allow_blank=True,
        required=False,
        help_text="Required if there is no number.",
    )
    region = Text(
        max_length=2,
        allow_null=True,
        required=False,
        help_text="Country of a number without its country code, such as ES.",
    )

    @property
    def places(self) -> Places:
        """What there is."""
        places: Places = self.context["places"]
        return places

    def validate_lists(self, ids: list[int]) -> list[int]:
        """Lists that are there and not deleted."""
        return known_lists(ids, self.places)

    def addresses(self) -> tuple[Address, ...]:
        """The number and the email, whichever were given; raises a Problem."""
        given = self.validated_data
        region = given.get("region") or self.places.region
        kinds = {
            "number": AddressKind.PHONE,
            "email": AddressKind.EMAIL,
        }
        found = tuple(
            read_address(given[field], region=region, field=field, kind=kind)
            for field, kind in kinds.items()
            if given.get(field)
        )
        if not found:
            raise Problem(
                400, "missing_address", "Give a number or an email.", pointer="number"
            )
        return found


class OptOutInput(PlaceInput):
    """An opt-out. With both number and email there are two entries and one event."""

    channel_id = Whole(
        allow_null=True, default=None, help_text="null or left out: all channels."
    )
    reason_code = serializers.ChoiceField(choices=Reason.choices, default=Reason.STAFF)
    note = Text(max_length=_MAX_NOTE, allow_blank=True, default="")

    def validate_channel_id(self, channel_id: int | None) -> int | None:
        """An active channel, or all of them."""
        channel = known_channel(channel_id, self.places)
        if channel is not None and not channel.is_active:
            raise serializers.ValidationError(
                f"The channel {channel_id} is not active.", "inactive_channel"
            )
        return channel_id

    def validate_reason_code(self, code: str) -> str:
        """A legal entry can be removed by an Admin alone, so it is made by one."""
        if code == Reason.LEGAL and not self.places.may_add_legal:
            raise Problem(
                403, "legal_needs_admin", "Only an Admin may add a legal entry."
            )
        return code

    def asked(self) -> Request:
        """What `entries.opt_out` is asked; raises a Problem for a bad address."""
        given = self.validated_data
        return Request(
            addresses=self.addresses(),
            list_ids=tuple(given["lists"]),
            channel_id=given["channel_id"] or ALL_CHANNELS,
            evidence=Evidence(note=given["note"]),
        )

    def warnings(self, asked: Request) -> list[dict[str, str]]:
        """Addresses that the channel cannot write to: the entry blocks nothing."""
        channel = self.places.channels.get(asked.channel_id)
        return [
            {
                "code": "no_effect_on_channel",
                "address": address.address,
                "detail": f"{channel.name} does not write to {address.kind} addresses.",
            }
            for address in asked.addresses
            if channel is not None and channel.address_kind != address.kind
        ]


class RemovalReasonInput(Input):
    """Why an entry ends. Due where the person made it, or the law asked for it."""

    reason = serializers.ChoiceField(choices=LiftReason.choices, required=False)
    note = Text(
        max_length=limit(Entry, "ended_note"),
        allow_blank=True,
        default="",
        help_text="Required with the reason `other`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Another reason is told in words."""
        if attrs.get("reason") == LiftReason.OTHER and not attrs["note"]:
            message = "Say in a note what the reason is."
            raise Problem(400, "note_required", message, pointer="note")
        return attrs


class RemovalInput(PlaceInput, RemovalReasonInput):
    """The entries of a person in these lists on one channel; null: on all channels."""

    channel_id = Whole(
        allow_null=True, help_text="null: the entries that count on all channels."
    )

    def validate_channel_id(self, channel_id: int | None) -> int | None:
        """A channel that there is, active or not, or all of them."""
        known_channel(channel_id, self.places)
        return channel_id


class WarningOutput(serializers.Serializer[Any]):
    """Something that was done and may not be what was meant."""

    code = serializers.CharField()
    address = serializers.CharField()
    detail = serializers.CharField()


STATES = [("effective", "Effective"), ("recorded", "Recorded")]


class OptOutOutput(serializers.Serializer[Any]):
    """What became of an opt-out."""

    state = serializers.ChoiceField(
        choices=STATES,
        help_text=(
            "effective: nothing leaves any more. recorded: turns effective by itself "
            "when the messages `in_flight` have been handed over."
        ),
    )
    in_flight = serializers.ListField(child=serializers.IntegerField())
    entries = EntryOutput(many=True)
    warnings = WarningOutput(many=True)


class RemovalOutput(serializers.Serializer[Any]):
    """The entries that ended."""

    removed = EntryOutput(many=True)


class AddressInput(Input):
    """An address in any spelling."""

    address = Text(max_length=addresses.MAX_RAW_CHARS)
    region = Text(max_length=2, allow_null=True, required=False)
