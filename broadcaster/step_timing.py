"""When a step is due: pure reckoning with waits, clocks and time zones."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from optout.models import SendingHours


@dataclass(frozen=True, slots=True)
class Timing:
    """How long after the step before, at what o'clock, and within which hours.

    `by_recipient` takes the zone of the recipient's number, and `zone` where it tells
    none. The hours have a zone of their own.
    """

    wait: timedelta = timedelta(0)
    at: time | None = None
    zone: str = "UTC"
    by_recipient: bool = False
    hours: SendingHours | None = None


def due_at(timing: Timing, since: datetime, address: str) -> datetime:
    """The moment of a step: the wait after `since`, the next `at`, then the hours.

    A local time that does not exist is the first that does; of two, the first.
    """
    raise NotImplementedError
