"""Connector: a secret URL, what it accepts, and the steps that answer to it."""

import hashlib

from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from optout.models.fields import EncryptedJSONField

NAME_CHARS = 60
DESCRIPTION_CHARS = 300


class SignatureKind(models.TextChoices):
    """How a request shows that it comes from who knows more than the URL."""

    NONE = "none", "The secret URL alone"
    STANDARD_WEBHOOKS = "standard_webhooks", "Standard Webhooks signature"
    HEADER = "header", "A secret in a header"


def token_digest(token: str) -> str:
    """What a secret URL's token is found by; the token itself is kept encrypted."""
    return hashlib.sha256(token.encode()).hexdigest()


class Connector(models.Model):
    """A door for another system. While it is off, what comes in is held.

    `token` is the last part of its URL: `{"token": …}`, encrypted. `signature` holds
    `{"secret": …}` and for a header its `name`. `response` is what a sender reads
    instead of the usual answer: `{"status", "kind", "body"}`. `version` are the steps
    that the next run takes.
    """

    name = models.CharField(max_length=NAME_CHARS)
    description = models.CharField(max_length=DESCRIPTION_CHARS, blank=True)
    is_active = models.BooleanField(default=False)
    token = EncryptedJSONField()
    token_digest = models.CharField(max_length=64, unique=True)
    signature_kind = models.CharField(
        max_length=20, choices=SignatureKind, default=SignatureKind.NONE
    )
    signature = EncryptedJSONField(blank=True, default=dict)
    response = models.JSONField(default=dict, blank=True)
    posts_per_minute = models.PositiveIntegerField(
        default=600, validators=[MinValueValidator(1), MaxValueValidator(60_000)]
    )
    keep_days = models.PositiveIntegerField(
        default=90, validators=[MinValueValidator(1), MaxValueValidator(3_650)]
    )
    version = models.ForeignKey(
        "connectors.Version", models.SET_NULL, null=True, related_name="+"
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "id"]
        permissions = [("export_connector", "Can export a connector")]
        constraints = [
            models.UniqueConstraint(
                Upper("name"),
                name="connector_name",
                violation_error_message="There is a connector of this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """The steps of a connector as they were at one time; never changed.

    `steps` is JSON as `plans` reads and writes it. A run keeps the version it began
    with: what is edited meanwhile is for the next one.
    """

    connector = models.ForeignKey(
        Connector, models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    steps = models.JSONField(default=list)
    actor_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["connector", "number"], name="connector_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connector}, version {self.number}"


class Secret(models.Model):
    """A value that HTTP requests use and nobody reads again; exports leave it out."""

    connector = models.ForeignKey(
        Connector, models.CASCADE, related_name="secrets", db_index=False
    )
    name = models.CharField(max_length=30)
    value = EncryptedJSONField()  # {"value": …}

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["connector", "name"], name="connector_secret_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name
