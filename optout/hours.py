"""Sending hours: making them, whose zones count, and when they are open next."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers.timezone import (
    UNKNOWN_TIMEZONE,
    time_zones_for_geographical_number,
    time_zones_for_number,
)

from optout.models import EVERY_DAY, MIDNIGHT, SendingHours
from optout.refusals import Refused

# Zones that agree on no moment in this time are taken never to agree.
LONGEST_SEARCH = timedelta(days=8)
_DAYS_AHEAD = 16  # a week, and another where the clock skips the hours of that day
_SECOND = timedelta(seconds=1)
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def find(
    *,
    opens: time,
    closes: time,
    days: str = EVERY_DAY,
    zone: str,
    by_recipient: bool = False,
) -> SendingHours:
    """The hours with these values, made when they are new.

    Raises Refused for an unknown zone, no day, and hours that end before they begin.
    """
    kept = "".join(sorted(set(days) & set(EVERY_DAY)))
    if zone not in zone_names():
        raise Refused("unknown_zone", f"There is no time zone “{zone}”.", "zone")
    if not kept or set(days) - set(EVERY_DAY):
        raise Refused("no_days", "Choose at least one day of the week.", "days")
    if closes <= opens and closes != MIDNIGHT:
        raise Refused("hours_order", "The hours end after they begin.", "closes")
    hours, _ = SendingHours.objects.get_or_create(
        opens=opens, closes=closes, days=kept, zone=zone, by_recipient=by_recipient
    )
    return hours


@cache
def zone_names() -> frozenset[str]:
    """Every IANA name that this machine knows."""
    return frozenset(available_timezones())


def described(hours: SendingHours) -> str:
    """The hours as a page tells them: 09:00 to 20:00, Mon to Fri, Europe/Madrid."""
    until = "midnight" if hours.closes == MIDNIGHT else f"{hours.closes:%H:%M}"
    where = "the recipient's time zone" if hours.by_recipient else hours.zone
    return ", ".join(
        [f"{hours.opens:%H:%M} to {until}", _described_days(hours.days), where]
    )


def _described_days(days: str) -> str:
    if days == EVERY_DAY:
        return "every day"
    names = [_DAY_NAMES[int(day) - 1] for day in days]
    if len(names) > 2 and days in EVERY_DAY:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)


@lru_cache(maxsize=10_000)
def zones_of(address: str) -> tuple[str, ...]:
    """The time zones that a phone number may be in; none for a mail address.

    A mobile number, and one whose area tells nothing, may be anywhere in its country.
    """
    if not address.startswith("+"):
        return ()
    try:
        number = phonenumbers.parse(address)
    except phonenumbers.NumberParseException:
        return ()
    found = time_zones_for_number(number)
    if UNKNOWN_TIMEZONE in found:  # a possible number that is in no plan of today
        found = time_zones_for_geographical_number(number)
    return tuple(zone for zone in found if zone in zone_names())


def opens_at(hours: SendingHours, address: str, at: datetime) -> datetime:
    """The first moment from `at` on when a message may go there; `at` when it may.

    In the recipient's time zone means in every zone the number may be in. Where these
    never agree, or none is known, the hours' own zone counts.
    """
    if hours.by_recipient:
        agreed = _agreed([(hours, zone) for zone in zones_of(address)], at)
        if agreed is not None:
            return agreed
    return _opens(hours, hours.zone, at)


def all_open_at(
    several: Collection[SendingHours], address: str, at: datetime
) -> datetime:
    """The first moment from `at` on when all of these hours are open.

    Hours that never agree let nothing out: the moment to look again, days later.
    """
    found = at
    while found - at < LONGEST_SEARCH:
        latest = max(
            (opens_at(hours, address, found) for hours in several), default=found
        )
        if latest == found:
            return found
        found = latest
    return found


def closed_for_all(hours: SendingHours, at: datetime) -> bool:
    """Whether nobody may be written to now, wherever they are."""
    return not hours.by_recipient and _opens(hours, hours.zone, at) != at


def _agreed(
    zoned: Collection[tuple[SendingHours, str]], at: datetime
) -> datetime | None:
    """The first moment when the hours are open in each of these zones."""
    found = at
    while zoned and found - at < LONGEST_SEARCH:
        latest = max(_opens(hours, zone, found) for hours, zone in zoned)
        if latest == found:
            return found
        found = latest
    return None


def _opens(hours: SendingHours, zone: str, at: datetime) -> datetime:
    """The first moment from `at` on when the hours are open by the clock of a zone."""
    today = at.astimezone(ZoneInfo(zone)).date()
    for ahead in range(_DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if str(day.isoweekday()) not in hours.days:
            continue
        last = day if hours.closes != MIDNIGHT else day + timedelta(days=1)
        if at < (closes := moment(last, hours.closes, zone)):
            opens = moment(day, hours.opens, zone)
            if opens < closes:
                return max(at, opens)
    raise ValueError(f"{hours} never open in {zone}.")


def moment(day: date, clock: time, zone: str) -> datetime:
    """When a clock of the zone shows this time on this day.

    A time that the clock skips is the first after it; one that it shows twice is the
    earlier.
    """
    local = datetime.combine(day, clock, ZoneInfo(zone))
    found = local.astimezone(UTC)
    if found.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(
        tzinfo=None
    ):
        return found
    return _end_of_gap(local)


def _end_of_gap(local: datetime) -> datetime:
    """When the clock jumped over this local time."""
    after = local.astimezone(UTC)
    before = local.replace(fold=1).astimezone(UTC)
    offset = before.astimezone(local.tzinfo).utcoffset()
    while after - before > _SECOND:
        middle = before + ((after - before) / 2 // _SECOND) * _SECOND
        if middle.astimezone(local.tzinfo).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
