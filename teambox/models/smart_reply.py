"""Smart replies: what is answered by itself, what is done, and what came of it."""

from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from optout.models import Channel, OutgoingMessage
from teambox.models.conversation import Conversation
from teambox.models.inbound import InboundEvent

NAME_CHARS = 60
PHRASE_CHARS = 200
ANSWER_CHARS = 4_000


class SmartReplyCategory(models.Model):
    """A topic. Its intents are words: where one occurs, its questions come first."""

    name = models.CharField(max_length=NAME_CHARS)
    intents = models.JSONField(default=list, blank=True)
    position = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "smart reply categories"
        constraints = [
            models.UniqueConstraint(
                Upper("name"),
                name="smart_reply_category_name",
                violation_error_message="There is a category of this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SmartReply(models.Model):
    """A question in several phrasings, with its answer and its actions."""

    category = models.ForeignKey(
        SmartReplyCategory, models.PROTECT, related_name="replies"
    )
    phrasings = models.JSONField(default=list)
    answer = models.TextField(max_length=ANSWER_CHARS, blank=True)
    position = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "smart replies"

    def __str__(self) -> str:
        return str(self.phrasings[0]) if self.phrasings else "Question"


class SmartReplyAction(models.Model):
    """One thing a smart reply does; `name` is that of the action table."""

    reply = models.ForeignKey(SmartReply, models.CASCADE, related_name="actions")
    name = models.CharField(max_length=40)
    settings = models.JSONField(default=dict, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class SmartReplySettings(models.Model):
    """What holds for all smart replies; one row, made when it is first asked for."""

    is_on = models.BooleanField("smart replies are on", default=True)
    default_reply = models.TextField(
        "default reply",
        max_length=ANSWER_CHARS,
        blank=True,
        help_text="The answer where no question matches. Without one, none is sent.",
    )
    off_channels = models.ManyToManyField(
        Channel, verbose_name="off on these channels", related_name="+", blank=True
    )

    class Meta:
        verbose_name_plural = "smart reply settings"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pk=1), name="smart_reply_settings_is_one_row"
            )
        ]

    def __str__(self) -> str:
        return "Smart reply settings"

    @classmethod
    def load(cls) -> "SmartReplySettings":
        return cls.objects.get_or_create(pk=1)[0]

    def covers(self, channel: Channel) -> bool:
        """Whether smart replies are on for this channel."""
        return self.is_on and not self.off_channels.filter(pk=channel.pk).exists()


class Silence(models.TextChoices):
    """Why a smart reply did not answer."""

    HELD = "held", "an agent has the conversation"
    KEYWORD = "keyword", "a keyword decided"
    ANSWERED = "answered", "the provider has answered"
    LIMIT = "limit", "too many automatic answers"
    ECHO = "echo", "our own words came back"
    AUTO_REPLY = "auto_reply", "the message was sent by a program"
    OWN_SENDER = "own_sender", "it came from one of our channels"


class SmartReplyRun(models.Model):
    """What a smart reply did about one message; kept with it for ever.

    Written before anything is done, with all that is to be done, so that a second try
    of the message goes on where the first one stopped. `results` are the actions in
    order: action, settings, outcome, detail.
    """

    event = models.OneToOneField(
        InboundEvent, models.PROTECT, related_name="smart_reply_run"
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="smart_reply_runs"
    )
    reply = models.ForeignKey(
        SmartReply, models.SET_NULL, null=True, related_name="runs"
    )
    phrasing = models.CharField(max_length=PHRASE_CHARS, blank=True)
    answer = models.TextField(blank=True)
    silence = models.CharField(max_length=10, choices=Silence, blank=True)
    results = models.JSONField(default=list)
    message = models.ForeignKey(
        OutgoingMessage, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.phrasing or "Default reply"
