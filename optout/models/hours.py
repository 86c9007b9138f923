"""SendingHours: when of the day messages may be handed over."""

from datetime import time

from django.db import models

EVERY_DAY = "1234567"
MIDNIGHT = time(0)


class SendingHours(models.Model):
    """From `opens` until `closes`, local time, on `days` (1 is Monday). Never changed.

    `closes` at midnight is the end of the day. `zone` is an IANA name; `by_recipient`
    takes the zones of the recipient's number, and `zone` where it tells none.
    """

    opens = models.TimeField()
    closes = models.TimeField()
    days = models.CharField(max_length=7, default=EVERY_DAY)
    zone = models.CharField("time zone", max_length=64)
    by_recipient = models.BooleanField("in the recipient's time zone", default=False)

    class Meta:
        verbose_name_plural = "sending hours"
        constraints = [
            models.UniqueConstraint(
                fields=["opens", "closes", "days", "zone", "by_recipient"],
                name="hours_once",
            ),
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens"))
                | models.Q(closes=MIDNIGHT),
                name="hours_open_before_they_close",
                violation_error_message="The hours end after they begin.",
            ),
            models.CheckConstraint(
                condition=~models.Q(days=""), name="hours_have_a_day"
            ),
        ]

    def __str__(self) -> str:
        where = "of the recipient" if self.by_recipient else self.zone
        return f"{self.opens:%H:%M}–{self.closes:%H:%M} {where}"
