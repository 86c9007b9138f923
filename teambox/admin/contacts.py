"""Contacts in the admin: rows to look at; tags and attributes are made here."""

from django.contrib import admin
from unfold.admin import TabularInline

from optout.admin.base import Admin, ReadOnly
from teambox.models import Contact, ContactAddress, ContactAttribute, Note, Segment, Tag


class _Addresses(TabularInline):  # type: ignore[misc]  # unfold has no types
    """The contact's addresses; its page files them."""

    model = ContactAddress
    fields = ("kind", "address", "raw", "created_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: object) -> bool:
        """Return False."""
        return False


@admin.register(Contact)
class ContactAdmin(ReadOnly):
    """Edited on the contact's own page, which knows the kinds of its values."""

    list_display = ("__str__", "owner", "last_seen_at", "created_at")
    list_filter = ("tags",)
    search_fields = ("name", "addresses__address")
    inlines = (_Addresses,)


@admin.register(Note)
class NoteAdmin(ReadOnly):
    """What was noted, and by whom."""

    list_display = ("contact", "text", "author_label", "created_at")
    list_select_related = ("contact",)
    search_fields = ("contact__name",)


@admin.register(Tag)
class TagAdmin(Admin):
    """Renaming one renames it for all contacts that have it."""

    list_display = ("name",)
    search_fields = ("name",)


@admin.register(ContactAttribute)
class ContactAttributeAdmin(Admin):
    """A name stays as it was made: values are kept under it."""

    list_display = ("label", "name", "kind")

    def get_readonly_fields(
        self, _request: object, obj: ContactAttribute | None = None
    ) -> tuple[str, ...]:
        """Name and kind, once there may be values of them."""
        return ("name", "kind") if obj else ()


@admin.register(Segment)
class SegmentAdmin(ReadOnly):
    """Saved and renamed above the contacts page, which knows the filters."""

    list_display = ("name", "owner", "query", "created_at")
    list_select_related = ("owner",)
    search_fields = ("name",)
