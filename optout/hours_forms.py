"""The fields of sending hours, for the form of a send or of a step."""

from collections.abc import Iterator
from datetime import time
from functools import cache
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings

from optout import hours
from optout.models import EVERY_DAY, MIDNIGHT, SendingHours
from optout.refusals import Refused

DAYS = [
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("7", "Sunday"),
]
# What the other groups hold is an alias of one of these, or no place at all.
_OLD_WORLD = ("Africa", "Asia", "Atlantic", "Australia", "Europe", "Indian")
_REGIONS = {*_OLD_WORLD, "America", "Antarctica", "Arctic", "Pacific"}
_FIELDS = {"opens": "hours_from", "closes": "hours_until", "days": "hours_days"}

Choice = tuple[str, Any]


class ZoneField(forms.ChoiceField):
    """A time zone by its IANA name; the installation's own stands first."""

    def __init__(self, **kwargs: Any) -> None:
        """Take what any field takes; without an initial zone the own one is chosen."""
        kwargs.setdefault("label", "Time zone")
        kwargs.setdefault("initial", settings.TIME_ZONE)
        super().__init__(choices=zone_choices, **kwargs)

    def valid_value(self, value: Any) -> bool:
        """Take names too that are not offered: a zone has been called otherwise."""
        return value in hours.zone_names()


def zone_choices() -> Iterator[Choice]:
    """The own zone, universal time, then every place by its region."""
    own = settings.TIME_ZONE
    yield from ((name, _place(name)) for name in dict.fromkeys([own, "UTC"]))
    yield from _by_region()


@cache
def _by_region() -> list[Choice]:
    names = sorted(name for name in hours.zone_names() if _region(name) in _REGIONS)
    return [
        (region, [(name, _place(name)) for name in group])
        for region, group in groupby(names, _region)
    ]


def _region(name: str) -> str:
    return name.partition("/")[0]


def _place(name: str) -> str:
    return name.replace("_", " ")


class HoursFields(forms.Form):
    """Mix it in: fields named `hours_…`, drawn by `components/hours.html`.

    Left as they are they ask for nothing. One time alone runs from, or until, midnight.
    """

    hours_from = forms.TimeField(
        label="From",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    hours_until = forms.TimeField(
        label="Until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    hours_days = forms.MultipleChoiceField(
        label="On these days",
        required=False,
        choices=DAYS,
        initial=list(EVERY_DAY),
        widget=forms.CheckboxSelectMultiple,
    )
    hours_zone = ZoneField(required=False)
    hours_by_recipient = forms.BooleanField(
        label="In the recipient's time zone",
        required=False,
        help_text=(
            "Told by the phone number. Where it may be in several zones the hours "
            "hold in all of them; where it tells none, the time zone above counts."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Read the hours together; `hours` gives them."""
        cleaned = super().clean() or self.cleaned_data
        self._hours: SendingHours | None = None
        if not any(name.startswith("hours_") for name in self.errors):
            try:
                self._hours = _read(cleaned)
            except Refused as error:
                self.add_error(_FIELDS.get(error.field, "hours_zone"), error.message)
        return cleaned

    def hours(self) -> SendingHours | None:
        """The hours that were asked for; None lets messages out at any time."""
        return self._hours

    @property
    def asks_for_hours(self) -> bool:
        """Whether the fields say anything, be it wrong."""
        times = (self["hours_from"].value(), self["hours_until"].value())
        days = self["hours_days"].value() or EVERY_DAY
        wrong = any(name.startswith("hours_") for name in self.errors)
        return wrong or any(times) or set(days) != set(EVERY_DAY)


def _read(cleaned: dict[str, Any]) -> SendingHours | None:
    opens, closes = cleaned.get("hours_from"), cleaned.get("hours_until")
    days = "".join(cleaned.get("hours_days", ()))
    has_times = opens is not None or closes is not None
    if not has_times and set(days) in (set(), set(EVERY_DAY)):
        return None
    return hours.find(
        opens=_or_midnight(opens),
        closes=_or_midnight(closes),
        days=days,
        zone=cleaned.get("hours_zone") or settings.TIME_ZONE,
        by_recipient=bool(cleaned.get("hours_by_recipient")),
    )


def _or_midnight(clock: time | None) -> time:
    return clock or MIDNIGHT


def hours_initial(row: SendingHours | None) -> dict[str, Any]:
    """What the fields show of hours that were set before."""
    if row is None:
        return {}
    return {
        "hours_from": row.opens,
        "hours_until": row.closes,
        "hours_days": list(row.days),
        "hours_zone": row.zone,
        "hours_by_recipient": row.by_recipient,
    }
