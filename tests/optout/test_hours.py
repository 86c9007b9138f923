"""When hours are open: by zone, by number, over changes of the clock, in a form."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from optout import hours
from optout.hours_forms import HoursFields, hours_initial
from optout.models import EVERY_DAY, SendingHours
from optout.refusals import Refused
from tests.factories import ASHA, LEENA

NEW_YORK, KOLKATA, LORD_HOWE = (
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
)
ZONES = (NEW_YORK, KOLKATA, LORD_HOWE, "America/Santiago", "Europe/Madrid")
RUSSIAN_MOBILE, NEW_YORKER = "+79161234567", "+12125550100"


def window(opens: str, closes: str, zone: str = "UTC", **more: object) -> SendingHours:
    at, until = time.fromisoformat(opens), time.fromisoformat(closes)
    return SendingHours(opens=at, closes=until, zone=zone, **more)


# Hours, moment asked, first moment open. 2026-03-08 and 2026-11-01 New York changes
# its clock, 2026-04-05 and 2026-10-04 Lord Howe, by half an hour.
GOLDEN = [
    (window("09:00", "20:00", NEW_YORK), "2026-03-07 14:00", "2026-03-07 14:00"),
    (window("09:00", "20:00", NEW_YORK), "2026-03-08 02:00", "2026-03-08 13:00"),
    (window("09:00", "20:00", NEW_YORK), "2026-11-01 01:00", "2026-11-01 14:00"),
    (window("02:30", "20:00", NEW_YORK), "2026-03-08 06:00", "2026-03-08 07:00"),
    (window("02:10", "02:50", NEW_YORK), "2026-03-08 06:00", "2026-03-09 06:10"),
    (window("01:30", "20:00", NEW_YORK), "2026-11-01 04:00", "2026-11-01 05:30"),
    (window("09:00", "00:00", NEW_YORK), "2026-11-02 04:59", "2026-11-02 04:59"),
    (window("09:00", "00:00", NEW_YORK), "2026-11-02 05:00", "2026-11-02 14:00"),
    (window("09:00", "20:00", KOLKATA), "2026-06-01 14:30", "2026-06-02 03:30"),
    (window("02:15", "20:00", LORD_HOWE), "2026-10-03 12:00", "2026-10-03 15:30"),
    (window("09:00", "20:00", LORD_HOWE), "2026-10-03 10:00", "2026-10-03 22:00"),
    (window("01:45", "02:30", LORD_HOWE), "2026-04-04 12:00", "2026-04-04 14:45"),
    (window("10:00", "12:00", days="7"), "2026-06-01 11:00", "2026-06-07 10:00"),
    (window("10:00", "12:00", days="7"), "2026-06-07 12:00", "2026-06-14 10:00"),
    (
        window("02:10", "02:50", NEW_YORK, days="7"),
        "2026-03-08 06:00",
        "2026-03-15 06:10",
    ),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("row", "asked", "opens"), GOLDEN)
def test_hours_open_when_a_clock_on_the_wall_says_so(row, asked, opens) -> None:
    assert hours.opens_at(row, LEENA, utc(asked)) == utc(opens)


def is_open(row: SendingHours, zone: str, at: datetime) -> bool:
    """By the hours of yesterday, today and tomorrow, whichever day it is there."""
    for ahead in (-1, 0, 1):
        day = at.date() + timedelta(days=ahead)
        last = day + timedelta(
            days=row.closes == time(0)
        )  # midnight is the end of the day
        opens = hours.moment(day, row.opens, zone)
        closes = hours.moment(last, row.closes, zone)
        if str(day.isoweekday()) in row.days and opens <= at < closes:
            return True
    return False


minutes = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))
some_hours = st.builds(
    SendingHours,
    opens=minutes,
    closes=minutes,
    days=st.sets(st.sampled_from(EVERY_DAY), min_size=1).map("".join),
    zone=st.sampled_from(ZONES),
    by_recipient=st.booleans(),
).filter(lambda row: row.opens < row.closes or row.closes == time(0))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)
addresses = st.sampled_from([ASHA, LEENA, NEW_YORKER])


@settings(max_examples=100, deadline=None)
@given(some_hours, addresses, moments)
@example(window("02:15", "02:20", LORD_HOWE), LEENA, utc("2026-10-03 12:00"))
def test_the_moment_is_open_and_nothing_open_lies_before_it(row, address, at) -> None:
    # Short hours are open in Madrid or on the Canaries, never in both.
    until = 24 if row.closes == time(0) else row.closes.hour
    assume(address != ASHA or until - row.opens.hour > 2)
    found = hours.opens_at(row, address, at)
    zones = (row.by_recipient and hours.zones_of(address)) or [row.zone]
    assert all(is_open(row, zone, found) for zone in zones)
    assert hours.opens_at(row, address, found) == found >= at
    for part in range(48):
        before = at + (found - at) * part / 48
        assert before == found or not all(is_open(row, z, before) for z in zones)


def test_a_local_time_that_is_skipped_is_the_first_after_it() -> None:
    skipped = hours.moment(date(2026, 3, 8), time(2, 59), NEW_YORK)
    twice = hours.moment(date(2026, 11, 1), time(1, 59), NEW_YORK)
    assert (skipped, twice) == (utc("2026-03-08 07:00"), utc("2026-11-01 05:59"))


def test_a_number_tells_its_zones_and_a_mail_address_none() -> None:
    assert hours.zones_of(NEW_YORKER) == (NEW_YORK,)
    assert set(hours.zones_of(ASHA)) == {"Atlantic/Canary", "Europe/Madrid"}
    assert len(hours.zones_of("+11234567890")) > 10  # in no plan: the whole continent
    assert hours.zones_of(LEENA) == hours.zones_of("+999") == ()


def test_hours_of_the_recipient_hold_in_every_zone_the_number_may_be_in() -> None:
    row = window("09:00", "20:00", KOLKATA, by_recipient=True)
    night, noon = utc("2026-06-01 00:00"), utc("2026-06-01 12:00")
    assert hours.opens_at(row, NEW_YORKER, night) == utc("2026-06-01 13:00")
    assert hours.opens_at(row, ASHA, utc("2026-06-01 07:30")) == utc("2026-06-01 08:00")
    # 09:00 in Bucharest is 18:00 in Kamchatka: they share two hours a day.
    assert hours.opens_at(row, RUSSIAN_MOBILE, noon) == utc("2026-06-02 06:00")
    assert hours.opens_at(row, LEENA, noon) == noon


def test_zones_that_never_agree_leave_it_to_the_zone_of_the_hours() -> None:
    row = window("09:00", "10:00", KOLKATA, by_recipient=True)
    asked = utc("2026-06-01 12:00")
    assert hours.opens_at(row, RUSSIAN_MOBILE, asked) == utc("2026-06-02 03:30")


def test_two_hours_let_out_what_both_let_out() -> None:
    early, late = window("09:00", "12:00"), window("11:00", "15:00", days="35")
    at = utc("2026-06-01 10:00")
    assert hours.all_open_at([early, late], LEENA, at) == utc("2026-06-03 11:00")
    never = [window("09:00", "10:00"), window("11:00", "12:00")]
    assert hours.all_open_at(never, LEENA, at) > at + timedelta(days=7)
    assert hours.all_open_at([], LEENA, at) == at


@pytest.mark.django_db
def test_the_same_hours_are_one_row() -> None:
    asked = {"opens": time(9), "closes": time(20), "zone": KOLKATA}
    first = hours.find(**asked, days="21")
    assert hours.find(**asked, days="12") == first
    assert hours.find(**asked) != first
    assert hours.described(first) == "09:00 to 20:00, Mon, Tue, Asia/Kolkata"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"zone": "Mars/Olympus"}, "unknown_zone"),
        ({"zone": "../etc/passwd"}, "unknown_zone"),
        ({"days": ""}, "no_days"),
        ({"days": "18"}, "no_days"),
        ({"closes": time(9)}, "hours_order"),
    ],
)
def test_hours_that_make_no_sense_are_refused(wrong, code) -> None:
    asked = {"opens": time(9), "closes": time(20), "zone": KOLKATA}
    with pytest.raises(Refused) as refused:
        hours.find(**asked | wrong)
    assert refused.value.code == code


# The form


def posted(**values: object) -> HoursFields:
    form = HoursFields({"hours_days": list(EVERY_DAY)} | values)
    form.is_valid()
    return form


@pytest.mark.django_db
def test_a_form_left_as_it_is_asks_for_no_hours() -> None:
    untouched = HoursFields({})
    assert untouched.is_valid()
    assert posted().hours() is untouched.hours() is None


@pytest.mark.django_db
def test_a_form_gives_the_hours_and_shows_them_again() -> None:
    values = {"hours_from": "09:00", "hours_until": "20:00", "hours_zone": KOLKATA}
    made = posted(**values, hours_days=["1", "2"], hours_by_recipient="on").hours()
    again = HoursFields(hours_initial(made))
    assert (made.days, made.zone, made.by_recipient) == ("12", KOLKATA, True)
    assert again.is_valid() and again.hours() == made


@pytest.mark.django_db
def test_one_time_alone_runs_from_or_until_midnight() -> None:
    assert str(posted(hours_from="18:00").hours()) == "18:00–00:00 UTC"
    assert str(posted(hours_until="12:00").hours()) == "00:00–12:00 UTC"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"hours_from": "20:00", "hours_until": "09:00"}, "hours_until"),
        ({"hours_from": "25:00"}, "hours_from"),
        ({"hours_from": "09:00", "hours_days": []}, "hours_days"),
        ({"hours_from": "09:00", "hours_days": ["8"]}, "hours_days"),
        ({"hours_from": "09:00", "hours_zone": "Mars/Olympus"}, "hours_zone"),
    ],
)
def test_a_form_names_the_field_that_is_wrong(values, field) -> None:
    form = posted(**values)
    assert list(form.errors) == [field]
    assert form.hours() is None
