"""The forms of conversations, canned replies and the review queue."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from optout import addresses
from optout.action_forms import RowsField
from optout.addresses import Address, AmbiguousNumber, InvalidAddress
from optout.forms import focus_first, offer
from optout.models import (
    ALL_CHANNELS,
    Channel,
    OptOutList,
    Workspace,
    active_channels,
    default_list,
    live_lists,
)
from optout.refusals import Refused
from teambox.conversations import MAX_REPLY
from teambox.models import CannedReply, Conversation

if TYPE_CHECKING:
    _CannedReplyForm = forms.ModelForm[CannedReply]
else:
    _CannedReplyForm = forms.ModelForm  # has no type argument when it runs


def refuse(form: forms.Form, error: Refused) -> None:
    """Show a refusal at the field it names, or above the form."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, ValidationError(error.message, code=error.code))


class ComposerForm(forms.Form):
    """What an agent writes: a reply, or a note that stays with us."""

    text = forms.CharField(
        required=False,
        max_length=MAX_REPLY,
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "placeholder": "Write a reply… Type / for canned replies",
            }
        ),
    )
    is_note = forms.BooleanField(required=False)
    version = forms.IntegerField(required=False, min_value=0, max_value=2**62)


class StartForm(forms.Form):
    """Somebody to write to first."""

    address = forms.CharField(
        label="Number or email",
        max_length=addresses.MAX_RAW_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    channel = forms.ModelChoiceField(
        queryset=Channel.objects.none(), empty_label="Choose a channel"
    )
    text = forms.CharField(
        label="Message", max_length=MAX_REPLY, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the active channels."""
        super().__init__(*args, **kwargs)
        chosen = self.fields["channel"]
        chosen.queryset = active_channels()  # type: ignore[attr-defined]
        focus_first(self, "address")

    def clean_address(self) -> Address:
        try:
            return addresses.parse(
                self.cleaned_data["address"], region=Workspace.load().region
            )
        except AmbiguousNumber as error:
            readings = " or ".join(error.readings)
            message = f"This reads as {readings}. Write it with a plus."
            raise ValidationError(message, code=error.code) from error
        except InvalidAddress as error:
            raise ValidationError(error.message, code=error.code) from error


class AssignForm(forms.Form):
    """Who takes care of a conversation from now on."""

    assignee = forms.ModelChoiceField(
        label="Assign to",
        queryset=User.objects.none(),
        required=False,
        empty_label="Nobody",
    )

    def __init__(self, *args: Any, agents: Any, **kwargs: Any) -> None:
        """Offer these agents."""
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = agents  # type: ignore[attr-defined]


class OptOutOfMessageForm(forms.Form):
    """What the person's message opts them out of."""

    lists = RowsField(OptOutList.objects.none())
    channel = forms.TypedChoiceField(coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, conversation: Conversation, **kwargs: Any) -> None:
        """Offer all lists, the conversation's channel and all channels."""
        super().__init__(*args, **kwargs)
        channel = conversation.channel
        self.fields["lists"].queryset = live_lists()  # type: ignore[attr-defined]
        self.fields["lists"].initial = [default_list().pk]
        self.fields["channel"].initial = channel.pk
        choices = [(channel.pk, channel.name), (ALL_CHANNELS, "All channels")]
        offer(self, "channel", choices)


class CannedReplyForm(_CannedReplyForm):
    """A shortcut and the words it stands for."""

    class Meta:
        model = CannedReply
        fields = ["shortcut", "text"]
        help_texts = {"shortcut": "Letters, digits, - and _. Typed as /shortcut."}
        widgets = {"text": forms.Textarea(attrs={"rows": 5})}


class Why(TextChoices):
    """What a message was, if no opt-out."""

    NO_REQUEST = "no_request", "Not a request to stop"
    OTHER_TOPIC = "other_topic", "About something else, such as an order"
    SPAM = "spam", "Spam, or a machine"
    OTHER = "other", "Other"


class DismissForm(forms.Form):
    """Why a request is no opt-out, and whether the same words go with it."""

    reason = forms.ChoiceField(choices=[("", "Choose a reason"), *Why.choices])
    note = forms.CharField(required=False, max_length=200)
    identical = forms.BooleanField(required=False)

    def __init__(self, *args: Any, others: int, **kwargs: Any) -> None:
        """Offer the other waiting requests of the same words, if there are some."""
        super().__init__(*args, **kwargs)
        self.fields["identical"].label = f"Dismiss {others:,} more with the same words"
        if not others:
            del self.fields["identical"]

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"].strip()
        if self.cleaned_data.get("reason") == Why.OTHER and not note:
            raise ValidationError("Say in a few words why.")
        return note

    @property
    def told(self) -> str:
        """The reason and the note, as they are kept."""
        label = str(Why(self.cleaned_data["reason"]).label)
        return ": ".join(filter(None, [label, self.cleaned_data["note"]]))
