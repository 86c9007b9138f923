"""What the API of this floor takes and answers."""

from typing import Any

from rest_framework import serializers

from optout.addresses import InvalidAddress
from optout.api.fields import Input, Text
from teambox.keyword_requests import sender_address
from teambox.models import EventState, InboundOutcome

MAX_TEXT_CHARS = 65_536


class InboundInput(Input):
    """A message of a person; `context` holds the channel it came by."""

    text = Text(
        max_length=MAX_TEXT_CHARS,
        allow_blank=True,
        trim_whitespace=False,
        help_text="What the person wrote, or the payload of the button pressed.",
    )
    message_id = Text(
        max_length=255,
        help_text="Yours. The same again on this channel has no second effect.",
    )
    sent_at = serializers.DateTimeField(
        default=None,
        allow_null=True,
        help_text="When the person wrote it. The later of two messages wins.",
    )

    def get_fields(self) -> dict[str, Any]:
        """The fields, and `from`, which no Python name can be."""
        sender = Text(
            max_length=320,
            help_text="Who wrote: a number with its country code, or an email.",
        )
        return {"from": sender, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a sender that is no address of the channel."""
        try:
            sender_address(self.context["channel"], attrs["from"])
        except InvalidAddress as error:
            raise serializers.ValidationError(
                {"from": [error.message]}, code=error.code
            ) from None
        return attrs


class InboundAnswer(serializers.Serializer[Any]):
    """What the message did."""

    outcome = serializers.ChoiceField(
        choices=[*InboundOutcome.choices, (EventState.STORED.value, "Stored")],
        help_text="`stored`: safe with us, and done as soon as it can be.",
    )
    lists = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Ids of the lists the outcome speaks of.",
    )
    duplicate = serializers.BooleanField(
        help_text="This message was handed in before; the answer is the first one's."
    )
