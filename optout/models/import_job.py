"""ImportJob: a CSV file on its way into the tables, and what it has made."""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from optout.models.channel import ALL_CHANNELS, Channel
from optout.models.lists import OptOutList


def random_path(job: "ImportJob", file_name: str) -> str:
    """Where a file is kept; nothing of the uploaded name is used."""
    return f"imports/{secrets.token_hex(16)}.csv"


class ImportState(models.TextChoices):
    """`draft → counting → ready → running → done → undoing → undone`, or failed."""

    DRAFT = "draft", "Draft"
    COUNTING = "counting", "Counting"
    READY = "ready", "Ready"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"
    CLEARING = "clearing", "Discarded"


MOVING = frozenset(
    {
        ImportState.COUNTING,
        ImportState.RUNNING,
        ImportState.UNDOING,
        ImportState.CLEARING,
    }
)
CHANGEABLE = frozenset({ImportState.DRAFT, ImportState.READY})


class ImportJob(models.Model):
    """Which file, what its columns mean, and how far the work is.

    `part` and `position` tell which part of the work has done how many rows; they are
    written in the transaction of those rows. `counts` holds what the dry run foresaw
    (`planned`), what came of it (`done`) and of the undo (`undone`). `attempt` fences
    the worker: each claim and each change by a person raises it.
    """

    kind = models.CharField(max_length=20)
    file = models.FileField(upload_to=random_path, blank=True)
    file_name = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    headers = models.JSONField(default=list)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    row_count = models.PositiveIntegerField()
    region = models.CharField(max_length=2, blank=True)

    # The row of a floor above that the rows go into, for the kinds that have one.
    target_id = models.BigIntegerField(null=True)
    channel = models.ForeignKey(
        Channel, models.PROTECT, default=ALL_CHANNELS, related_name="+"
    )
    posts_webhooks = models.BooleanField(default=True)
    adds_marked = models.BooleanField(default=True)
    overwrites = models.BooleanField(default=False)

    state = models.CharField(
        max_length=8, choices=ImportState, default=ImportState.DRAFT
    )
    part = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    webhooks_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    started_label = models.CharField(max_length=150, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    undone_label = models.CharField(max_length=150, blank=True)

    # Below the others: in this class its name hides the type's.
    list = models.ForeignKey(OptOutList, models.PROTECT, related_name="imports")

    class Meta:
        ordering = ["-id"]
        indexes = [
            # The pump's claim.
            models.Index(
                fields=["claimed_at"],
                condition=models.Q(
                    state__in=["counting", "running", "undoing", "clearing"]
                ),
                name="import_moving",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_moving(self) -> bool:
        """Whether a worker has something to do with it."""
        return self.state in MOVING

    @property
    def is_changeable(self) -> bool:
        return self.state in CHANGEABLE

    @property
    def was_started(self) -> bool:
        return self.started_at is not None

    @property
    def adds_entries(self) -> bool:
        """Whether a column marks people, and they are to be put on the list."""
        return self.adds_marked and "opted_out" in self.mapping.values()

    def tally(self, phase: str, part: str) -> dict[str, int]:
        """How often each thing happened; `phase` is planned or done."""
        found: dict[str, int] = self.counts.get(phase, {}).get(part, {})
        return found

    def add_to_tally(self, phase: str, part: str, more: dict[str, int]) -> None:
        """Count more; the caller saves `counts`."""
        known: dict[str, Any] = self.counts.setdefault(phase, {}).setdefault(part, {})
        for name, number in more.items():
            known[name] = known.get(name, 0) + number


class ImportedKey(models.Model):
    """An address of the file: the first row it stands in, and the entry made of it.

    Kept for ever: these rows tell which entries an import made.
    """

    job = models.ForeignKey(
        ImportJob, models.CASCADE, related_name="keys", db_index=False
    )
    part = models.CharField(max_length=10)
    key = models.UUIDField()
    row = models.PositiveIntegerField()
    entry_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["job", "part", "key"], name="imported_key_once"
            ),
        ]
        indexes = [
            # What an undo ends.
            models.Index(
                fields=["job", "id"],
                condition=models.Q(entry_id__isnull=False),
                name="imported_entries",
            ),
            # Which import made an entry.
            models.Index(
                fields=["entry_id"],
                condition=models.Q(entry_id__isnull=False),
                name="import_of_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.row} of import {self.job_id}"


class ImportProblem(models.Model):
    """A row that was not taken, or not whole, with its cells and what is wrong."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField()
    cells = models.JSONField()
    message = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"row {self.row} of import {self.job_id}"
