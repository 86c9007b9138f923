"""How many calls an API key may make a minute."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

WINDOW_SECONDS = 60


class CallsPerKey(BaseThrottle):
    """Counts by the key alone, never by an address that the caller could forge.

    One counter for each key and minute: it is exact when calls come in parallel.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this call; whether it is within the limit."""
        if request.auth is None:
            return True  # refused before, or open to everybody
        minute = int(time.time() // WINDOW_SECONDS)
        name = f"api-calls:{request.auth.pk}:{minute}"
        cache.add(name, 0, WINDOW_SECONDS)
        try:
            calls = cache.incr(name)
        except ValueError:  # the cache was full and let it go
            return True
        return calls <= settings.API_CALLS_PER_MINUTE

    def wait(self) -> float:
        """Seconds until the next minute."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
