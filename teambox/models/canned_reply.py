"""CannedReply: words an agent need not type again."""

from django.db import models
from django.db.models.functions import Upper


class CannedReply(models.Model):
    """A text that `/shortcut` puts into the composer, where it can be changed."""

    shortcut = models.SlugField(max_length=30, allow_unicode=True)
    text = models.TextField(max_length=2_000)

    class Meta:
        ordering = ["shortcut"]
        verbose_name_plural = "canned replies"
        constraints = [
            models.UniqueConstraint(
                Upper("shortcut"),
                name="canned_reply_shortcut",
                violation_error_message="There is a canned reply of this shortcut.",
            ),
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut}"
