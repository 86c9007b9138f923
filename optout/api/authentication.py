"""`Authorization: Bearer <key>`: who calls the API."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from optout.access import Principal, find_api_key
from optout.models import ApiKey

_MAX_HEADER = 200


class ApiKeyAuthentication(BaseAuthentication):
    """Accepts a live key; anything else in the header is refused alike."""

    def authenticate(self, request: Request) -> tuple[Principal, ApiKey] | None:
        header = get_authorization_header(request)
        if not header:
            return None
        scheme, _space, text = header.partition(b" ")
        if scheme.lower() != b"bearer" or len(header) > _MAX_HEADER:
            raise AuthenticationFailed(_("Send Authorization: Bearer and your key."))
        key = find_api_key(text.decode("latin-1").strip())
        if key is None:
            raise AuthenticationFailed(_("This key is not valid."))
        return Principal(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
