"""The style guide: every part of a page on one page, shown only with DEBUG."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.views.generic import TemplateView

from optout.hours_forms import HoursFields


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Opt-out list name", max_length=50)
    message = forms.CharField(
        label="Opt-out message",
        max_length=300,
        widget=forms.Textarea,
        help_text="Sent once to a person who opted out by a message.",
    )
    channel = forms.ChoiceField(
        choices=[("", "All channels"), ("101", "WhatsApp +91 62580")], required=False
    )
    webhook_url = forms.URLField(
        label="Webhook URL", required=False, assume_scheme="https"
    )
    lists = forms.MultipleChoiceField(
        choices=[("1", "Default opt-out list"), ("2", "Promotions"), ("3", "Diwali")],
        widget=forms.CheckboxSelectMultiple,
    )
    webhook_on_lift = forms.BooleanField(
        label="Also post removals", required=False, help_text="As event lifted."
    )
    file = forms.FileField(label="CSV file", required=False)


class Styleguide(TemplateView):
    """Draws the parts with made-up data."""

    template_name = "styleguide.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the sample forms, rows, times and chart."""
        now = timezone.now()
        wrong = {"webhook_url": "not a url", "message": "Bye."}
        return super().get_context_data(
            **kwargs,
            form=SampleForm(initial={"lists": ["1"]}),
            wrong=SampleForm(wrong, auto_id="wrong_%s"),
            hours=HoursFields(initial={"hours_from": "09:00", "hours_until": "20:00"}),
            page=Paginator(range(1234), 50).get_page(7),
            minutes_ago=now - timedelta(minutes=3),
            weeks_ago=now - timedelta(days=40),
            lists=["Default opt-out list", "Promotions"],
            chart=SAMPLE_CHART,
        )


SAMPLE_CHART = {
    "type": "bar",
    "stacked": True,
    "labels": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "series": [
        {"label": "Delivered", "tone": "accent", "data": [40, 62, 55, 71, 80, 34, 22]},
        {"label": "Opted out", "tone": "warn", "data": [4, 6, 3, 9, 5, 2, 1]},
        {"label": "Failed", "tone": "danger", "data": [1, 2, 1, 0, 3, 1, 0]},
    ],
}
