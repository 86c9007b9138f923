"""How long a broadcast takes at its pace."""

from datetime import timedelta
from math import ceil

from broadcaster.models import Broadcast

_MINUTE = timedelta(minutes=1)


def rate_of(broadcast: Broadcast) -> int:
    """Messages a second: its own, within what the channel sends."""
    most: int = broadcast.channel.rate
    return min(broadcast.batch.rate or most, most)


def takes(broadcast: Broadcast, count: int) -> str:
    """How long so many messages take, in words; hours that are closed not counted.

    >>> in_words(timedelta(seconds=7_800))
    'about 2 h 10 min'
    """
    return in_words(timedelta(seconds=count / rate_of(broadcast)))


def in_words(span: timedelta) -> str:
    """A time as people plan with it; from a day on in days and hours."""
    minutes = ceil(span / _MINUTE)
    if minutes <= 1:
        return "less than a minute" if span < _MINUTE else "about a minute"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (0 if days else minutes, "min")]
    return "about " + " ".join(f"{n:,} {unit}" for n, unit in parts if n)
