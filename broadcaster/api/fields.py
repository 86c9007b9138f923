"""Fields that broadcasts and steps of sequences share in the API."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from optout import hours
from optout.addresses import MAX_RAW_CHARS, Address, AddressKind
from optout.api.fields import Flag, Input, Text, Whole
from optout.api.problems import Problem
from optout.api.serializers.entries import read_address
from optout.csv_files import MAX_CELL_CHARS, MAX_COLUMNS
from optout.models import Channel, SendingHours, active_channels
from optout.refusals import Refused
from teambox.models import Segment, Tag

_DAYS = range(1, 8)


class Clock(serializers.TimeField):
    """A time of day, to the minute: `09:00`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **more)

    def to_internal_value(self, value: Any) -> time:
        """The time itself; only a text is one."""
        if not isinstance(value, str):
            self.fail("invalid", format="hh:mm")
        return super().to_internal_value(value)


class Zone(Text):
    """An IANA time zone."""

    default_error_messages = {"unknown_zone": "There is no such time zone."}

    def __init__(self, what: str = "IANA name", **more: Any) -> None:
        said = f"{what}, as `Europe/Madrid`."
        super().__init__(max_length=64, help_text=said, **more)

    def to_internal_value(self, data: Any) -> str:
        """The name itself, if this machine knows it."""
        name = super().to_internal_value(data)
        if name and name not in hours.zone_names():
            self.fail("unknown_zone")
        return name


class HoursInput(Input):
    """When of the day messages may be handed over."""

    opens = Clock()
    closes = Clock(help_text="`00:00` is the end of the day.")
    days = serializers.ListField(
        child=Whole(min_value=_DAYS[0], max_value=_DAYS[-1]),
        allow_empty=False,
        max_length=len(_DAYS),
        default=list(_DAYS),
        help_text="1 is Monday. Every day if it is left out.",
    )
    zone = Zone(default=lambda: settings.TIME_ZONE)
    by_recipient = Flag(
        default=False,
        help_text="In the time zones of the recipient's number, and in `zone` where it "
        "tells none.",
    )


def chosen_hours(given: Mapping[str, Any] | None) -> SendingHours | None:
    """The hours of a valid HoursInput, None for at any time.

    Raises a Problem for hours that end before they begin.
    """
    if given is None:
        return None
    days = "".join(map(str, given["days"]))
    try:
        return hours.find(**{**given, "days": days})
    except Refused as refused:
        pointer = f"hours/{refused.field}"
        raise Problem(400, refused.code, refused.message, pointer=pointer) from None


class HoursOutput(serializers.ModelSerializer[SendingHours]):
    """When of the day messages may be handed over."""

    opens = Clock()
    closes = Clock()
    days = serializers.SerializerMethodField(help_text="1 is Monday.")

    class Meta:
        model = SendingHours
        fields = ["opens", "closes", "days", "zone", "by_recipient"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_days(self, row: SendingHours) -> list[int]:
        """The days of the week as numbers."""
        return [int(day) for day in row.days]


class ChannelField(Whole):
    """The id of an active channel, which it becomes."""

    default_error_messages = {
        "unknown_channel": "There is no such channel, or it is not active."
    }

    def to_internal_value(self, data: Any) -> Any:
        """The channel itself."""
        pk = super().to_internal_value(data)
        channel: Channel | None = active_channels().filter(pk=pk).first()
        if channel is None:
            self.fail("unknown_channel")
        return channel


class _Named(Text):
    """A row by its name, in upper or lower case, which it becomes."""

    model: type[Tag] | type[Segment]

    def run_validation(self, data: Any = empty) -> Any:
        """The row itself, or None where that is allowed."""
        name = super().run_validation(data)
        if name is None:
            return None
        row = self.model._default_manager.filter(name__iexact=name).first()
        return row or self.fail("unknown")


class TagField(_Named):
    """A tag by its name."""

    model = Tag
    default_error_messages = {"unknown": "There is no such tag."}


class SegmentField(_Named):
    """A segment by its name."""

    model = Segment
    default_error_messages = {"unknown": "There is no such segment."}


class VariablesField(serializers.Field[Any, Any, Any, Any]):
    """Names and values that fill `{{variables}}`; every value becomes a text."""

    default_error_messages = {
        "object": "Give an object of names and values.",
        "names": f"At most {MAX_COLUMNS} names, each with at least one character.",
        "value": "The value of “{name}” is a text or a number of at most "
        f"{MAX_CELL_CHARS} characters.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Every value as text."""
        if not isinstance(data, Mapping):
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
        """As they are kept."""
        return value


extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    }
)(VariablesField)


class PersonInput(Input):
    """One person: a number or an email, in any spelling."""

    number = Text(max_length=MAX_RAW_CHARS, allow_null=True, required=False)
    email = Text(max_length=MAX_RAW_CHARS, allow_null=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of both."""
        if bool(attrs.get("number")) == bool(attrs.get("email")):
            message = "Give a number or an email."
            raise Problem(400, "missing_address", message, pointer="number")
        return attrs


def person_of(
    given: Mapping[str, Any], channel: Channel, region: str | None
) -> Address:
    """The address of a valid PersonInput.

    Raises a Problem for what is no address, and for one of another kind than the
    channel's (`wrong_address`).
    """
    kind = AddressKind(channel.address_kind)
    field = "email" if kind is AddressKind.EMAIL else "number"
    if not given.get(field):
        message = f"“{channel}” writes to another kind of address: give the {field}."
        other = "number" if field == "email" else "email"
        raise Problem(400, "wrong_address", message, pointer=other)
    return read_address(given[field], region=region, field=field, kind=kind)
