"""What a connector's door asks and answers: signature, response, limits, secrets."""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from typing import Any

from connectors import building, plan_checks, responses
from connectors.models import Connector, Secret, SignatureKind
from connectors.plan_checks import BuildError
from optout import webhooks

MAX_SECRET = 2_000
MIN_HEADER_SECRET = 16
MAX_POSTS_PER_MINUTE = 60_000
MAX_KEEP_DAYS = 3_650
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_PLAIN = re.compile(r"[\x21-\x7e]+")
_SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}")
_STANDARD_BYTES = range(24, 65)  # Standard Webhooks 1.0, read 2026-11


def set_signature(
    connector: Connector, kind: str, *, header: str = "", secret: str = ""
) -> str:
    """Ask senders for a signature from now on; returns the secret, to be shown once.

    Without a secret one is made. Raises BuildError `bad_header` and `bad_secret`.
    """
    kept: dict[str, str] = {}
    if kind == SignatureKind.STANDARD_WEBHOOKS:
        kept = {"secret": _standard(secret) if secret else webhooks.new_secret()}
    elif kind == SignatureKind.HEADER:
        kept = {"name": _header(header), "secret": _shared(secret)}
    connector.signature_kind, connector.signature = kind, kept
    connector.save(update_fields=["signature_kind", "signature"])
    return kept.get("secret", "")


def _standard(secret: str) -> str:
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) not in _STANDARD_BYTES:
        message = "A secret reads whsec_ and 24 to 64 bytes in base64."
        raise BuildError("bad_secret", message, "secret")
    return "whsec_" + secret.removeprefix("whsec_")


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name):
        message = "The name of a header is letters, digits and hyphens."
        raise BuildError("bad_header", message, "header")
    return name


def _shared(secret: str) -> str:
    if not secret:
        return secrets.token_urlsafe(32)
    if len(secret) < MIN_HEADER_SECRET or len(secret) > MAX_SECRET:
        message = f"A secret has at least {MIN_HEADER_SECRET} characters."
        raise BuildError("bad_secret", message, "secret")
    if not _PLAIN.fullmatch(secret):
        message = "A secret is letters, digits and signs, without spaces."
        raise BuildError("bad_secret", message, "secret")
    return secret


def set_response(connector: Connector, response: Mapping[str, Any]) -> None:
    """Answer senders with this; an empty one is the usual 202. Raises Refused."""
    if response:
        responses.check(response)
    connector.response = dict(response)
    connector.save(update_fields=["response"])


def set_limits(connector: Connector, *, posts_per_minute: int, keep_days: int) -> None:
    """How much may come in, and how long runs are kept. Raises BuildError."""
    if not 1 <= posts_per_minute <= MAX_POSTS_PER_MINUTE:
        message = f"From 1 to {MAX_POSTS_PER_MINUTE:,} posts a minute."
        raise BuildError("bad_limit", message, "posts_per_minute")
    if not 1 <= keep_days <= MAX_KEEP_DAYS:
        message = f"From 1 to {MAX_KEEP_DAYS:,} days."
        raise BuildError("bad_limit", message, "keep_days")
    connector.posts_per_minute, connector.keep_days = posts_per_minute, keep_days
    connector.save(update_fields=["posts_per_minute", "keep_days"])


# Secrets of HTTP requests


def set_secret(connector: Connector, name: str, value: str) -> Secret:
    """Keep a value for HTTP requests, or replace the one of this name.

    Raises BuildError `bad_name` and `bad_value`.
    """
    if not value or len(value) > MAX_SECRET:
        message = f"A value has 1 to {MAX_SECRET:,} characters."
        raise BuildError("bad_value", message, "value")
    kept = name_secret(connector, name)
    kept.value = {"value": value}
    kept.save(update_fields=["value"])
    return kept


def name_secret(connector: Connector, name: str) -> Secret:
    """The secret of this name; a new one has no value. Raises BuildError `bad_name`.

    Requests that use one without a value fail.
    """
    if not _SECRET_NAME.fullmatch(name):
        message = "A name is up to 30 letters, digits and underscores, such as API_KEY."
        raise BuildError("bad_name", message, "name")
    nothing: Any = {"value": ""}
    return Secret.objects.get_or_create(
        connector=connector, name=name, defaults={"value": nothing}
    )[0]


def drop_secret(connector: Connector, name: str) -> None:
    """Forget a value. Raises BuildError `secret_in_use` while a step uses it."""
    for step in building.current_plan(connector).steps:
        if any(name in plan_checks.secrets_of(action) for action in step.actions):
            message = f"A step uses “{name}”. Change that request first."
            raise BuildError("secret_in_use", message)
    connector.secrets.filter(name=name).delete()
