"""Whether a request was signed as its connector asks."""

import secrets
from collections.abc import Callable, Mapping

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from connectors.models import Connector, SignatureKind

Headers = Mapping[str, str]


def is_signed(connector: Connector, headers: Headers, raw: bytes) -> bool:
    """Whether the headers sign these bytes; every request is where none are asked.

    Standard Webhooks 1.0 (its library, tolerance five minutes), or a shared secret in
    a header, compared in constant time.
    """
    return _CHECKS[SignatureKind(connector.signature_kind)](connector, headers, raw)


def _unsigned(connector: Connector, headers: Headers, raw: bytes) -> bool:
    return True


def _standard(connector: Connector, headers: Headers, raw: bytes) -> bool:
    named = {name.lower(): value for name, value in headers.items()}
    try:
        Webhook(connector.signature["secret"]).verify(raw, named, json_parse=False)
    except (WebhookVerificationError, ValueError, OverflowError, OSError):
        return False  # the latter of headers that are no time and no base64
    return True


def _shared(connector: Connector, headers: Headers, raw: bytes) -> bool:
    given = headers.get(connector.signature["name"], "")
    return secrets.compare_digest(
        given.encode("utf-8", "replace"), connector.signature["secret"].encode()
    )


_CHECKS: Mapping[SignatureKind, Callable[[Connector, Headers, bytes], bool]] = {
    SignatureKind.NONE: _unsigned,
    SignatureKind.STANDARD_WEBHOOKS: _standard,
    SignatureKind.HEADER: _shared,
}
