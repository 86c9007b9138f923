"""BulkRemoval: many entries leaving a list, frozen at what was shown."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from optout.models.entry import LiftReason
from optout.models.lists import OptOutList


class RemovalState(models.TextChoices):
    """Whether the job still has chunks to do."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"


def no_ids() -> list[int]:
    """Give no ids: inside the model `list` names its column."""
    return []


class BulkRemoval(models.Model):
    """Which entries to end, why, and how far it is.

    Chosen are the live entries of the list up to `upper_id` that match `query` (the
    page's filters), or the ticked `ids` among them; one changed after `frozen_at` was
    asked for again and stays. `below_id` is where the next chunk starts, newest
    first; `chunk` is in work. `undo_ids` is kept for removals done at once.
    """

    list = models.ForeignKey(OptOutList, models.PROTECT, related_name="bulk_removals")
    query = models.TextField(blank=True)
    ids = models.JSONField(null=True)
    upper_id = models.BigIntegerField()
    frozen_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=20, choices=LiftReason, blank=True)
    note = models.CharField(max_length=300, blank=True)
    include_guarded = models.BooleanField(default=False)
    include_legal = models.BooleanField(default=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    actor_label = models.CharField(max_length=150)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    below_id = models.BigIntegerField()
    chunk = models.JSONField(default=no_ids)
    undo_ids = models.JSONField(default=no_ids)
    state = models.CharField(
        max_length=7, choices=RemovalState, default=RemovalState.RUNNING
    )
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # The pump's claim, and the notice on the list's page.
            models.Index(
                fields=["list"],
                condition=models.Q(state=RemovalState.RUNNING),
                name="bulk_removal_running",
            ),
        ]

    def __str__(self) -> str:
        return f"removal {self.pk} from {self.list_id}"

    @property
    def is_running(self) -> bool:
        return self.state == RemovalState.RUNNING

    @property
    def looked_at(self) -> int:
        return self.done + self.kept
