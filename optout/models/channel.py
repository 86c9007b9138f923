"""Channel: one configured connection to people."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower

from optout.addresses import AddressKind
from optout.models.fields import EncryptedJSONField

ALL_CHANNELS = 0


class Channel(models.Model):
    """A WhatsApp number, an SMS sender, a mailbox: `channel_id` is chosen once.

    Row 0 stands for all channels. It comes with a migration, cannot send, and
    reads null in API and webhook: a NULL in `Entry.channel` would let SQLite
    accept duplicates and cost PostgreSQL the gate's index.
    """

    channel_id = models.PositiveIntegerField(
        "channel id",
        primary_key=True,
        validators=[MinValueValidator(1), MaxValueValidator(2_000_000_000)],
        help_text="A number of yours, shown everywhere. It can never be changed.",
    )
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    address_kind = models.CharField(max_length=6, choices=AddressKind, blank=True)
    sender = models.CharField(
        max_length=254,
        blank=True,
        help_text="The number or the email address people see.",
    )
    options = models.JSONField(default=dict, blank=True)
    credentials = EncryptedJSONField(default=dict, blank=True)
    rate = models.PositiveIntegerField(
        "messages a second",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
    )
    help_text = models.CharField(
        "answer to HELP",
        max_length=300,
        blank=True,
        default="Reply STOP to get no more marketing messages from us.",
    )
    disabled_core_words = models.JSONField(default=list, blank=True)
    yes_means_start = models.BooleanField("YES means START", default=False)
    is_active = models.BooleanField("active", default=True)
    paced_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["channel_id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="channel_name_unique",
                violation_error_message="Another channel has this name.",
            ),
            models.CheckConstraint(
                condition=~models.Q(channel_id=ALL_CHANNELS)
                | models.Q(kind="all", is_active=False),
                name="channel_all_cannot_send",
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gte=1), name="channel_rate_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> int | None:
        """The id as API and webhook show it: null for all channels."""
        return self.channel_id or None


def connected_channels() -> models.QuerySet[Channel]:
    """Every channel but the row that stands for all of them."""
    return Channel.objects.exclude(channel_id=ALL_CHANNELS)


def active_channels() -> models.QuerySet[Channel]:
    """The channels one can choose in a form."""
    return connected_channels().filter(is_active=True)
