"""Readings: a text read as a number, a date, a time, an email, or refused as none."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from django.utils import timezone

from optout.addresses import InvalidAddress, parse_email

MAX_NUMBER_CHARS = 500
MAX_DATE_CHARS = 40
# Composing takes the square of a run of accents: beyond it, text is compared as it is.
MAX_COMPOSED_CHARS = 5_000

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
# Shorter digits are a date without dashes, longer ones are neither.
_EPOCH = re.compile(r"[0-9]{9,13}(?:\.[0-9]{1,9})?")
_SECONDS_DIGITS = 11

Reader = Callable[[str], Any]


class Unreadable(ValueError):
    """A text that is nothing of its kind; the message says of what: “is no number”."""


def read_text(text: str) -> str:
    """Text as it is compared: trimmed, composed (NFC), capitals and small alike."""
    trimmed = text.strip()
    if trimmed.isascii() or len(trimmed) > MAX_COMPOSED_CHARS:
        return trimmed.casefold()
    composed = unicodedata.normalize("NFC", trimmed).casefold()
    return unicodedata.normalize("NFC", composed)


def read_number(text: str) -> Decimal:
    """A number as programs write it: 1234.5, -3, 1e10; no spaces, no commas."""
    trimmed = text.strip()
    if len(trimmed) > MAX_NUMBER_CHARS or not _NUMBER.fullmatch(trimmed):
        raise Unreadable("is no number")
    return Decimal(trimmed)


def read_length(text: str) -> int:
    """A number of characters."""
    trimmed = text.strip()
    if not re.fullmatch("[0-9]{1,6}", trimmed):
        raise Unreadable("is no number of characters")
    return int(trimmed)


def read_moment(text: str) -> datetime:
    """ISO 8601 or the digits of an epoch (seconds, milliseconds), in UTC.

    Without a zone it is the installation's time.
    """
    try:
        return _moment(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("is no date and time") from None


def _moment(text: str) -> datetime:
    if len(text) > MAX_DATE_CHARS:
        raise ValueError
    if _EPOCH.fullmatch(text):
        is_seconds = len(text.partition(".")[0]) <= _SECONDS_DIGITS
        return datetime.fromtimestamp(float(text) / (1 if is_seconds else 1000), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=_zone())


def _zone() -> tzinfo:
    return timezone.get_default_timezone()


def read_date(text: str) -> date:
    """A day, or the day that a moment falls on where the installation is."""
    trimmed = text.strip()
    try:
        if len(trimmed) <= MAX_DATE_CHARS and not _EPOCH.fullmatch(trimmed):
            return date.fromisoformat(trimmed)
    except ValueError:
        pass
    return _local(trimmed, "is no date").date()


def read_time(text: str) -> time:
    """A time of the day, or that of a moment where the installation is."""
    trimmed = text.strip()
    if re.fullmatch(r"[0-9:.]{5,15}", trimmed) and trimmed[2] == ":":
        try:
            return time.fromisoformat(trimmed)
        except ValueError:
            raise Unreadable("is no time") from None
    if ":" not in trimmed and not _EPOCH.fullmatch(trimmed):
        raise Unreadable("is no time")
    return _local(trimmed, "is no time").time()


def _local(text: str, refusal: str) -> datetime:
    try:
        return read_moment(text).astimezone(_zone())
    except (Unreadable, OverflowError):
        raise Unreadable(refusal) from None


def read_email(text: str) -> tuple[str, str]:
    """An email as it is sent to, and as it was written in small letters."""
    try:
        return parse_email(text).address, text.strip().lower()
    except InvalidAddress:
        raise Unreadable("is no email") from None


def read_email_address(text: str) -> str:
    """An email as it is sent to: two spellings of one are the same."""
    return read_email(text)[0]


def read_email_part(text: str) -> str:
    """A part of an email, as its written form has it."""
    return text.strip().lower()


def measured(read: Reader) -> Reader:
    """The length as it is written, of what can be read."""

    def length(text: str) -> int:
        read(text)
        return len(text.strip())

    return length
