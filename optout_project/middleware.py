"""What every request passes: the real client address and the content policy."""

from collections.abc import Callable

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

# The admin's theme ships Alpine, which evaluates expressions and sets styles; the
# API's reference page has a style element. Everything else keeps the strict policy.
_LOOSENED: dict[str, dict[str, list[str]]] = {
    "/admin/": {
        "script-src": [UNSAFE_EVAL, UNSAFE_INLINE],
        "style-src": [UNSAFE_INLINE],
    },
    "/api/docs/": {"style-src": [UNSAFE_INLINE]},
}


class ContentPolicyMiddleware(CSPMiddleware):
    """The strict policy of the settings, loosened under the paths named above."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,
    ) -> PolicyParts:
        """Return the policy's parts for this response."""
        parts = super().get_policy_parts(request, response, report_only)
        for prefix, sources in _LOOSENED.items():
            if request.path_info.startswith(prefix):
                parts.update = {**sources, **(parts.update or {})}
        return parts


class TrustedProxyMiddleware:
    """Makes REMOTE_ADDR the client's address behind `TRUST_PROXY` proxies.

    Each trusted proxy appends the address it was called from, so the client is that
    many items from the right; what stands further left is the client's own claim.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set REMOTE_ADDR, then answer the request."""
        if settings.TRUST_PROXY:
            client = _client_address(request, proxies=settings.TRUST_PROXY)
            request.META["REMOTE_ADDR"] = client
        return self.get_response(request)


def _client_address(request: HttpRequest, *, proxies: int) -> str:
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    chain = [part.strip() for part in forwarded if part.strip()]
    if len(chain) < proxies:
        return str(request.META.get("REMOTE_ADDR", ""))
    return chain[-proxies]
