"""The forms of channels: what every kind asks for, and what one kind asks beyond."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.forms.boundfield import BoundWidget

from optout import addresses, word_table
from optout.addresses import Address, AddressKind, InvalidAddress
from optout.channel_settings import next_channel_id
from optout.channels.base import transport_class
from optout.keyword_packs import YES
from optout.models import Channel, Workspace

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Channel]
else:
    _ModelForm = forms.ModelForm  # has no type argument when it runs

# Fields of one line, of which nobody wants to see the length counted.
_NOT_COUNTED = {"sender", "host", "inbound_mailbox", "username", "password"}
_SETTINGS = (
    "name",
    "sender",
    "rate",
    "help_text",
    "disabled_core_words",
    "yes_means_start",
    "is_active",
    "options",
    "credentials",
)


class ChannelForm(_ModelForm):
    """A channel of any kind, new or changed; `store` writes it.

    A kind's own form names its options and credentials and declares a field for each.
    Credentials are never shown again: a blank field keeps what is stored.
    """

    option_names: ClassVar[tuple[str, ...]] = ()
    credential_names: ClassVar[tuple[str, ...]] = ()

    disabled_core_words = forms.MultipleChoiceField(
        label="Words switched off on this channel",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=(
            "Tick a word that people here use for something else, such as CANCEL "
            "where they cancel bookings. STOP and UNSUBSCRIBE always count."
        ),
    )

    class Meta:
        model = Channel
        fields = ["channel_id", "name", "address_kind", "sender", "rate", "help_text"]
        fields += ["disabled_core_words", "yes_means_start", "is_active"]
        labels = {
            "channel_id": "Channel ID",
            "address_kind": "Writes to",
            "rate": "Messages a second",
            "help_text": "Answer to HELP",
            "is_active": "Active",
        }
        help_texts = {
            "yes_means_start": "Only where YES cannot mean anything else.",
            "is_active": "An inactive channel sends nothing and keeps what waits.",
            "help_text": "Sent to a person who writes HELP or INFO.",
        }
        error_messages = {
            "channel_id": {"unique": "Another channel has this number."},
        }
        widgets = {"help_text": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, kind: str = "", **kwargs: Any) -> None:
        """For a new channel give its `kind`; an instance brings its own."""
        super().__init__(*args, **kwargs)
        self.is_new = not self.instance.pk
        if self.is_new:
            self.instance.kind = kind
            self.initial["channel_id"] = next_channel_id(kind)
            self._offer_address_kinds()
        else:
            del self.fields["channel_id"], self.fields["address_kind"]
        for name in self.option_names:
            if name in self.instance.options:
                self.initial[name] = self.instance.options[name]
        for name in _NOT_COUNTED & self.fields.keys():
            self.fields[name].widget.attrs.pop("maxlength", None)
        words = self.fields["disabled_core_words"]
        words.choices = [  # type: ignore[attr-defined]
            (rule_id, text) for rule_id, text, _ in _switchable()
        ]

    def _offer_address_kinds(self) -> None:
        """Ask where the kind can write to more than one; else there is no question."""
        kinds = transport_class(self.instance.kind).address_kinds
        if len(kinds) == 1:
            self.instance.address_kind = kinds[0]
            del self.fields["address_kind"]
            return
        self.fields["address_kind"] = forms.ChoiceField(
            label="Writes to",
            choices=[(kind.value, kind.label) for kind in kinds],
            widget=forms.RadioSelect,
            initial=kinds[0],
            help_text="Chosen once.",
        )

    # What the template shows, part by part

    @property
    def main_fields(self) -> list[forms.BoundField]:
        shown = ("channel_id", "name", "address_kind", "sender")
        return [self[name] for name in shown if name in self.fields]

    @property
    def connection_fields(self) -> list[forms.BoundField]:
        shown = [*self.option_names, *self.credential_names]
        if self.stored_credentials:
            shown.append("forget_credentials")
        return [self[name] for name in shown if name in self.fields]

    @property
    def message_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("rate", "help_text", "yes_means_start")]

    @property
    def stored_credentials(self) -> dict[str, str]:
        return dict(self.instance.credentials or {})

    def word_groups(self) -> Iterator[tuple[str, list[BoundWidget]]]:
        """The boxes of the words that can be switched off, by language."""
        boxes = {box.data["value"]: box for box in self["disabled_core_words"]}
        groups: dict[str, list[BoundWidget]] = {}
        for rule_id, _, language in _switchable():
            groups.setdefault(language, []).append(boxes[rule_id])
        yield from groups.items()

    # Rules

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Channel.objects.exclude(pk=self.instance.pk)
        if others.filter(name__iexact=name).exists():
            raise ValidationError("Another channel has this name.", code="name_taken")
        return name

    def clean_sender(self) -> str:
        sender: str = self.cleaned_data["sender"]
        if not sender.isprintable():  # a line break would begin another mail header
            raise ValidationError("The sender is one line of plain text.")
        return sender

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("address_kind") or self.instance.address_kind
        if kind == AddressKind.EMAIL and cleaned.get("sender"):
            self._check_mail_sender(cleaned["sender"])
        return cleaned

    def _check_mail_sender(self, sender: str) -> None:
        """An address, or a name with one: `Our shop <shop@example.org>`."""
        try:
            addresses.parse_email(parseaddr(sender)[1])
        except InvalidAddress as error:
            self.add_error("sender", ValidationError(error.message, code=error.code))

    def store(self) -> bool:
        """Write the channel; False with errors when its number or name was taken."""
        channel = self.instance
        channel.options = self._options()
        channel.credentials = self._credentials()
        try:
            channel.save(
                force_insert=self.is_new,
                update_fields=None if self.is_new else _SETTINGS,
            )
        except IntegrityError:
            self.add_error("name", "Another channel has taken this number or name.")
        return self.is_valid()

    def _options(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(name) for name in self.option_names}
        kept = {**self.instance.options, **given}
        return {name: value for name, value in kept.items() if value not in ("", None)}

    def _credentials(self) -> dict[str, str]:
        if self.cleaned_data.get("forget_credentials"):
            return self._given_credentials()
        return self.stored_credentials | self._given_credentials()

    def _given_credentials(self) -> dict[str, str]:
        given = {name: self.cleaned_data.get(name) for name in self.credential_names}
        return {name: value for name, value in given.items() if value}


def _switchable() -> list[tuple[str, str, str]]:
    """Rule id, word and language of each word a channel may be deaf to.

    YES has a switch of its own.
    """
    return [
        (word.rule_id, word.text, word.language)
        for word in word_table.built_in()
        if word.is_switchable and word.text != YES
    ]


class SmtpForm(ChannelForm):
    """Email over SMTP: a server, how to speak to it, and its log-in."""

    option_names = ("host", "port", "security", "inbound_mailbox")
    credential_names = ("username", "password")
    _SERVER = ("host", "port", "security")

    host = forms.RegexField(
        label="Server",
        regex=r"^[A-Za-z0-9._:\[\]-]+$",
        max_length=253,
        error_messages={"invalid": "Give a host name or an IP address alone."},
        widget=forms.TextInput(attrs={"placeholder": "smtp.example.org"}),
    )
    port = forms.IntegerField(
        label="Port",
        required=False,
        min_value=1,
        max_value=65_535,
        help_text="Blank: 25, 587 with STARTTLS, 465 with TLS.",
    )
    security = forms.ChoiceField(
        label="Security",
        choices=[
            ("starttls", "STARTTLS"),
            ("ssl", "TLS from the start"),
            ("none", "None: everything can be read on the way"),
        ],
    )
    inbound_mailbox = forms.CharField(
        label="Inbound mailbox",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=(
            "Where a mail client may send an unsubscribe mail. "
            "Leave it blank unless somebody reads that mailbox."
        ),
    )
    username = forms.CharField(
        label="User name",
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label="Password",
        required=False,
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget_credentials = forms.BooleanField(
        label="Forget the stored log-in", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """A sender is required: mail servers want one."""
        super().__init__(*args, **kwargs)
        self.fields["sender"].required = True
        if self.stored_credentials:
            for name in self.credential_names:
                self.fields[name].widget.attrs["placeholder"] = "Stored; blank keeps it"
        else:
            del self.fields["forget_credentials"]

    def clean_inbound_mailbox(self) -> str:
        typed: str = self.cleaned_data["inbound_mailbox"]
        try:
            return addresses.parse_email(typed).address if typed else ""
        except InvalidAddress as error:
            raise ValidationError(error.message, code=error.code) from None

    def clean(self) -> dict[str, Any]:
        """A log-in is whole, and is typed anew for another server."""
        cleaned = super().clean()
        user_name, password = cleaned.get("username"), cleaned.get("password")
        if password and not user_name and "username" not in self._credentials():
            self.add_error("username", "Give the user name too.")
        if user_name and not password:
            self.add_error("password", "Give the password too.")
        elif self._moves_the_log_in() and not password:
            # The stored password must not be sent to whoever owns the new server.
            self.add_error("password", "The server changed: type the log-in again.")
        return cleaned

    def _moves_the_log_in(self) -> bool:
        if not self.stored_credentials or self.cleaned_data.get("forget_credentials"):
            return False
        before = self.instance.options
        return any(self.cleaned_data.get(k) != before.get(k) for k in self._SERVER)


FORMS: dict[str, type[ChannelForm]] = {"smtp": SmtpForm}


def form_class(kind: str) -> type[ChannelForm]:
    """The form of a kind; one that asks for nothing special has the common one."""
    return FORMS.get(kind, ChannelForm)


class TestMessageForm(forms.Form):
    """Whom a test message goes to: an address of the channel's kind."""

    __test__ = False  # pytest: this is no test class
    address = forms.CharField(max_length=addresses.MAX_RAW_CHARS)

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        """The channel decides what an address is."""
        super().__init__(*args, **kwargs)
        self.kind = AddressKind(channel.address_kind)
        self.fields["address"].widget.attrs.pop("maxlength")
        is_email = self.kind == AddressKind.EMAIL
        self.fields["address"].label = "Email" if is_email else "Number"
        self.fields["address"].widget.attrs["placeholder"] = (
            "you@example.org" if is_email else "+34 600 111 222"
        )

    def clean_address(self) -> Address:
        typed: str = self.cleaned_data["address"]
        region = Workspace.load().region
        try:
            return addresses.parse(typed, kind=self.kind, region=region)
        except InvalidAddress as error:
            raise ValidationError(error.message, code=error.code) from None
