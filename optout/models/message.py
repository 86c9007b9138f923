"""What goes out: OutgoingBatch, Content and OutgoingMessage, the queue of sending."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from optout.models.channel import Channel
from optout.models.entry import Entry, Hold
from optout.models.hours import SendingHours
from optout.models.lists import OptOutList

OPTOUT_NUMBER = "Optout Number"


class Purpose(models.TextChoices):
    """Why a batch is sent; it decides whether the gate withholds."""

    BROADCAST = "broadcast", "Broadcast"
    SEQUENCE = "sequence", "Sequence"
    CONNECTOR = "connector", "Action"
    API = "api", "API send"
    CONVERSATION_START = "conversation", "Conversation started by an agent"
    REPLY = "reply", "Reply"
    SMART_REPLY = "smart_reply", "Smart reply"
    LIST_MESSAGE = "list_message", "Answer to an opt-out, START or HELP"
    TEST = "test", "Test message"


# What the gate withholds. The others answer somebody, and go out. A test message is
# as the send will be, and withheld as it would be.
MARKETING = frozenset(
    {
        Purpose.BROADCAST,
        Purpose.SEQUENCE,
        Purpose.CONNECTOR,
        Purpose.API,
        Purpose.CONVERSATION_START,
        Purpose.TEST,
    }
)


class BatchState(models.TextChoices):
    """Only messages of a running batch are claimed."""

    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    CANCELLED = "cancelled", "Cancelled"
    FINISHED = "finished", "Finished"


class OutgoingBatch(models.Model):
    """Messages that share a channel, a purpose, the selected lists and a pace.

    `rate` is in messages a second; without one the channel's counts alone. Outside its
    `hours` nothing is handed over. Single messages go into a standing batch, which
    `standing_key` names.
    """

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="batches")
    purpose = models.CharField(max_length=12, choices=Purpose)
    state = models.CharField(
        max_length=9, choices=BatchState, default=BatchState.RUNNING
    )
    label = models.CharField(max_length=100, blank=True)  # what people call the send
    standing_key = models.CharField(max_length=200, blank=True)
    lists = models.ManyToManyField(OptOutList, related_name="batches", blank=True)
    unsubscribe_list = models.ForeignKey(
        OptOutList, models.PROTECT, null=True, related_name="+"
    )
    skip_default_reason = models.CharField(max_length=300, blank=True)
    rate = models.PositiveIntegerField("messages a second", null=True)
    hours = models.ForeignKey(
        SendingHours, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    starts_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    paced_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "outgoing batches"
        constraints = [
            models.UniqueConstraint(
                fields=["standing_key"],
                condition=models.Q(state=BatchState.RUNNING)
                & ~models.Q(standing_key=""),
                name="batch_stands_once",
            ),
        ]
        indexes = [
            # The sender's choice of the next batch.
            models.Index(
                fields=["channel", "claimed_at"],
                condition=models.Q(state=BatchState.RUNNING),
                name="batch_runnable",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What kind of send it is and what people call it: Broadcast · Autumn sale."""
        return " · ".join(filter(None, [self.get_purpose_display(), self.label]))

    @property
    def is_marketing(self) -> bool:
        return self.purpose in MARKETING


class Content(models.Model):
    """The words of a message, with its variables. Never changed once written.

    `hours` are those of a sequence's step; they count beside those of the batch.
    """

    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    hours = models.ForeignKey(
        SendingHours, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "contents"

    def __str__(self) -> str:
        return (self.subject or self.text)[:60]


class MessageState(models.TextChoices):
    """The states of `optout.handover`; the total is always their sum."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    READ = "read", "Read"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Failed – Optout Number"
    UNKNOWN = "unknown", "Unknown"
    CANCELLED = "cancelled", "Cancelled"


class ErrorCode(models.TextChoices):
    """Why a message was not delivered, next to the readable `error`."""

    OPTED_OUT = "opted_out", "Opted out"
    UNDER_REVIEW = "under_review", "Under review"
    REFUSED = "refused", "Refused by the provider"
    TRIES_USED_UP = "tries_used_up", "Too many tries"
    NO_ANSWER = "no_answer", "The provider did not answer"
    NO_LISTS = "no_lists", "No opt-out list selected"


class OutgoingMessage(models.Model):
    """One message to one address: a recipient of a broadcast is such a row.

    Written by `outbox`, `withholding` and `handover` alone. `attempt` fences
    results: a result counts only for the attempt that was claimed. `claimed_at` is
    when that was, by the database's clock: the gate was asked after it.
    """

    batch = models.ForeignKey(
        OutgoingBatch, models.PROTECT, related_name="messages", db_index=False
    )
    content = models.ForeignKey(Content, models.PROTECT, db_index=False)
    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="+", db_index=False
    )
    key = models.UUIDField()
    address = models.CharField(max_length=320)
    variables = models.JSONField(default=dict)
    dedupe = models.BigIntegerField(default=0)
    state = models.CharField(
        max_length=10, choices=MessageState, default=MessageState.QUEUED
    )
    error = models.CharField(max_length=300, blank=True)
    error_code = models.CharField(max_length=13, blank=True)
    entry = models.ForeignKey(
        Entry, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    hold = models.ForeignKey(
        Hold, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    attempt = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # One message per address and step; also thread and barrier, by its prefix.
            models.UniqueConstraint(
                fields=["key", "batch", "dedupe"], name="message_once"
            ),
        ]
        indexes = [
            # The sender's claim, in its order: a million may be due at one moment.
            models.Index(
                fields=["batch", "next_at", "id"],
                condition=models.Q(state=MessageState.QUEUED),
                name="message_due",
            ),
            # The sweep of leases that ended.
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state=MessageState.SENDING),
                name="message_leases",
            ),
            # What has to be reconciled, and the dashboard's count of it.
            models.Index(
                fields=["channel"],
                condition=models.Q(state=MessageState.UNKNOWN),
                name="message_unknown",
            ),
            # Counts and filters of a report, each state in the order of the file.
            models.Index(fields=["batch", "state", "id"], name="message_report"),
            # Receipts, which name the provider's id.
            models.Index(
                fields=["provider_id"],
                condition=~models.Q(provider_id=""),
                name="message_provider_id",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
