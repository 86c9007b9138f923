"""When a step is due: golden moments, and what holds for any."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.step_timing import Timing, due_at
from optout.models import SendingHours

MADRID = "Europe/Madrid"
SPAIN, NEW_YORK, US_MOBILE = "+34600111222", "+12125550100", "+15005550100"
NINE = time(9)
MOMENTS = st.datetimes(
    datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)
)
WAITS = st.one_of(
    st.integers(0, 30).map(lambda days: timedelta(days=days)),
    st.timedeltas(timedelta(0), timedelta(days=30)),
)
ZONES = [MADRID, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]


def local(text: str, zone: str = MADRID) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def hours(zone: str = MADRID, **more: object) -> SendingHours:
    return SendingHours(opens=time(10), closes=time(18), zone=zone, **more)


@pytest.mark.parametrize(
    ("since", "wait", "at", "due"),
    [
        ("2026-11-13 03:00", timedelta(hours=2), None, "2026-11-13 05:00"),
        ("2026-11-13 03:00", timedelta(hours=2), NINE, "2026-11-13 09:00"),
        ("2026-11-13 03:00", timedelta(hours=12), NINE, "2026-11-14 09:00"),
        ("2026-11-13 09:00", timedelta(0), NINE, "2026-11-13 09:00"),
        ("2026-11-13 09:00", timedelta(days=1), NINE, "2026-11-14 09:00"),
        # Whole days are those of the calendar, however late it was.
        ("2026-11-13 09:00:05", timedelta(days=1), NINE, "2026-11-14 09:00"),
        ("2026-11-13 23:00", timedelta(days=1), NINE, "2026-11-14 09:00"),
        ("2026-11-13 03:00", timedelta(days=2), NINE, "2026-11-15 09:00"),
        ("2026-11-13 09:00:05", timedelta(hours=25), NINE, "2026-11-15 09:00"),
        ("2026-10-24 09:30", timedelta(days=1), NINE, "2026-10-25 09:00"),
        ("2026-03-28 09:30", timedelta(days=1), NINE, "2026-03-29 09:00"),
        # Without an exact time a day is 24 hours.
        ("2026-03-28 09:00", timedelta(days=1), None, "2026-03-29 10:00"),
        # 02:30 does not exist on 29 March, and exists twice on 25 October.
        ("2026-03-28 12:00", timedelta(hours=4), time(2, 30), "2026-03-29 03:00"),
        ("2026-10-24 12:00", timedelta(hours=4), time(2, 30), "2026-10-25 02:30"),
    ],
)
def test_a_step_is_due_at_the_next_o_clock_after_its_wait(since, wait, at, due):
    timing = Timing(wait, at, MADRID)
    assert due_at(timing, local(since), SPAIN) == local(due)


def test_the_o_clock_may_be_that_of_the_recipient():
    timing = Timing(timedelta(0), NINE, MADRID, by_recipient=True)
    since = local("2026-11-13 12:00")
    there = local("2026-11-13 09:00", "America/New_York")
    assert due_at(timing, since, NEW_YORK) == there
    assert due_at(timing, since, "asha@example.org") == local("2026-11-14 09:00")


def test_in_a_country_of_several_zones_it_is_earlier_nowhere():
    timing = Timing(timedelta(0), NINE, MADRID, by_recipient=True)
    due = due_at(timing, local("2026-11-13 00:00"), "+393331234567")
    assert due == local("2026-11-13 09:00", "Europe/Rome")
    canaries = due_at(timing, local("2026-11-13 00:00"), SPAIN)
    assert canaries.astimezone(ZoneInfo("Atlantic/Canary")).hour == 9


def test_outside_its_hours_a_step_waits_until_they_open():
    timing = Timing(timedelta(0), NINE, MADRID, hours=hours())
    assert due_at(timing, local("2026-11-13 08:00"), SPAIN) == local("2026-11-13 10:00")


@given(
    since=MOMENTS, wait=WAITS, at=st.none() | st.times(), zone=st.sampled_from(ZONES)
)
def test_a_step_is_due_about_its_wait_later(since, wait, at, zone):
    timing = Timing(wait, at, zone)
    due = due_at(timing, since, SPAIN)
    late = due - since - wait
    if at is None:
        assert not late
    elif timing.is_by_calendar:
        assert abs(late) <= timedelta(hours=25)
        assert due > since
    else:
        assert timedelta(0) <= late <= timedelta(hours=25)


@given(since=MOMENTS, wait=WAITS, at=st.times(), zone=st.sampled_from(ZONES))
def test_the_clock_shows_the_exact_time_or_has_just_skipped_it(since, wait, at, zone):
    due = due_at(Timing(wait, at, zone), since, SPAIN)
    there = due.astimezone(ZoneInfo(zone))
    skipped = there.replace(tzinfo=None) - datetime.combine(there.date(), at)
    assert timedelta(0) <= skipped <= timedelta(hours=1)
    if skipped:
        a_second_before = (due - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        assert a_second_before.utcoffset() != there.utcoffset()
