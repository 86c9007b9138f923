"""How many calls an API key may make a minute."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from optout import call_rates


class CallsPerKey(BaseThrottle):
    """Counts by the key alone, never by an address that the caller could forge."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this call; whether it is within the limit."""
        if request.auth is None:
            return True  # refused before, or open to everybody
        return call_rates.is_within(
            f"api-calls:{request.auth.pk}", settings.API_CALLS_PER_MINUTE
        )

    def wait(self) -> float:
        """Seconds until the next minute."""
        return call_rates.seconds_left()
