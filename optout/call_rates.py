"""How many calls somebody may make a minute, counted in each process."""

import time

from django.core.cache import cache

WINDOW_SECONDS = 60


def is_within(caller: str, limit: int) -> bool:
    """Count a call of this minute; whether it is within the limit.

    One counter for each caller and minute: it is exact when calls come in parallel.
    """
    name = f"{caller}:{int(time.time() // WINDOW_SECONDS)}"
    cache.add(name, 0, WINDOW_SECONDS)
    try:
        return cache.incr(name) <= limit
    except ValueError:  # the cache was full and let it go
        return True


def seconds_left() -> float:
    """Until the next minute."""
    return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
