"""Sequence: messages that follow each other, and who is on the way through them."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from optout.addresses import AddressKind
from optout.models import BatchState, Channel, Content, Hold, OutgoingBatch
from teambox.models import Tag


class ReEnrolment(models.TextChoices):
    """What becomes of somebody who is enrolled again."""

    NEVER = "never", "Only once, ever"
    WHEN_ENDED = "when_ended", "Again once the earlier enrolment has ended"
    RESTART = "restart", "Again from the first step, at any time"


class Sequence(models.Model):
    """Channel, opt-out lists and sending stand in the batch, which never finishes.

    While the batch is a draft or paused nobody moves on. Who gets `enrol_tag` is
    enrolled; `enrol_tag_after` is the last row of the tag's table that was looked at.
    """

    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    batch = models.OneToOneField(
        OutgoingBatch, models.PROTECT, related_name="sequence", editable=False
    )
    stop_on_reply = models.BooleanField(
        default=True, help_text="Who writes to us on this channel gets no more steps."
    )
    re_enrolment = models.CharField(
        max_length=10, choices=ReEnrolment, default=ReEnrolment.WHEN_ENDED
    )
    enrol_tag = models.ForeignKey(Tag, models.SET_NULL, null=True, related_name="+")
    enrol_tag_after = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def channel(self) -> Channel:
        return self.batch.channel

    @property
    def state(self) -> str:
        return self.batch.state

    @property
    def is_email(self) -> bool:
        return self.channel.address_kind == AddressKind.EMAIL

    @property
    def state_label(self) -> str:
        """What pages call the state: a sequence is ended, its batch is cancelled."""
        return "Ended" if self.is_ended else BatchState(self.batch.state).label

    @property
    def is_running(self) -> bool:
        return self.batch.state == BatchState.RUNNING

    @property
    def is_ended(self) -> bool:
        return self.batch.state == BatchState.CANCELLED


def all_sequences() -> models.QuerySet[Sequence]:
    """Every sequence, with the rows its state is read from."""
    return Sequence.objects.select_related("batch__channel")


class Step(models.Model):
    """One message of a sequence, and when it follows.

    It is due `wait` after the step before it was sent (the first: after the
    enrolment), and then at the next `at` o'clock of `zone` where one is given, which
    makes whole days days of the calendar. `by_recipient` takes the recipient's own
    zone, and `zone` where a number tells none.
    The hours it may arrive in stand in its content. An archived one is not sent any
    more; the others have the positions 1 to n, it that of the one before it.
    `retime_after` is the last enrolment whose time was set anew after the step was
    changed; null when none waits for that.
    """

    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="steps")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=60, blank=True)
    content = models.ForeignKey(Content, models.PROTECT, related_name="+")
    wait = models.DurationField(default=timedelta)
    at = models.TimeField("exact time of day", null=True, blank=True)
    zone = models.CharField("time zone", max_length=64)
    by_recipient = models.BooleanField("in the recipient's time zone", default=False)
    archived_at = models.DateTimeField(null=True)
    retime_after = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name or f"Step {self.position}"


def live_steps(sequence: Sequence) -> models.QuerySet[Step]:
    """The steps that are sent, in order, with what they say and when."""
    steps = Step.objects.filter(sequence=sequence, archived_at=None)
    return steps.select_related("content__hours").order_by("position")


class EnrolmentSource(models.TextChoices):
    """By which door somebody came into a sequence."""

    HAND = "hand", "by hand"
    CONTACTS = "contacts", "from contacts"
    IMPORT = "import", "CSV import"
    TAG = "tag", "tag"
    SMART_REPLY = "smart_reply", "smart reply"
    CONNECTOR = "connector", "connector"
    API = "api", "API"


class EnrolmentState(models.TextChoices):
    """Where somebody is in a sequence."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Sending"
    HELD = "held", "Under review"
    ENDED = "ended", "Ended"


class EndReason(models.TextChoices):
    """Why an enrolment has ended."""

    COMPLETED = "completed", "Completed"
    OPTED_OUT = "opted_out", "Optout Number"
    REPLIED = "replied", "Replied"
    UNENROLLED = "unenrolled", "Unenrolled"
    RESTARTED = "restarted", "Enrolled again"
    ENDED = "ended", "Sequence ended"


class Enrolment(models.Model):
    """One address on its way through a sequence. Written by `sequences` flows alone.

    `step` is the next one, or the one it ended at. `since` is the moment its wait
    counts from; `next_at` is when to look at it again, never later than it is due.
    Its variables go before those of the contact. `hold` is the one that held a step
    back, also while that step waits to be put again.
    """

    sequence = models.ForeignKey(
        Sequence, models.PROTECT, related_name="enrolments", db_index=False
    )
    key = models.UUIDField()
    address = models.CharField(max_length=320)
    variables = models.JSONField(default=dict, blank=True)
    state = models.CharField(
        max_length=7, choices=EnrolmentState, default=EnrolmentState.WAITING
    )
    end_reason = models.CharField(max_length=10, choices=EndReason, blank=True)
    step = models.ForeignKey(
        Step, models.PROTECT, null=True, related_name="+", db_index=False
    )
    since = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True)
    hold = models.ForeignKey(
        Hold, models.PROTECT, null=True, related_name="+", db_index=False
    )
    source = models.CharField(max_length=11, choices=EnrolmentSource)
    actor_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ended_label = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "sequence"],
                condition=~models.Q(state=EnrolmentState.ENDED),
                name="enrolment_live_once",
            ),
        ]
        indexes = [
            # The tick's claim, and the upcoming sends.
            models.Index(
                fields=["sequence", "next_at"],
                condition=models.Q(state=EnrolmentState.WAITING),
                name="enrolment_due",
            ),
            # Counts of the report; who is sent to or held now.
            models.Index(fields=["sequence", "state", "step"], name="enrolment_report"),
            # The contact panel, and whether somebody was enrolled before.
            models.Index(fields=["key", "-id"], name="enrolment_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.address} in {self.sequence_id}"

    @property
    def is_live(self) -> bool:
        return self.state != EnrolmentState.ENDED


class EnrolmentStep(models.Model):
    """A step that was put for somebody: its id is the `dedupe` of the message.

    `number` counts how often it was put: a step that was held under review and
    dismissed is put again.
    """

    enrolment = models.ForeignKey(
        Enrolment, models.CASCADE, related_name="done", db_index=False
    )
    step = models.ForeignKey(Step, models.PROTECT, related_name="done")
    number = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "step", "number"], name="enrolment_step_once"
            ),
        ]

    def __str__(self) -> str:
        return f"step {self.step_id} of enrolment {self.enrolment_id}"


class EnrolmentJob(models.Model):
    """Contacts that are being enrolled: up to `upper_id`, `last_id` was the last."""

    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="jobs")
    audience = models.JSONField()
    upper_id = models.BigIntegerField()
    last_id = models.BigIntegerField(default=0)
    enrolled = models.PositiveIntegerField(default=0)
    already = models.PositiveIntegerField(default=0)
    without_address = models.PositiveIntegerField(default=0)
    started_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # The pump's choice.
            models.Index(
                fields=["id"],
                condition=models.Q(finished_at=None),
                name="enrolment_job_open",
            ),
        ]

    def __str__(self) -> str:
        return f"enrolling into {self.sequence_id}"
