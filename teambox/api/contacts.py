"""`/contacts/`."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters import ModelChoiceFilter
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from optout.actors import actor_of
from optout.api.base import ApiView, CollectionView
from optout.api.filtering import PAGING
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.api.serializers.entries import AddressInput, read_address
from optout.models import Workspace
from teambox import contacts
from teambox.api.contact_serializers import (
    ContactInput,
    ContactOutput,
    NoteInput,
    NoteOutput,
)
from teambox.contact_filters import ContactFilter
from teambox.contacts import ContactError
from teambox.models import Contact, Tag

_OF_THE_STATE = {"address_taken"}
_TAG = {"type": "string", "description": "The name of a tag."}


class ContactQuery(ContactFilter):
    """As on the page, but for addresses: they would land in logs. See `search/`."""

    search = None
    tag = extend_schema_field(_TAG)(
        ModelChoiceFilter(
            field_name="tags",
            to_field_name="name",
            queryset=lambda _: Tag.objects.all(),
        )
    )


class Translating(ApiView):
    """Tells the refusals of contacts as problem documents."""

    serializer_class: type[BaseSerializer[Any]] = ContactOutput

    def get_queryset(self) -> QuerySet[Contact]:
        """Every contact, with what its answer shows."""
        return (
            Contact.objects.select_related("owner")
            .prefetch_related("addresses", "tags")
            .order_by("-id")
        )

    def handle_exception(self, exc: Exception) -> Response:
        """An address of somebody else is a conflict, else the input is wrong."""
        if isinstance(exc, ContactError):
            status = 409 if exc.code in _OF_THE_STATE else 400
            exc = Problem(status, exc.code, exc.message, pointer=_pointer(exc))
        return super().handle_exception(exc)


def _pointer(error: ContactError) -> str:
    known = {"address": "addresses", "tag": "tags"}
    if error.code in ("unknown_attribute", "bad_value"):
        return f"attributes/{error.field}"
    return known.get(error.field, error.field)


class ContactCollection(Translating, CollectionView):
    """Contacts, newest first."""

    filterset_class = ContactQuery
    permissions = {"GET": "teambox.view_contact", "POST": "teambox.add_contact"}

    @extend_schema(request=ContactInput, responses={201: ContactOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Make a contact. 409 `address_taken` where another one has an address."""
        form = ContactInput(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            made = contacts.make()
            _write(made, form.validated_data)
        return Response(ContactOutput(made).data, status=201)


def _write(contact: Contact, given: dict[str, Any]) -> None:
    owner = given.get("owner", contact.owner)
    contacts.edit(
        contact,
        name=given.get("name", contact.name),
        attributes=given.get("attributes", {}),
        owner_id=owner.pk if owner else None,
    )
    if "addresses" in given:
        contacts.set_addresses(contact, given["addresses"])
    if "tags" in given:
        contacts.set_tags(contact, given["tags"])


class OneContact(Translating):
    """One contact."""

    permissions = {"GET": "teambox.view_contact", "PATCH": "teambox.change_contact"}

    def get(self, request: Request, pk: int) -> Response:
        """The contact."""
        return Response(ContactOutput(self.get_object()).data)

    @extend_schema(request=ContactInput, responses=ContactOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given. `addresses` and `tags` replace those there are.

        No opt-out ends: entries know addresses, not contacts.
        """
        contact: Contact = self.get_object()
        form = ContactInput(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            _write(contact, form.validated_data)
        return Response(ContactOutput(self.get_object()).data)


class ContactSearch(Translating):
    """Look-up by address, which never stands in a URL."""

    permissions = {"POST": "teambox.view_contact"}

    def query_names(self) -> set[str]:
        """Paging, as for GET."""
        return PAGING

    @extend_schema(request=AddressInput, responses=ContactOutput(many=True))
    def post(self, request: Request) -> Response:
        """The contact that has this address, in any spelling: one or none."""
        form = AddressInput(data=request.data)
        form.is_valid(raise_exception=True)
        region = form.validated_data.get("region") or Workspace.load().region
        raw = form.validated_data["address"]
        address = read_address(raw, region=region, field="address")
        found = self.get_queryset().filter(addresses__key=address.key)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(ContactOutput(page, many=True).data)


class ContactNotes(Translating):
    """The notes of a contact."""

    serializer_class = NoteOutput
    permissions = {"POST": "teambox.change_contact"}

    @extend_schema(request=NoteInput, responses={201: NoteOutput})
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Keep a note about the contact."""
        form = NoteInput(data=request.data)
        form.is_valid(raise_exception=True)
        text = form.validated_data["text"]
        note = contacts.write_note(
            self.get_object(), text, actor=actor_of(request.user)
        )
        return Response(NoteOutput(note).data, status=201)
