"""Run: an input of a connector, stored before anything is done, and what came of it."""

import json
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from connectors.models.connector import Connector, Version


class RunState(models.TextChoices):
    """`queued → running → done | failed`, with `waiting` between; the rest never ran.

    `failed` has at least one action that failed. `held` came in while the connector
    was off, `refused` could not be read or was not signed.
    """

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    HELD = "held", "Held"
    REFUSED = "refused", "Refused"
    CANCELLED = "cancelled", "Cancelled"


ENDED_STATES = (RunState.DONE, RunState.FAILED, RunState.REFUSED, RunState.CANCELLED)
_DUE_STATES = (RunState.QUEUED, RunState.WAITING)


class Origin(models.TextChoices):
    """How the input came."""

    RECEIVED = "received", "Received"
    AGAIN = "again", "Run again"
    CONNECTOR = "connector", "From a connector"
    SMART_REPLY = "smart_reply", "From a smart reply"
    EXAMPLE = "example", "An example"


class Run(models.Model):
    """What was received is a run, done or not: their number is that of the posts.

    `input` is JSON text: `{"body": …, "custom_variables": …}`. `results` tell of each
    step in order what its filter said and what each action did (see `results`). A
    result counts only for the claim it was made under: `attempts` counts the claims,
    `failures` those that ended badly. `once` is what a repeated input is known by.
    `trail` are the connectors that led here, oldest first.
    """

    connector = models.ForeignKey(
        Connector, models.CASCADE, related_name="runs", db_index=False
    )
    version = models.ForeignKey(Version, models.RESTRICT, null=True, related_name="+")
    origin = models.CharField(max_length=11, choices=Origin, default=Origin.RECEIVED)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="children"
    )
    trail = models.JSONField(default=list, blank=True)
    once = models.CharField(max_length=120, null=True)  # noqa: DJ001 - unique if there
    input = models.TextField(default="{}")
    state = models.CharField(max_length=9, choices=RunState, default=RunState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    results = models.JSONField(default=list, blank=True)
    error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("retry_run", "Can retry, replay and cancel runs")]
        constraints = [
            models.UniqueConstraint(fields=["connector", "once"], name="run_once"),
        ]
        indexes = [
            # The list of a connector's runs, and its samples.
            models.Index(fields=["connector", "-id"], name="run_newest"),
            # What came in on which days, and how much lately.
            models.Index(fields=["connector", "received_at"], name="run_received"),
            # What came in while its connector was off.
            models.Index(
                fields=["connector", "-id"],
                condition=models.Q(state=RunState.HELD),
                name="run_held",
            ),
            # The pump's claim.
            models.Index(
                fields=["connector", "next_at", "id"],
                condition=models.Q(state__in=_DUE_STATES),
                name="run_due",
            ),
            # Those whose worker may be gone.
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state=RunState.RUNNING),
                name="run_leased",
            ),
            # What waits for somebody to look at it.
            models.Index(
                fields=["connector", "-id"],
                condition=models.Q(state=RunState.FAILED),
                name="run_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def data(self) -> dict[str, Any]:
        """The input as tokens read it."""
        found: dict[str, Any] = json.loads(self.input)
        return found

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is going to happen by itself."""
        return self.state in ENDED_STATES

    @property
    def duration(self) -> timedelta | None:
        """From its beginning to its end, waits included."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at
