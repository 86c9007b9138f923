"""What a step says and when it follows, as forms: the rules stand in `steps`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings

from broadcaster import step_words
from broadcaster.broadcasts import Words
from broadcaster.forms import EmailForm, TextForm
from broadcaster.models import Sequence, Step
from broadcaster.steps import Timing
from optout.hours_forms import HoursFields, ZoneField, hours_initial

MAX_DAYS = 365
_UNITS = ("days", "hours", "minutes")


def words_form(
    sequence: Sequence, data: Mapping[str, Any] | None = None, *, words: Words
) -> TextForm | EmailForm:
    """The form that fits the channel, filled with these words."""
    form = EmailForm if sequence.is_email else TextForm
    initial = {"subject": words.subject, "html": words.html, "text": words.text}
    return form(data, initial=initial)


class TimingForm(HoursFields):
    """How long after the step before, at what o'clock, and within which hours."""

    name = forms.CharField(
        label="Name of the step",
        max_length=60,
        required=False,
        help_text="Only your team sees it. Without one it is called by its place.",
    )
    wait_days = forms.IntegerField(
        label="Days", min_value=0, max_value=MAX_DAYS, required=False
    )
    wait_hours = forms.IntegerField(
        label="Hours", min_value=0, max_value=23, required=False
    )
    wait_minutes = forms.IntegerField(
        label="Minutes", min_value=0, max_value=59, required=False
    )
    at = forms.TimeField(
        label="Then at",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    zone = ZoneField(required=False)
    by_recipient = forms.BooleanField(
        label="In the recipient's time zone",
        required=False,
        help_text="Told by the phone number; where it tells none, the time zone above.",
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, step: Step | None = None
    ) -> None:
        """Filled from the step there is."""
        super().__init__(data, initial=_initial(step))

    @property
    def wait_fields(self) -> list[forms.BoundField]:
        """Days, hours and minutes, which stand side by side."""
        return [self[f"wait_{unit}"] for unit in _UNITS]

    @property
    def timing(self) -> Timing:
        """When the step follows."""
        given = self.cleaned_data
        return Timing(
            wait=timedelta(**{unit: given[f"wait_{unit}"] or 0 for unit in _UNITS}),
            at=given["at"],
            zone=given["zone"] or settings.TIME_ZONE,
            by_recipient=given["by_recipient"],
            hours=self.hours(),
        )


def _initial(step: Step | None) -> dict[str, Any]:
    if step is None:
        return {"wait_days": 1}
    parts = zip(_UNITS, step_words.parts_of(step.wait), strict=True)
    columns = ("name", "at", "zone", "by_recipient")
    return {
        **{f"wait_{unit}": number for unit, number in parts},
        **{name: getattr(step, name) for name in columns},
        **hours_initial(step.content.hours),
    }
