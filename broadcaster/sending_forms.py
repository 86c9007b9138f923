"""The input of when and how fast a broadcast is sent: shape alone."""

from datetime import MAXYEAR, UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from broadcaster.models import Broadcast
from optout import hours
from optout.hours_forms import HoursFields, ZoneField, hours_initial

_FIRST_YEAR = 1970  # before it, and in the last year, a zone's offset may overflow


class LocalTimeField(forms.DateTimeField):
    """A date and a time of day as a clock shows them; whose, says another field."""

    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
    )

    def to_python(self, value: Any) -> datetime | None:
        """Read it without a zone; one that names an offset is no local time."""
        with timezone.override(UTC):
            found = super().to_python(value)
        if found is None:
            return None
        if found.utcoffset() or not _FIRST_YEAR < found.year < MAXYEAR:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found.replace(tzinfo=None)


class LaunchForm(forms.Form):
    """Now, or at a time; and which counts the launch was agreed to by."""

    scheduled_at = LocalTimeField(
        label="Begin at",
        required=False,
        help_text="Empty means at once. Who opts out until then gets nothing.",
    )
    zone = ZoneField(required=False)
    attempt = forms.IntegerField(required=False, widget=forms.HiddenInput)
    to_send = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, broadcast: Broadcast, data: QueryDict | None = None) -> None:
        super().__init__(data, initial=_schedule_of(broadcast))
        if not broadcast.zone:
            self.fields["zone"].widget.attrs["data-propose-zone"] = True

    def clean(self) -> dict[str, Any]:
        """Read the time by the clock of its zone."""
        data = super().clean() or self.cleaned_data
        local = data.get("scheduled_at")
        if local is None or self.errors:
            return data
        zone = data["zone"] = data["zone"] or settings.TIME_ZONE
        at = hours.moment(local.date(), local.time(), zone)
        if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
            message = f"The clocks of {zone} skip this time on that day."
            self.add_error("scheduled_at", message)
        elif at < timezone.now():
            self.add_error("scheduled_at", "This time has passed.")
        return data | {"scheduled_at": at}


def _schedule_of(broadcast: Broadcast) -> dict[str, Any]:
    zone = broadcast.zone or settings.TIME_ZONE
    at = broadcast.scheduled_at
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if at else None
    return {"scheduled_at": local, "zone": zone}


class PaceForm(HoursFields):
    """How many a second, and in which hours of the day."""

    rate = forms.IntegerField(label="Messages a second", required=False, min_value=1)
    field_order = ["rate"]

    def __init__(self, broadcast: Broadcast, data: QueryDict | None = None) -> None:
        batch = broadcast.batch
        initial = {"rate": batch.rate, **hours_initial(batch.hours)}
        super().__init__(data, initial=initial)
        most = broadcast.channel.rate
        self.fields["rate"].widget.attrs |= {"placeholder": most, "max": most}
        self.fields["rate"].help_text = (
            f"At most {most}, which is what the channel sends; empty for that. "
            "Other sends on the channel share it."
        )
