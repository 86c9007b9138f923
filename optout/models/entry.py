"""Entry: an address on a channel in a list. Hold: marketing waits for a decision."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from optout.addresses import AddressKind
from optout.models.channel import ALL_CHANNELS, Channel
from optout.models.lists import OptOutList


class Source(models.TextChoices):
    """The door an opt-out (or its end) came through."""

    PAGE = "page", "list page"
    PANEL = "panel", "contact panel"
    MESSAGE = "message", "opt out from this message"
    KEYWORD = "keyword", "keyword"
    REVIEW = "review", "review queue"
    SMART_REPLY = "smart_reply", "smart reply"
    CONNECTOR = "connector", "connector"
    LINK = "link", "unsubscribe link"
    ONE_CLICK = "one_click", "one-click header"
    MAILTO = "mailto", "unsubscribe mail"
    PREFERENCES = "preferences", "preference page"
    API = "api", "API"
    IMPORT = "import", "CSV import"
    ADMIN = "admin", "Django admin"
    PROVIDER = "provider", "provider event"
    MOVE = "move", "move between lists"


class Reason(models.TextChoices):
    """Why the address stands there. They never collapse into one another."""

    PERSON = "person", "the person asked"
    STAFF = "staff", "staff decided"
    COMPLAINT = "complaint", "spam complaint"
    BOUNCE = "bounce", "bounced"
    PROVIDER = "provider", "the provider blocks it"
    LEGAL = "legal", "legal order"
    IMPORTED = "imported", "imported"


class LiftReason(models.TextChoices):
    """What staff say when they end an entry that a person made."""

    ASKED_IN_CHAT = "asked_in_chat", "Asked us in chat"
    ASKED_BY_PHONE = "asked_by_phone", "Asked us by phone"
    WRONG_PERSON = "wrong_person", "Wrong person"
    TEST = "test", "Test"
    OTHER = "other", "Other"


# Lifting these asks for a reason.
GUARDED_REASONS = frozenset({Reason.PERSON, Reason.COMPLAINT, Reason.LEGAL})


class Entry(models.Model):
    """State and history at once: an entry is never deleted, lifting sets `ended_at`.

    Written by `entries`, `lifts` and `list_deletion` alone. The address can be
    erased; `key` still blocks. `asked_at` is the latest time the person asked for it
    (provider's time, at most the time received), `back_at` the time of the person's
    START that ended it: the later of the two wins and a tie means opted out.
    """

    list = models.ForeignKey(
        OptOutList, models.PROTECT, related_name="entries", db_index=False
    )
    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="entries", db_index=False
    )
    key = models.UUIDField()
    address_kind = models.CharField(max_length=6, choices=AddressKind)
    address = models.CharField(max_length=320)
    raw = models.CharField(max_length=400, blank=True)
    source = models.CharField(max_length=12, choices=Source)
    reason_code = models.CharField(max_length=9, choices=Reason)
    tier = models.CharField(max_length=10, blank=True)
    wording = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    actor_label = models.CharField(max_length=150, blank=True)
    message = models.ForeignKey(
        "optout.OutgoingMessage",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_source = models.CharField(max_length=12, choices=Source, blank=True)
    ended_reason = models.CharField(max_length=20, blank=True)
    ended_note = models.CharField(max_length=300, blank=True)
    ended_label = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["-id"]
        constraints = [
            # Serves uniqueness, the gate (key, channel IN (0, x), list) and the panel.
            models.UniqueConstraint(
                fields=["key", "channel", "list"],
                condition=models.Q(ended_at=None),
                name="entry_live_unique",
            ),
        ]
        indexes = [
            # The list page: live entries of a list, newest first.
            models.Index(
                fields=["list", "-id"],
                condition=models.Q(ended_at=None),
                name="entry_live_of_list",
            ),
            # The history of an address, and the watermark of a START.
            models.Index(fields=["key", "-id"], name="entry_history"),
            # The API's change feed.
            models.Index(fields=["updated_at", "id"], name="entry_changes"),
            # What was added lately, of all lists: the overview and the dashboard.
            models.Index(fields=["created_at"], name="entry_created"),
            # Who left because of a message; asked for each message that is deleted.
            models.Index(
                fields=["message"],
                condition=models.Q(message__isnull=False),
                name="entry_of_message",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address or 'erased address'} in {self.list_id}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None

    @property
    def is_guarded(self) -> bool:
        """Whether ending it asks for a reason: the person wanted it."""
        return self.reason_code in GUARDED_REASONS or self.asked_at is not None

    @property
    def counts_everywhere(self) -> bool:
        return self.channel_id == ALL_CHANNELS

    @property
    def has_no_effect(self) -> bool:
        """An email on a phone channel, or a number on a mailbox, blocks nothing."""
        return not self.counts_everywhere and (
            self.channel.address_kind != self.address_kind
        )


def live_entries() -> models.QuerySet[Entry]:
    """Entries that withhold today."""
    return Entry.objects.filter(ended_at=None)


class HoldState(models.TextChoices):
    """A hold waits until it is decided one way or the other."""

    WAITING = "waiting", "Waiting"
    OPTED_OUT = "opted_out", "Opted out"
    DISMISSED = "dismissed", "Dismissed"


class Hold(models.Model):
    """Marketing to an address on a channel is withheld until someone decides."""

    key = models.UUIDField()
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+")
    address_kind = models.CharField(max_length=6, choices=AddressKind)
    address = models.CharField(max_length=320)
    text = models.TextField(blank=True)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=HoldState, default=HoldState.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            # Also what the gate asks.
            models.UniqueConstraint(
                fields=["key", "channel"],
                condition=models.Q(state=HoldState.WAITING),
                name="hold_live_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} under review"
