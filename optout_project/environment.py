"""Strict readers of environment variables: a bad value names its variable.

An empty variable counts as unset, as `docker compose` passes unset ones on as "".
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}

# How to make a secret; shown where one is missing or not usable.
RECIPES = {
    "SECRET_KEY": 'python -c "import secrets; print(secrets.token_urlsafe(50))"',
    "OPTOUT_HASH_KEY": 'python -c "import secrets; print(secrets.token_hex(32))"',
    "OPTOUT_SECRETS_KEYS": (
        'python -c "from cryptography.fernet import Fernet; '
        'print(Fernet.generate_key().decode())"'
    ),
    "OPTOUT_LINK_KEYS": (
        "python -c \"import secrets; print('k1:' + secrets.token_urlsafe(32))\""
    ),
}


def wrong(name: str, why: str) -> ImproperlyConfigured:
    """The error for variable `name`; the value stays out of it, it may be a secret."""
    return ImproperlyConfigured(f"{name} {why}")


def recipe(name: str) -> str:
    """How to make secret `name`, as a sentence; nothing for other settings."""
    return f" Make one: {RECIPES[name]}" if name in RECIPES else ""


def text(name: str, default: str = "") -> str:
    """The trimmed value of `name`, or `default` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def required(name: str) -> str:
    """The value of `name`; raises ImproperlyConfigured, with the way to make one."""
    value = text(name)
    if not value:
        raise wrong(name, f"is required when DATABASE_URL is set.{recipe(name)}")
    return value


def flag(name: str, *, default: bool) -> bool:
    """A switch: 1/true/yes/on or 0/false/no/off."""
    value = text(name).lower()
    if value and value not in TRUE | FALSE:
        raise wrong(name, "must be 1 or 0 (also true/false, yes/no, on/off).")
    return value in TRUE if value else default


def integer(name: str, *, default: int, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number from `least` to `most`."""
    value = text(name, str(default))
    if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
        raise wrong(name, f"must be a whole number from {least} to {most}.")
    return int(value)


def items(name: str, default: list[str] | None = None) -> list[str]:
    """A list whose items are separated by commas; blanks around them are dropped."""
    found = [part.strip() for part in text(name).split(",") if part.strip()]
    return found or list(default or [])


def folder(name: str, default: Path) -> Path:
    """A folder only its owner can read; made if it is missing."""
    path = Path(text(name, str(default))).expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise wrong(name, f"names a folder that cannot be made: {error}") from error
    return path


def time_zone(name: str, default: str) -> str:
    """The name of a time zone in the tz database."""
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise wrong(name, "must be a time zone such as Europe/Madrid.") from error
    return value


def origin(name: str, value: str) -> str:
    """`value` as scheme://host[:port] without a trailing slash."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 (reading it checks it)
    except ValueError as error:
        raise wrong(name, "is not an address such as https://optout.example") from error
    is_origin = parts.scheme in {"http", "https"} and bool(parts.hostname)
    if not is_origin or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise wrong(name, "must look like https://optout.example, with nothing after.")
    return f"{parts.scheme}://{parts.netloc}"


def hosts_with_ports(name: str) -> list[str]:
    """A list of "host:port" items."""
    found = items(name)
    for item in found:
        host, _, port = item.rpartition(":")
        if not host or "/" in item or not port.isdecimal() or not 0 < int(port) < 65536:
            raise wrong(
                name, f"must list host:port, separated by commas, not {item!r}."
            )
    return found


def database(name: str) -> dict[str, Any]:
    """Connection settings of a PostgreSQL address; other engines are refused."""
    value = text(name)
    if not value.startswith(("postgres://", "postgresql://")):
        raise wrong(name, "must look like postgres://user:password@host:5432/name.")
    return dict(_parsed(name, value, environ.Env.db_url_config))


def email(name: str) -> dict[str, Any]:
    """EMAIL_* settings of an address such as smtp+tls://user:password@host:587."""
    value = text(name)
    if value.partition("://")[0] not in environ.Env.EMAIL_SCHEMES:
        raise wrong(name, "must look like smtp+tls://user:password@host:587.")
    return dict(_parsed(name, value, environ.Env.email_url_config))


def redis_url(name: str) -> str:
    """A Redis address, or "" where the variable is unset."""
    value = text(name)
    if value and not value.startswith(("redis://", "rediss://")):
        raise wrong(name, "must look like redis://host:6379/0.")
    return value


def hash_key(name: str, value: str) -> bytes:
    """32 bytes, written as 64 hexadecimal digits."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise wrong(name, f"must be 64 hexadecimal digits.{recipe(name)}")
    return bytes.fromhex(value)


def fernet_keys(name: str, value: str) -> list[str]:
    """Fernet keys separated by commas; at least one."""
    keys = [key.strip() for key in value.split(",") if key.strip()]
    try:
        usable = bool([Fernet(key) for key in keys])
    except ValueError:
        usable = False
    if not usable:
        raise wrong(name, f"must list Fernet keys.{recipe(name)}")
    return keys


def link_keys(name: str, value: str) -> list[str]:
    """Keys as "id:key", separated by commas; ids differ, a key has 32 characters."""
    keys = [key.strip() for key in value.split(",") if key.strip()]
    good = [key for key in keys if re.fullmatch(r"[A-Za-z0-9]{1,8}:[\w-]{32,}", key)]
    ids = {key.partition(":")[0] for key in good}
    if not keys or len(ids) != len(keys):
        raise wrong(name, f"must list different id:key.{recipe(name)}")
    return keys


def _parsed(
    name: str, value: str, parse: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    try:
        return parse(value)
    except Exception as error:  # the library raises what its parts happen to raise
        raise wrong(name, "is not a readable address.") from error
