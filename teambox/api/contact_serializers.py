"""Contacts in the API."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from optout.addresses import Address, AddressKind
from optout.api.fields import Input, Text
from optout.api.serializers.entries import read_address
from optout.models import Workspace
from teambox import contacts
from teambox.models import Contact, ContactAddress, Note

MAX_NOTE: int = Note._meta.get_field("text").max_length or 0


class ContactAddressOutput(serializers.ModelSerializer[ContactAddress]):
    """A number or email of a contact."""

    address_kind = serializers.ChoiceField(
        source="kind", choices=AddressKind.choices, read_only=True
    )

    class Meta:
        model = ContactAddress
        fields = ["address", "address_kind"]
        read_only_fields = fields


class ContactOutput(serializers.ModelSerializer[Contact]):
    """A contact. Who may be written to, `/opt-out-entries/check/` tells."""

    addresses = ContactAddressOutput(many=True, read_only=True)
    tags = serializers.ListField(
        source="tags.all", child=serializers.CharField(), read_only=True
    )
    owner = serializers.CharField(
        source="owner.username", default=None, read_only=True, allow_null=True
    )
    attributes = serializers.DictField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Values by the attribute's name; numbers and dates as text.",
    )

    class Meta:
        model = Contact
        fields = [
            "id",
            "name",
            "addresses",
            "tags",
            "owner",
            "attributes",
            "last_seen_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class Value(serializers.Field[Any, Any, Any, Any]):
    """The value of an attribute: a text or a number; null and "" take it away."""

    default_error_messages = {"not_plain": "A text, a number or null is due."}

    def to_internal_value(self, data: Any) -> Any:
        """The value itself; its attribute checks it."""
        if not isinstance(data, str | int | float) or isinstance(data, bool):
            self.fail("not_plain")
        return data

    def to_representation(self, value: Any) -> Any:
        """Values are given back as text, by another field."""
        return value


extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}]})(Value)


class ContactInput(Input):
    """A contact to make, or what changes of one."""

    name = Text(max_length=contacts.MAX_NAME, allow_blank=True, required=False)
    addresses = serializers.ListField(
        child=Text(max_length=320),
        max_length=contacts.MAX_ADDRESSES,
        required=False,
        help_text="Numbers with their country code, emails; all that it has.",
    )
    tags = serializers.ListField(
        child=Text(max_length=contacts.MAX_TAG),
        max_length=contacts.MAX_TAGS,
        required=False,
        help_text="Names, all that it has; one that is new is made.",
    )
    owner = Text(
        max_length=150, allow_null=True, required=False, help_text="A username."
    )
    attributes = serializers.DictField(
        child=Value(allow_null=True),
        required=False,
        help_text="Values by the attribute's name; those not named stay.",
    )

    def validate_addresses(self, value: list[str]) -> list[Address]:
        """Each of them an address."""
        region = Workspace.load().region
        return [
            read_address(raw, region=region, field=f"addresses/{place}")
            for place, raw in enumerate(value)
        ]

    def validate_owner(self, value: str | None) -> User | None:
        """The user of this name."""
        if value is None:
            return None
        users = get_user_model().objects.filter(username=value, is_active=True)
        if (found := users.first()) is None:
            raise serializers.ValidationError(
                f"There is no user {value}.", "unknown_user"
            )
        return found


class NoteInput(Input):
    """A note to keep."""

    text = Text(max_length=MAX_NOTE, trim_whitespace=False)


class NoteOutput(serializers.ModelSerializer[Note]):
    """What was noted, and by whom."""

    by = serializers.CharField(source="author_label", read_only=True)

    class Meta:
        model = Note
        fields = ["id", "text", "by", "created_at"]
        read_only_fields = fields
