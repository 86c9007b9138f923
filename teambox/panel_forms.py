"""The forms of the contact panel: looking somebody up, adding, tags and notes."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from optout import addresses
from optout.addresses import Address, AmbiguousNumber, InvalidAddress
from optout.entry_forms import Visitor, reasons_for
from optout.forms import NOTE_CHARS, ProseField, offer
from optout.models import (
    ALL_CHANNELS,
    Reason,
    Workspace,
    active_channels,
    live_lists,
)
from teambox.contacts import MAX_TAG
from teambox.people import Person

ANOTHER = ""  # of the addresses offered: none of them
_TYPED = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class AddressForm(forms.Form):
    """One number or email, typed. A number that reads two ways is asked about."""

    address = forms.CharField(
        label="Number or email", widget=forms.TextInput(attrs=_TYPED)
    )
    reading = forms.CharField(
        label="Which number is meant?", required=False, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ids of the panel never meet those of the page beside it."""
        kwargs.setdefault("auto_id", "panel-%s")
        super().__init__(*args, **kwargs)
        self.readings: tuple[str, ...] = ()
        self.found: Address | None = None

    def clean(self) -> dict[str, Any]:
        """Read what was typed into `found`."""
        cleaned = super().clean() or self.cleaned_data
        if text := cleaned.get("address"):
            self._read(text)
        return cleaned

    def _read(self, text: str) -> None:
        try:
            self.found = self._parse(text)
        except AmbiguousNumber as error:
            self.readings = error.readings
            asked = cast(forms.RadioSelect, self.fields["reading"].widget)
            asked.choices = [(number, number) for number in error.readings]
            self.add_error("reading", "This can be read in two ways. Choose one.")
        except InvalidAddress as error:
            self.add_error("address", ValidationError(error.message, code=error.code))

    def _parse(self, text: str) -> Address:
        try:
            return addresses.parse(text, region=Workspace.load().region)
        except AmbiguousNumber as error:
            chosen = self.data.get("reading")
            if chosen not in error.readings:
                raise
            return addresses.parse_phone(chosen)


class LookUpForm(AddressForm):
    """Whom to show."""


class AddForm(AddressForm):
    """Which of the person's addresses, or which other one, leaves which lists where."""

    whose = forms.ChoiceField(label="Number or email", required=False)
    channel = forms.TypedChoiceField(label="Channel", coerce=int)
    lists = forms.TypedMultipleChoiceField(
        label="Opt-out lists",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one list."},
    )
    reason_code = forms.ChoiceField(label="Why", initial=Reason.STAFF)
    note = forms.CharField(label="Note", required=False, max_length=NOTE_CHARS)

    def __init__(
        self,
        *args: Any,
        person: Person,
        user: Visitor,
        masks: bool,
        channel_id: int = ALL_CHANNELS,
        **kwargs: Any,
    ) -> None:
        """Offer what can be chosen; who may not see addresses chooses them masked."""
        super().__init__(*args, **kwargs)
        self.person = person
        self._offer_addresses(masks)
        channels = list(active_channels().values_list("channel_id", "name"))
        offer(self, "channel", [(ALL_CHANNELS, "All channels"), *channels])
        is_offered = channel_id in dict(channels)
        self.fields["channel"].initial = channel_id if is_offered else ALL_CHANNELS
        lists = list(live_lists())
        offer(self, "lists", [(row.pk, row.name) for row in lists])
        self.fields["lists"].initial = [row.pk for row in lists if row.is_default]
        offer(self, "reason_code", reasons_for(user))

    def _offer_addresses(self, masks: bool) -> None:
        typed = self.fields["address"]
        if not masks:
            del self.fields["whose"]
            typed.initial = self.person.asked.text
            typed.widget.attrs["list"] = "panel-known"
            return
        known = [row for row in self.person.addresses if row.text]
        masked = [(str(row.key), addresses.masked(row.text)) for row in known]
        offer(self, "whose", [*masked, (ANOTHER, "Another address")])
        self.fields["whose"].initial = masked[0][0] if masked else ANOTHER
        typed.label, typed.required = "Another address", False

    def clean(self) -> dict[str, Any]:
        """The address that is chosen counts; what is typed where none is."""
        chosen = self.cleaned_data.get("whose", ANOTHER)
        if chosen == ANOTHER:
            super().clean()
        else:
            rows = [row for row in self.person.addresses if str(row.key) == chosen]
            self.found = next(filter(None, (row.read() for row in rows)), None)
        if self.found is None and not self.errors:
            self.add_error("address", "Give a number or an email.")
        return self.cleaned_data

    def _parse(self, text: str) -> Address:
        """A provider's id is known as it stands: by itself it reads as no address."""
        same = [row for row in self.person.addresses if row.text == text]
        found = next(filter(None, (row.read() for row in same)), None)
        return found or super()._parse(text)


class _Keys(forms.TypedMultipleChoiceField):
    """Addresses by their keys; those that nobody has are left out later."""

    def valid_value(self, _value: object) -> bool:
        return True


class MoreForm(forms.Form):
    """What is offered after adding: these addresses too, on all channels."""

    keys = _Keys(coerce=UUID)
    lists = forms.TypedMultipleChoiceField(coerce=int)
    reason_code = forms.ChoiceField()
    note = forms.CharField(required=False, max_length=NOTE_CHARS)

    def __init__(self, *args: Any, user: Visitor, **kwargs: Any) -> None:
        """Any list of today, and the reasons this user may give."""
        super().__init__(*args, **kwargs)
        offer(self, "lists", live_lists().values_list("pk", "name"))
        offer(self, "reason_code", reasons_for(user))


class StopForm(forms.Form):
    """Why somebody gets nothing at all any more."""

    reason_code = forms.ChoiceField(label="Why", initial=Reason.PERSON)
    note = forms.CharField(label="Note", required=False, max_length=NOTE_CHARS)

    def __init__(self, *args: Any, user: Visitor, **kwargs: Any) -> None:
        """The reasons this user may give."""
        super().__init__(*args, **kwargs)
        offer(self, "reason_code", reasons_for(user))


class TagForm(forms.Form):
    """A tag to give, by name."""

    tag = forms.CharField(
        label="Tag",
        max_length=MAX_TAG,
        widget=forms.TextInput(attrs=_TYPED | {"placeholder": "Add a tag"}),
    )


class NoteForm(forms.Form):
    """A note to keep."""

    text = ProseField(
        label="Note",
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "Write a note"}),
    )
