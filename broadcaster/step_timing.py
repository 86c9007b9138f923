"""When a step is due: pure reckoning with waits, clocks and time zones."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from optout import hours
from optout.models import SendingHours

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long after the step before, at what o'clock, and within which hours.

    Whole days before an exact time are days of the calendar: one day after a step that
    was sent at 09:00:05 it is 09:00 tomorrow. `by_recipient` takes the zone of the
    recipient's number, and `zone` where it tells none. The hours have their own zone.
    """

    wait: timedelta = _NOTHING
    at: time | None = None
    zone: str = "UTC"
    by_recipient: bool = False
    hours: SendingHours | None = None

    @property
    def is_by_calendar(self) -> bool:
        return self.at is not None and self.wait >= _DAY and not self.wait % _DAY


def due_at(timing: Timing, since: datetime, address: str) -> datetime:
    """The moment of a step: the wait after `since`, the next `at`, then the hours.

    A local time that the clock skips is the first after it; of two, the first counts.
    """
    due = since.astimezone(UTC) + timing.wait
    if timing.at is not None:
        zone = _zone(timing, due, address)
        if timing.is_by_calendar:
            day = _date(since, zone) + timing.wait
            due = hours.moment(day, timing.at, zone)
        else:
            due = _next_clock(due, timing.at, zone)
    if timing.hours is not None:
        due = hours.opens_at(timing.hours, address, due)
    return due


def _zone(timing: Timing, at: datetime, address: str) -> str:
    """Of several zones the westernmost, so that it is earlier nowhere."""
    names = hours.zones_of(address) if timing.by_recipient else ()
    return min(names, key=lambda name: _offset(name, at), default=timing.zone)


def _offset(zone: str, at: datetime) -> timedelta:
    return at.astimezone(ZoneInfo(zone)).utcoffset() or _NOTHING


def _date(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _next_clock(due: datetime, at: time, zone: str) -> datetime:
    """The first `at` o'clock of a zone at this moment or after it."""
    day = _date(due, zone)
    found = hours.moment(day, at, zone)
    while found < due:
        day += _DAY
        found = hours.moment(day, at, zone)
    return found
