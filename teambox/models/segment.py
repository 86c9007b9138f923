"""Segment: filters of the contacts page, kept under a name."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone


class Segment(models.Model):
    """A choice of contacts, read anew each time. Written by `segments` alone.

    `query` is the page's query string in its one normal form; it holds no address.
    """

    name = models.CharField(max_length=60)
    query = models.TextField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = [Upper("name")]
        constraints = [
            models.UniqueConstraint(
                Upper("name"),
                name="segment_name_unique",
                violation_error_message="There is a segment of this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
