"""How a conversation reads: times that do not age, what became of a message."""

from datetime import date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from optout.models import MessageState, OutgoingMessage

register = template.Library()

_ICONS = {
    MessageState.QUEUED: "clock",
    MessageState.SENDING: "loader-circle",
    MessageState.SENT: "check",
    MessageState.DELIVERED: "check-check",
    MessageState.READ: "eye",
    MessageState.FAILED: "circle-alert",
    MessageState.SUPPRESSED: "ban",
    MessageState.UNKNOWN: "circle-question-mark",
    MessageState.CANCELLED: "circle-x",
}


@register.filter
def short_time(moment: datetime) -> str:
    """Return the time for today, the weekday within a week, else the date.

    A page that stays open for hours shows it, so it does not count minutes.
    """
    local, today = timezone.localtime(moment), timezone.localdate()
    if local.date() == today:
        return date_format(local, "H:i")
    if today - local.date() < timedelta(days=7):
        return date_format(local, "D")
    return date_format(local, "j M" if local.year == today.year else "j M Y")


@register.filter
def day_name(day: date) -> str:
    """Return Today, Yesterday or the date."""
    age = (timezone.localdate() - day).days
    if age in (0, 1):
        return ("Today", "Yesterday")[age]
    return date_format(day, "j F Y")


@register.filter
def state_icon(state: str) -> str:
    """Return the icon of a message's state."""
    return _ICONS.get(MessageState(state), "info")


@register.filter
def state_words(message: OutgoingMessage) -> str:
    """Return what became of a message: its state, and why it failed."""
    if message.state == MessageState.FAILED and message.error:
        return f"Failed: {message.error}"
    return str(message.get_state_display())
