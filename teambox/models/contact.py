"""Contacts: the people we know, the addresses they are known by, what we noted."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from optout.addresses import AddressKind


class AttributeKind(models.TextChoices):
    """What an attribute of ours holds."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    CHOICE = "choice", "Choice"


class ContactAttribute(models.Model):
    """A column of ours that every contact may have a value in.

    `name` stands in files, in `{{name}}` and in `Contact.attributes`; it stays as it
    was made, `label` is what people read. `choices` are those of a choice, in order.
    """

    name = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=60)
    kind = models.CharField(
        max_length=6, choices=AttributeKind, default=AttributeKind.TEXT
    )
    choices = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class Tag(models.Model):
    """A word that contacts are sorted by."""

    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Upper("name"),
                name="tag_name_unique",
                violation_error_message="There is a tag of this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person or company. Written by `contacts` alone.

    Nothing here says who may be written to: entries know addresses, not contacts, so
    that no edit, merge or deletion of a contact ever ends one.
    """

    name = models.CharField(max_length=120, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    tags = models.ManyToManyField(Tag, related_name="contacts", blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("bulk_contacts", "Can tag many contacts at once"),
            ("export_contacts", "Can export contacts"),
        ]
        indexes = [
            # Who wrote lately.
            models.Index(fields=["-last_seen_at"], name="contact_last_seen"),
            models.Index(Upper("name"), name="contact_name"),
        ]

    def __str__(self) -> str:
        return self.name or f"Contact {self.pk}"

    def value_of(self, attribute: ContactAttribute) -> Any:
        """The contact's value, None without one."""
        return self.attributes.get(attribute.name)


class ContactAddress(models.Model):
    """A phone number or email of a contact; each belongs to one contact at most.

    `key` is the one of entries, so that the spellings and variants of an address are
    one row here as they are there.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="addresses")
    kind = models.CharField(max_length=6, choices=AddressKind)
    key = models.UUIDField(unique=True)
    address = models.CharField(max_length=320)
    raw = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "contact addresses"

    def __str__(self) -> str:
        return self.address


class Note(models.Model):
    """What somebody of us wrote about a contact."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="notes")
    text = models.TextField(max_length=5_000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    author_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text[:60]
