"""How a step reads: when it follows the one before."""

from datetime import timedelta

from broadcaster.models import Step


def parts_of(wait: timedelta) -> tuple[int, int, int]:
    """A wait in days, hours and minutes.

    >>> parts_of(timedelta(days=2, minutes=90))
    (2, 1, 30)
    """
    minutes = int(wait.total_seconds()) // 60
    return minutes // 1440, minutes // 60 % 24, minutes % 60


def wait_in_words(wait: timedelta) -> str:
    """A wait as people say it; empty for none.

    >>> wait_in_words(timedelta(days=1, hours=2))
    '1 day 2 hours'
    """
    named = zip(parts_of(wait), ("day", "hour", "minute"), strict=True)
    return " ".join(f"{n} {unit}{'s' * (n != 1)}" for n, unit in named if n)


def when(step: Step, *, is_first: bool) -> str:
    """When a step follows: “2 days after the step before, at 09:00 (Europe/Berlin)”."""
    before = "the enrolment" if is_first else "the step before"
    wait = wait_in_words(step.wait)
    said = f"{wait} after {before}" if wait else f"Right after {before}"
    return said if step.at is None else f"{said}, at {step.at:%H:%M} ({_zone(step)})"


def _zone(step: Step) -> str:
    if step.by_recipient:
        return f"the recipient's time, else {step.zone}"
    return step.zone
