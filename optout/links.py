"""Unsubscribe links: a token that names a message, never an address, and never ends.

`v1.<key id>.<message id>.<mac>` with a key of its own. The first key of
OPTOUT_LINK_KEYS signs, all of them verify: old mail keeps working after a rotation.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.conf import settings

VERSION = "v1"
DEAD_TOKEN = "test"  # noqa: S105 - what stands in a test mail's link
_MAX_TOKEN = 120


def token(message_id: int) -> str:
    """The token of a message: the same at each call until the key is rotated."""
    key_id, _, key = settings.OPTOUT_LINK_KEYS[0].partition(":")
    body = f"{VERSION}.{key_id}.{_encode(message_id.to_bytes(8, 'big'))}"
    return f"{body}.{_mac(body, key)}"


def read(text: str) -> int | None:
    """The message id a token names, or None for anything we did not make."""
    parts = text.split(".")
    keys = dict(pair.split(":", 1) for pair in settings.OPTOUT_LINK_KEYS)
    if len(text) > _MAX_TOKEN or len(parts) != 4 or not text.isascii():
        return None
    version, key_id, encoded, mac = parts
    key = keys.get(key_id)
    expected = _mac(f"{version}.{key_id}.{encoded}", key or "unknown")
    if not hmac.compare_digest(mac, expected) or key is None or version != VERSION:
        return None
    return int.from_bytes(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), "big")


def url(token_text: str) -> str:
    """Where the token leads: the page, and by POST the one-click door of RFC 8058."""
    return f"{settings.PUBLIC_URL}/u/{token_text}/"


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(body: str, key: str) -> str:
    return _encode(hmac.digest(key.encode(), body.encode(), hashlib.sha256)[:16])
