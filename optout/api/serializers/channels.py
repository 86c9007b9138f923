"""Channels in the API. Their rules are those of the page's forms."""

from typing import Any

from rest_framework import serializers

from optout import channels
from optout.api.fields import ModelInput, Text, refuse_unknown
from optout.channel_forms import ChannelForm, form_class
from optout.channels.base import KINDS
from optout.models import Channel

_CHANGEABLE = (
    "name",
    "sender",
    "rate",
    "help_text",
    "disabled_core_words",
    "yes_means_start",
    "is_active",
)


class ChannelOutput(serializers.ModelSerializer[Channel]):
    """A channel, without its credentials."""

    class Meta:
        model = Channel
        fields = [
            "channel_id",
            "kind",
            "address_kind",
            "options",
            *_CHANGEABLE,
            "created_at",
        ]
        read_only_fields = fields


class Setting(serializers.JSONField):
    """A text or a number."""

    default_error_messages = {"not_plain": "A text or a number is due."}

    def to_internal_value(self, data: Any) -> Any:
        """The value itself."""
        if not isinstance(data, str | int) or isinstance(data, bool):
            self.fail("not_plain")
        return data


class ChannelChangeInput(ModelInput):
    """What may change of a channel: `options` and `credentials` by name.

    An empty option is removed, an empty credential keeps what is stored.
    """

    options = serializers.DictField(
        child=Setting(),
        required=False,
        help_text="smtp: host, port, security, inbound_mailbox.",
    )
    credentials = serializers.DictField(
        child=Text(allow_blank=True, trim_whitespace=False),
        required=False,
        write_only=True,
        help_text="Never shown again. smtp: username, password.",
    )
    disabled_core_words = serializers.ListField(
        child=Text(max_length=80),
        required=False,
        help_text="Ids of built-in words that do not count on this channel.",
    )

    class Meta:
        model = Channel
        fields = [*_CHANGEABLE, "options", "credentials"]

    def save_channel(self) -> Channel:
        """Write the channel; raises a ValidationError that names the field."""
        given = dict(self.validated_data)
        options, credentials = given.pop("options", {}), given.pop("credentials", {})
        kind = self.instance.kind if self.instance else given.pop("kind")
        wanted = form_class(kind)
        _refuse_unknown_of("options", options, wanted.option_names)
        _refuse_unknown_of("credentials", credentials, wanted.credential_names)
        channel = self.instance or Channel(kind=kind)
        before = {name: getattr(channel, name) for name in _CHANGEABLE}
        values = before | channel.options | given | options | credentials
        form = wanted(values, instance=channel, kind=kind)
        if not form.is_valid() or not form.store():
            raise _refusal(form)
        return channel


def _refuse_unknown_of(
    field: str, names: dict[str, Any], known: tuple[str, ...]
) -> None:
    try:
        refuse_unknown(names, set(known))
    except serializers.ValidationError as error:
        raise serializers.ValidationError({field: error.detail}) from None


def _refusal(form: ChannelForm) -> serializers.ValidationError:
    """The form's errors, those of an option or a credential under its field."""
    found: dict[str, Any] = {}
    for name, errors in form.errors.as_data().items():
        inside = found
        if name in form.option_names:
            inside = found.setdefault("options", {})
        elif name in form.credential_names:
            inside = found.setdefault("credentials", {})
        inside[name] = serializers.as_serializer_error(errors[0])["non_field_errors"]
    return serializers.ValidationError(found)


class ChannelInput(ChannelChangeInput):
    """A channel to make. Its id, kind and kind of address can never be changed."""

    kind = Text(max_length=20)
    address_kind = Text(
        max_length=6,
        required=False,
        help_text="phone or email; may be left out where the kind knows one alone.",
    )

    class Meta(ChannelChangeInput.Meta):
        fields = [
            "channel_id",
            "kind",
            "address_kind",
            *ChannelChangeInput.Meta.fields,
        ]

    def validate_kind(self, kind: str) -> str:
        """A kind that there is."""
        channels.load_all()
        if kind not in KINDS:
            raise serializers.ValidationError(
                f"Kinds are {', '.join(sorted(KINDS))}.", "unknown_kind"
            )
        return kind

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A kind of address the channel's kind can write to."""
        known = KINDS[attrs["kind"]].address_kinds
        if attrs.get("address_kind", known[0]) not in known:
            message = f"Addresses of this kind are {' or '.join(known)}."
            raise serializers.ValidationError(
                {"address_kind": message}, "unknown_address_kind"
            )
        return attrs
