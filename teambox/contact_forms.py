"""The forms of contacts: making, editing, addresses, notes, merging, tagging many."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q

from optout import addresses
from optout.addresses import Address, AmbiguousNumber, InvalidAddress
from optout.forms import ProseField, focus_first
from optout.models import Workspace
from optout.refusals import Refused
from teambox import contacts
from teambox.models import AttributeKind, Contact, ContactAttribute, Note, Tag

_PREFIX = "attribute_"  # keeps an attribute's name apart from a field's


def refuse(form: forms.Form, error: Refused) -> None:
    """Show a refusal at the field it names, or above the form."""
    field = next(
        (name for name in (error.field, _PREFIX + error.field) if name in form.fields),
        None,
    )
    form.add_error(field, ValidationError(error.message, code=error.code))


class RefusableForm(forms.Form):
    """A form whose wish a service may refuse: the refusal stands at its field."""

    def obey(self, wish: Callable[[], Any]) -> bool:
        """Do it; False with errors where it is refused."""
        try:
            wish()
        except Refused as error:
            refuse(self, error)
        return self.is_valid()


# Addresses


def _reading() -> forms.CharField:
    return forms.CharField(
        label="Which number is meant?", required=False, widget=forms.RadioSelect
    )


def _address_field(label: str, mode: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": mode, "autocomplete": "off"}),
    )


class AddressesForm(RefusableForm):
    """Fields that hold addresses. A number that reads two ways is asked about."""

    address_fields: tuple[str, ...] = ()
    contact: Contact | None = None  # whose addresses they become

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found: list[Address] = []
        self.readings: tuple[str, ...] = ()
        self.taken_by: Contact | None = None
        self.region = Workspace.load().region

    def clean(self) -> dict[str, Any]:
        """Read the addresses, none of which may be another contact's."""
        cleaned = super().clean() or self.cleaned_data
        for field in self.address_fields:
            if text := cleaned.get(field):
                self._read(field, text)
        return cleaned

    def _read(self, field: str, text: str) -> None:
        try:
            address = self._parsed(field, text)
        except AmbiguousNumber as error:
            self.readings = error.readings
            asked = cast(forms.RadioSelect, self.fields["reading"].widget)
            asked.choices = [(number, number) for number in error.readings]
            self.add_error("reading", "This can be read in two ways. Choose one.")
        except InvalidAddress as error:
            self.add_error(field, ValidationError(error.message, code=error.code))
        else:
            self._take(field, address)

    def _parsed(self, field: str, text: str) -> Address:
        if field == "email":
            return addresses.parse_email(text)
        read = addresses.parse_phone if field == "number" else addresses.parse
        try:
            return read(text, region=self.region)
        except AmbiguousNumber as error:
            chosen = self.data.get("reading")
            if chosen not in error.readings:
                raise
            return addresses.parse_phone(chosen)

    def _take(self, field: str, address: Address) -> None:
        other = contacts.of_address(address.key)
        if other is None or other == self.contact:
            self.found.append(address)
            return
        self.taken_by = other
        self.add_error(field, "Another contact has this address.")


class AddressForm(AddressesForm):
    """One more address of a contact."""

    address_fields = ("address",)
    address = _address_field("Number or email", "email")
    reading = _reading()

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contact = contact
        self.fields["address"].required = True
        focus_first(self, "address")

    def store(self) -> bool:
        """File it; False with errors where another door was quicker."""
        contact = cast(Contact, self.contact)
        return self.obey(lambda: contacts.add_address(contact, self.found[0]))


# The contact


class AboutFields(RefusableForm):
    """Name, owner and a field for each attribute, by its kind."""

    name = forms.CharField(label="Name", required=False, max_length=contacts.MAX_NAME)
    owner = forms.ModelChoiceField(
        User.objects.none(), label="Owner", required=False, empty_label="Nobody"
    )

    def __init__(
        self,
        *args: Any,
        about: Contact | None = None,
        seen: Callable[[str], str] = str,
        **kwargs: Any,
    ) -> None:
        """Fill in what the contact has, if there is one, as `seen` shows it.

        What comes back as it was shown is left as it is.
        """
        super().__init__(*args, **kwargs)
        self.about, self.seen = about, seen
        self.attributes = list(ContactAttribute.objects.all())
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        still = Q(pk=about.owner_id) if about else Q(pk=None)
        people = get_user_model().objects.filter(Q(is_active=True) | still)
        owner.queryset = people.order_by("username")
        if about:
            self.initial["name"] = seen(about.name)
            self.initial["owner"] = about.owner_id
        for attribute in self.attributes:
            value = str(about.value_of(attribute) or "") if about else ""
            shown = value if attribute.kind == AttributeKind.CHOICE else seen(value)
            self.fields[_PREFIX + attribute.name] = _field_of(attribute, shown)
        focus_first(self, "name")

    @property
    def attribute_fields(self) -> list[forms.BoundField]:
        return [self[_PREFIX + attribute.name] for attribute in self.attributes]

    @property
    def values(self) -> dict[str, str]:
        """Values that were changed: one that its attribute takes no more may stay."""
        kept = self.about.attributes if self.about else {}
        typed = {
            one.name: self.cleaned_data.get(_PREFIX + one.name, "")
            for one in self.attributes
        }
        return {
            name: text
            for name, text in typed.items()
            if text not in (value := str(kept.get(name, "")), self.seen(value))
        }

    @property
    def name_now(self) -> str:
        typed: str = self.cleaned_data["name"]
        if self.about and typed == self.seen(self.about.name):
            return self.about.name
        return typed

    @property
    def owner_id(self) -> int | None:
        owner = self.cleaned_data["owner"]
        return owner.pk if owner else None


def _field_of(attribute: ContactAttribute, value: str) -> forms.Field:
    """The service reads the value: the field only suits the kind."""
    if attribute.kind == AttributeKind.CHOICE:
        return _choice_of(attribute, value)
    widget = forms.TextInput()
    if attribute.kind == AttributeKind.NUMBER:
        widget.attrs["inputmode"] = "decimal"
    elif attribute.kind == AttributeKind.DATE:
        widget.input_type = "date"
    return forms.CharField(
        label=attribute.label,
        required=False,
        initial=value,
        widget=widget,
    )


def _choice_of(attribute: ContactAttribute, value: str) -> forms.ChoiceField:
    names = list(dict.fromkeys([*attribute.choices, *filter(None, [value])]))
    return forms.ChoiceField(
        label=attribute.label,
        required=False,
        initial=value,
        choices=[("", "–"), *((name, name) for name in names)],
    )


class EditForm(AboutFields):
    """A contact's name, owner and values."""

    about: Contact

    def store(self) -> bool:
        """Write them; False with errors where a value is none of its kind."""
        return self.obey(
            lambda: contacts.edit(
                self.about,
                name=self.name_now,
                attributes=self.values,
                owner_id=self.owner_id,
            )
        )


class NewContactForm(AddressesForm, AboutFields):
    """Somebody new: a name or an address is due."""

    address_fields = ("number", "email")
    field_order = ["name", "number", "reading", "email", "owner"]
    number = _address_field("Number", "tel")
    reading = _reading()
    email = _address_field("Email", "email")
    made: Contact | None = None

    def clean(self) -> dict[str, Any]:
        """As for any addresses; nothing at all is nobody."""
        cleaned = super().clean()
        is_nobody = not any(cleaned.get(name) for name in ("name", "number", "email"))
        if is_nobody and not self.errors:
            self.add_error("name", "Give a name, a number or an email.")
        return cleaned

    def store(self) -> bool:
        """Make the contact; False with errors."""
        return self.obey(self._make)

    def _make(self) -> None:
        self.made = contacts.make(
            name=self.cleaned_data["name"],
            addresses=self.found,
            attributes=self.values,
            owner_id=self.owner_id,
        )


class NoteForm(RefusableForm):
    """A note about a contact."""

    text = ProseField(
        label="Note",
        max_length=Note._meta.get_field("text").max_length,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "Write a note"}),
    )


class TagForm(RefusableForm):
    """A tag to give."""

    tag = forms.CharField(
        label="Tag",
        max_length=contacts.MAX_TAG,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "list": "all-tags",
                "placeholder": "Name of a tag",
            }
        ),
    )


class UntagForm(RefusableForm):
    """A tag to take away."""

    tag = forms.ModelChoiceField(
        Tag.objects.all(), label="Tag", empty_label="Choose a tag"
    )
