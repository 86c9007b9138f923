"""Single messages in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from optout import content
from optout.addresses import MAX_RAW_CHARS, AddressKind
from optout.api.fields import Input, Text, Whole, limit
from optout.api.problems import Problem
from optout.api.serializers.entries import MAX_LISTS
from optout.compose import LINK_VARIABLE
from optout.models import Content, OutgoingBatch, OutgoingMessage, connected_channels

# The longest text of WhatsApp; an SMS of that length is cut into parts.
MAX_PHONE_TEXT = 4_096
MAX_MAIL_TEXT = 100_000
MAX_HTML = 500_000
_WORDS = ("subject", "text", "html")


class SkipInput(Input):
    """Why the default list is left out."""

    reason = Text(max_length=limit(OutgoingBatch, "skip_default_reason"))


class MessageInput(Input):
    """A message to one address. The default list is added to `opt_out_lists`."""

    channel_id = Whole()
    to = Text(max_length=MAX_RAW_CHARS, help_text="Any spelling.")
    region = Text(max_length=2, allow_null=True, required=False)
    text = Text(
        max_length=MAX_MAIL_TEXT,
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        default="",
        help_text=f"Required on a phone channel: at most {MAX_PHONE_TEXT} characters.",
    )
    subject = Text(
        max_length=limit(Content, "subject"),
        allow_blank=True,
        allow_null=True,
        default="",
        help_text="Required on an email channel.",
    )
    html = Text(
        max_length=MAX_HTML,
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        default="",
    )
    opt_out_lists = serializers.ListField(
        child=Whole(), max_length=MAX_LISTS, default=list, help_text="At least one."
    )
    skip_default_list = SkipInput(allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Words that fit the channel, which has to be there and active."""
        channel = connected_channels().filter(pk=attrs["channel_id"]).first()
        if channel is None:
            raise _problem("channel_id", "unknown_channel", "There is no such channel.")
        if not channel.is_active:
            raise _problem(
                "channel_id", "inactive_channel", "This channel is not active."
            )
        words = {name: attrs[name] or "" for name in _WORDS}
        if channel.address_kind == AddressKind.EMAIL:
            _require_mail(words)
        else:
            _require_phone_text(words)
        _refuse_variables(words)
        return attrs | words | {"channel": channel}


def _problem(field: str, code: str, message: str) -> Problem:
    return Problem(400, code, message, pointer=field)


def _require_mail(words: dict[str, str]) -> None:
    if not words["subject"]:
        raise _problem("subject", "subject_required", "An email needs a subject.")
    if not (words["text"].strip() or words["html"].strip()):
        raise _problem("text", "text_required", "Give a text, HTML, or both.")


def _require_phone_text(words: dict[str, str]) -> None:
    if not words["text"].strip():
        raise _problem("text", "text_required", "Give a text.")
    if len(words["text"]) > MAX_PHONE_TEXT:
        message = f"On a phone channel a text has at most {MAX_PHONE_TEXT} characters."
        raise _problem("text", "text_too_long", message)
    for name in ("subject", "html"):
        if words[name]:
            message = f"A phone channel has no {name}."
            raise _problem(name, f"{name}_not_allowed", message)


def _refuse_variables(words: dict[str, str]) -> None:
    """Nothing would fill them in: the person would read a gap."""
    for name, text in words.items():
        unknown = [one for one in content.variables(text) if one != LINK_VARIABLE]
        if unknown:
            message = f"Nothing fills in {{{{{unknown[0]}}}}}: write the text itself."
            raise _problem(name, "unknown_variable", message)


class MessageOutput(serializers.ModelSerializer[OutgoingMessage]):
    """A message and what became of it."""

    status = serializers.CharField(source="state", read_only=True)
    channel_id = serializers.IntegerField(read_only=True)
    to = serializers.CharField(source="address", read_only=True)
    opt_out_lists = serializers.SerializerMethodField()
    entry = serializers.IntegerField(source="entry_id", read_only=True)
    list = serializers.IntegerField(
        source="entry.list_id", default=None, help_text="The list that suppressed it."
    )

    class Meta:
        model = OutgoingMessage
        fields = [
            "id",
            "status",
            "channel_id",
            "to",
            "opt_out_lists",
            "error",
            "error_code",
            "list",
            "entry",
            "created_at",
            "sent_at",
            "delivered_at",
            "read_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_opt_out_lists(self, message: OutgoingMessage) -> Any:
        """The lists of the send as they are now."""
        return sorted(row.pk for row in message.batch.lists.all())
