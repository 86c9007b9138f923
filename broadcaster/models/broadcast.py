"""Broadcast: a message to many, from its draft to the batch that is sent."""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from optout.addresses import AddressKind
from optout.models import BatchState, Channel, Content, ImportJob, OutgoingBatch


def random_path(broadcast: "Broadcast", file_name: str) -> str:
    """Where an audience file is kept; nothing of the uploaded name is used."""
    return f"audiences/{secrets.token_hex(16)}.csv"


class Stage(models.TextChoices):
    """What happens before the launch; afterwards the batch's state counts."""

    DRAFT = "draft", "Draft"
    PREPARING = "preparing", "Preparing"
    READY = "ready", "Ready"


SCHEDULED = "scheduled"

STATUS_LABELS = {
    **dict(Stage.choices),
    **dict(BatchState.choices),
    SCHEDULED: "Scheduled",
}
EDITABLE = frozenset({Stage.DRAFT, Stage.PREPARING, Stage.READY})


class AudienceKind(models.TextChoices):
    """Where the recipients come from."""

    FILE = "file", "File or pasted addresses"
    CONTACTS = "contacts", "Contacts"
    BROADCAST = "broadcast", "Recipients of another broadcast"


class Broadcast(models.Model):
    """Channel, opt-out lists and sending stand in the batch; here is what to say.

    `audience` tells whom a broadcast to contacts or to another's recipients goes to,
    as `audiences` writes it. `rows_*` tell how the audience was read, `last_id` how
    far where it is no file. `attempt` fences the worker that reads it: each claim and
    each change of the draft raises it. `at_launch` keeps what was promised then.
    """

    name = models.CharField(max_length=100)
    batch = models.OneToOneField(
        OutgoingBatch, models.PROTECT, related_name="broadcast", editable=False
    )
    content = models.ForeignKey(
        Content, models.PROTECT, null=True, editable=False, related_name="+"
    )
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField("HTML", blank=True)

    audience_kind = models.CharField(
        max_length=9, choices=AudienceKind, default=AudienceKind.FILE
    )
    audience = models.JSONField(default=dict, blank=True)
    last_id = models.BigIntegerField(default=0)
    recipients = models.FileField(upload_to=random_path, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    columns = models.JSONField(default=list, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    marked_import = models.ForeignKey(
        ImportJob,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="What put the rows marked as opted out on a list.",
    )

    stage = models.CharField(max_length=9, choices=Stage, default=Stage.DRAFT)
    rows_read = models.PositiveIntegerField(default=0)
    rows_invalid = models.PositiveIntegerField(default=0)
    rows_marked = models.PositiveIntegerField(default=0)
    rows_duplicate = models.PositiveIntegerField(default=0)
    launch_when_ready = models.BooleanField(default=False)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    scheduled_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField("time zone", max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    launched_label = models.CharField(max_length=150, blank=True)
    launched_at = models.DateTimeField(null=True)
    at_launch = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("export_broadcast", "Can export the report of a broadcast")]
        indexes = [
            # The pump's claim.
            models.Index(
                fields=["lease_until"],
                condition=models.Q(stage="preparing"),
                name="broadcast_preparing",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def channel(self) -> Channel:
        return self.batch.channel

    @property
    def is_email(self) -> bool:
        return self.channel.address_kind == AddressKind.EMAIL

    @property
    def status(self) -> str:
        """One word for the whole way from draft to finished."""
        if self.batch.state == BatchState.DRAFT:
            return self.stage
        if self.batch.state == BatchState.RUNNING and self.waits_for_its_time:
            return SCHEDULED
        return self.batch.state

    @property
    def status_label(self) -> str:
        return STATUS_LABELS[self.status]

    @property
    def waits_for_its_time(self) -> bool:
        starts_at: datetime | None = self.batch.starts_at
        return starts_at is not None and starts_at > timezone.now()

    @property
    def is_editable(self) -> bool:
        return self.status in EDITABLE

    @property
    def is_moving(self) -> bool:
        """Whether its numbers change by themselves."""
        return self.status in {Stage.PREPARING, BatchState.RUNNING, SCHEDULED}


class ProgressPoint(models.Model):
    """How many recipients were in which state at a moment: the report's chart."""

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="points", db_index=False
    )
    at = models.DateTimeField(default=timezone.now)
    counts = models.JSONField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "at"], name="point_once"),
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id} at {self.at:%Y-%m-%d %H:%M}"


def all_broadcasts() -> models.QuerySet[Broadcast]:
    """Every broadcast, with the rows its status is read from."""
    return Broadcast.objects.select_related("batch__channel")
