"""What an automation's builder chooses for the actions of this floor."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from optout import content
from optout.action_forms import ActionForm, SendingForm
from optout.addresses import AddressKind
from optout.compose import LINK_VARIABLE
from optout.forms import ProseField
from optout.models import Channel, Content, active_channels
from teambox import contacts, conversations
from teambox.conversations import MAX_REPLY
from teambox.smart_reply_building import variables

MAX_SUBJECT: int = Content._meta.get_field("subject").max_length or 0
MAX_MAIL = 50_000
_SHOWN = 60  # characters of a message in a list of actions
_VARIABLES = "May hold {{name}} and {{name|fallback}}."


class TagForm(ActionForm):
    """Settings of adding and removing a tag."""

    tag = forms.CharField(label="Tag", max_length=contacts.MAX_TAG)


class AssignForm(ActionForm):
    """Settings of assigning a conversation."""

    user = forms.ModelChoiceField(
        User.objects.none(), label="Agent", empty_label="Choose an agent"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer who may take care of conversations."""
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[User]", self.fields["user"])
        field.queryset = conversations.agents()

    def settings(self) -> dict[str, Any]:
        """The agent by id."""
        return {"user": self.cleaned_data["user"].pk}

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The agents' names, read at once."""
        found = User.objects.in_bulk([row["user"] for row in many])
        return [str(found.get(row["user"], "somebody who is gone")) for row in many]


class ReplyForm(ActionForm):
    """Settings of one more message to the person."""

    text = forms.CharField(
        label="Message",
        max_length=MAX_REPLY,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_VARIABLES,
    )


# Marketing


class _ChannelForm(SendingForm):
    """A marketing message on a channel."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the channels that may be chosen today."""
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Channel]", self.fields["channel"])
        field.queryset = self.channels()

    @classmethod
    def channels(cls) -> QuerySet[Channel]:
        """The channels it can be sent on."""
        return active_channels()

    def settings(self) -> dict[str, Any]:
        """The channel by its id, null for that of the situation."""
        channel: Channel | None = self.cleaned_data["channel"]
        return {**super().settings(), "channel": channel.pk if channel else None}

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The words, the lists and the channel where one is chosen, read at once."""
        found = Channel.objects.in_bulk(
            [one for row in many if (one := row["channel"])]
        )
        channels = [_named(found, row["channel"]) for row in many]
        return [
            f"“{_shortened(cls.words(row))}”{channel} · Opt-out lists: {lists}"
            for row, channel, lists in zip(
                many, channels, super().told(many), strict=True
            )
        ]

    @classmethod
    def words(cls, settings: Mapping[str, Any]) -> str:
        """What it is told by."""
        raise NotImplementedError


def _named(channels: Mapping[int, Channel], pk: int | None) -> str:
    return f" on {channels.get(pk, 'a channel that is gone')}" if pk else ""


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1].rstrip()}…"


def _of_contacts(text: str) -> str:
    """Words whose variables are known, so that nobody reads an empty place."""
    known = variables()
    for name in content.variables(text):
        if name not in (*known, LINK_VARIABLE):
            message = f"No contact has “{name}”. Known: {', '.join(known)}."
            raise ValidationError(message, code="unknown_variable")
    return text


class SendMessageForm(_ChannelForm):
    """Settings of a marketing message to the person."""

    situational = ("channel",)
    message_words = ("text",)

    channel = forms.ModelChoiceField(
        Channel.objects.none(),
        label="Channel",
        required=False,
        empty_label="Where the person wrote",
    )
    text = ProseField(
        label="Message",
        max_length=MAX_REPLY,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_VARIABLES,
    )

    field_order = ["channel", "text", "lists"]

    def clean_text(self) -> str:
        """Known variables alone."""
        return _of_contacts(self.cleaned_data["text"])

    @classmethod
    def words(cls, settings: Mapping[str, Any]) -> str:
        """Its text."""
        return str(settings["text"])


class SendEmailForm(_ChannelForm):
    """Settings of a marketing email to the contact."""

    message_words = ("subject", "text", "html")

    channel = forms.ModelChoiceField(
        Channel.objects.none(), label="Mailbox", empty_label="Choose a mailbox"
    )
    subject = forms.CharField(
        label="Subject", max_length=MAX_SUBJECT, help_text=_VARIABLES
    )
    text = ProseField(
        label="Plain text",
        required=False,
        max_length=MAX_MAIL,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Without one it is made from the HTML.",
    )
    html = ProseField(
        label="HTML",
        required=False,
        max_length=MAX_MAIL,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="The unsubscribe link is added at the end unless you place "
        "{{unsubscribe_link}} yourself.",
    )

    field_order = ["channel", "subject", "text", "html", "lists"]

    @classmethod
    def channels(cls) -> QuerySet[Channel]:
        """The mailboxes."""
        return active_channels().filter(address_kind=AddressKind.EMAIL)

    def clean_subject(self) -> str:
        """Known variables alone."""
        return _of_contacts(self.cleaned_data["subject"])

    def clean_text(self) -> str:
        """Known variables alone."""
        return _of_contacts(self.cleaned_data["text"])

    def clean_html(self) -> str:
        """Known variables alone; something has to stand in the email."""
        html = _of_contacts(self.cleaned_data["html"])
        if not html.strip() and not self.data.get("text"):
            raise ValidationError("Write the email, as text, HTML or both.")
        return html

    @classmethod
    def words(cls, settings: Mapping[str, Any]) -> str:
        """Its subject."""
        return str(settings["subject"])
