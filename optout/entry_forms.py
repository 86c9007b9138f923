"""The forms of entries: adding somebody, removing one entry, removing many."""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError

from optout import addresses
from optout.action_forms import RowsField
from optout.addresses import Address, AddressKind, AmbiguousNumber, InvalidAddress
from optout.bulk_removals import Decision, Preview
from optout.forms import NOTE_CHARS, focus_first, offer
from optout.models import (
    ALL_CHANNELS,
    Entry,
    LiftReason,
    OptOutList,
    Reason,
    Workspace,
    active_channels,
    live_entries,
)

TYPED_FROM = 101  # from this many entries on, a bulk removal asks for the number

Visitor = User | AnonymousUser


class EntryForm(forms.Form):
    """Somebody to add to a list. A number that reads two ways is asked about."""

    number = forms.CharField(
        label="Number",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    reading = forms.CharField(
        label="Which number is meant?", required=False, widget=forms.RadioSelect
    )
    email = forms.CharField(
        label="Email",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )
    channel = forms.TypedChoiceField(label="Channel", coerce=int)
    reason_code = forms.ChoiceField(label="Why", initial=Reason.STAFF)
    note = forms.CharField(label="Note", required=False, max_length=NOTE_CHARS)

    def __init__(self, *args: Any, user: Visitor, **kwargs: Any) -> None:
        """Offer the active channels, and the reasons this user may give."""
        super().__init__(*args, **kwargs)
        focus_first(self, "number")
        self.readings: tuple[str, ...] = ()
        self.found: list[Address] = []
        channels = active_channels().values_list("channel_id", "name")
        all_channels = (ALL_CHANNELS, "All channels")
        offer(self, "channel", [("", "Choose a channel"), all_channels, *channels])
        offer(self, "reason_code", reasons_for(user))
        region = Workspace.load().region
        self.region = region
        self.fields["number"].help_text = (
            "Numbers without a plus are read as national ones where they can be."
            if region
            else "With the country code: +34 600 111 222."
        )

    def clean(self) -> dict[str, Any]:
        """Read both addresses; at least one has to be there."""
        cleaned = super().clean() or self.cleaned_data
        number, email = cleaned.get("number"), cleaned.get("email")
        if number:
            self._read("number", number)
        if email:
            self._read("email", email)
        if not number and not email and not self.errors:
            self.add_error("number", "Give a number or an email.")
        return cleaned

    def _read(self, field: str, text: str) -> None:
        try:
            self.found.append(self._parse(field, text))
        except AmbiguousNumber as error:
            self.readings = error.readings
            asked = cast(forms.RadioSelect, self.fields["reading"].widget)
            asked.choices = [(number, number) for number in error.readings]
            self.add_error("reading", "This can be read in two ways. Choose one.")
        except InvalidAddress as error:
            self.add_error(field, ValidationError(error.message, code=error.code))

    def _parse(self, field: str, text: str) -> Address:
        if field == "email":
            return addresses.parse_email(text)
        try:
            return addresses.parse_phone(text, region=self.region)
        except AmbiguousNumber as error:
            chosen = self.data.get("reading")
            if chosen not in error.readings:
                raise
            return addresses.parse_phone(chosen)


class EverywhereForm(forms.Form):
    """Entries that block nothing on their channel, to be made on all channels too."""

    entries = RowsField(Entry.objects.none())
    reason_code = forms.ChoiceField()
    note = forms.CharField(required=False, max_length=NOTE_CHARS)

    def __init__(
        self, *args: Any, opt_out_list: OptOutList, user: Visitor, **kwargs: Any
    ) -> None:
        """Take live entries of this list whose address is still readable."""
        super().__init__(*args, **kwargs)
        rows = live_entries().filter(list=opt_out_list).exclude(address="")
        self.fields["entries"].queryset = rows  # type: ignore[attr-defined]
        offer(self, "reason_code", reasons_for(user))

    @property
    def found(self) -> list[Address]:
        return [
            addresses.parse(row.address, kind=AddressKind(row.address_kind))
            for row in self.cleaned_data["entries"]
        ]


def reasons_for(user: Visitor) -> list[tuple[str, str]]:
    """The reasons this user may give for an entry."""
    offered = [Reason.STAFF, Reason.PERSON]
    if user.has_perm("optout.lift_legal_entry"):  # only who may end it may make it
        offered.append(Reason.LEGAL)
    return [(reason.value, reason.label.capitalize()) for reason in offered]


class ReasonFields(forms.Form):
    """Why an entry that somebody wanted is ended; Other says it in words."""

    reason = forms.ChoiceField(
        label="Reason",
        required=False,
        choices=[("", "Choose a reason"), *LiftReason.choices],
    )
    note = forms.CharField(label="Note", required=False, max_length=NOTE_CHARS)

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"]
        if self.cleaned_data.get("reason") == LiftReason.OTHER and not note:
            raise ValidationError("Say in a few words why.")
        return note


class RemovalForm(ReasonFields):
    """The reason for ending one entry, where it needs one."""

    def __init__(self, *args: Any, entry: Entry, **kwargs: Any) -> None:
        """A guarded entry makes the reason required; another asks for none."""
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = entry.is_guarded
        if not entry.is_guarded:
            del self.fields["reason"], self.fields["note"]


class BulkRemovalForm(ReasonFields):
    """What a bulk removal asks before it starts."""

    field_order = ["include_guarded", "reason", "note", "typed"]
    include_guarded = forms.BooleanField(required=False)
    typed = forms.CharField(
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, preview: Preview, user: Visitor, **kwargs: Any
    ) -> None:
        """Ask about guarded entries if there are some and the user may end them."""
        super().__init__(*args, **kwargs)
        self.preview = preview
        self.may_end_legal = user.has_perm("optout.lift_legal_entry")
        self._ask_about_guarded(user)
        self.fields["typed"].label = f"Type {preview.total:,} to go on"
        if preview.total < TYPED_FROM:
            del self.fields["typed"]

    def _ask_about_guarded(self, user: Visitor) -> None:
        legal = 0 if self.may_end_legal else self.preview.legal
        asked = self.preview.guarded - legal
        if not asked or not user.has_perm("optout.lift_guarded_entry"):
            for name in ("include_guarded", "reason", "note"):
                del self.fields[name]
            return
        self.fields["include_guarded"].label = f"Remove these {asked:,} too"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.replace(",", "").strip() != str(self.preview.total):
            raise ValidationError(
                f"Type the number of entries: {self.preview.total:,}."
            )
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("include_guarded") and not cleaned.get("reason"):
            self.add_error("reason", "Give the reason for removing them.")
        return cleaned

    @property
    def decision(self) -> Decision:
        chosen = self.cleaned_data.get("include_guarded", False)
        return Decision(
            reason=self.cleaned_data.get("reason", "") if chosen else "",
            note=self.cleaned_data.get("note", "") if chosen else "",
            include_guarded=chosen,
            include_legal=chosen and self.may_end_legal,
        )
