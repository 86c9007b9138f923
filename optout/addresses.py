"""Turns any spelling of a phone number, email or provider id into one address and key.

No models. Every door reads addresses through here, so that one person written in
two ways still meets the same entry.
"""

import re
import unicodedata
import uuid
from dataclasses import dataclass, field
from hashlib import blake2b

import idna
from django.conf import settings
from django.db import models

from optout import phone_numbers
from optout.region_names import REGION_NAMES

MAX_RAW_CHARS = 320
MAX_EMAIL_CHARS = 254
MAX_OPAQUE_CHARS = 160

_INVISIBLE = "Cf"
_LOST = "\ufffd"  # stands for bytes that were no UTF-8: nobody's address holds it
_JOINERS = "\u200c\u200d"
_FINGERPRINT_TEXT = b"optout hashing key"
# One plain label: what nearly every domain is made of. The rest goes through IDNA.
_PLAIN_LABEL = r"(?!xn--)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PLAIN_DOMAIN = re.compile(rf"{_PLAIN_LABEL}(?:\.{_PLAIN_LABEL})+")
# Dots may stand anywhere: some carriers gave out addresses such as `a..b.@`.
_ASCII_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_OPAQUE = re.compile(rf"[\x21-\x7e]{{1,{MAX_OPAQUE_CHARS}}}")


class AddressKind(models.TextChoices):
    """What an address is; part of the key, so two kinds never meet."""

    PHONE = "phone", "Phone number"
    EMAIL = "email", "Email"
    OPAQUE = "opaque", "Provider's id"


class InvalidAddress(ValueError):
    """The text is no address; `code` is for machines, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class AmbiguousNumber(InvalidAddress):
    """Valid both as a national and as an international number; both are offered."""

    def __init__(self, readings: tuple[str, ...]) -> None:
        message = f"Write a plus before the country code: {' or '.join(readings)}?"
        super().__init__("ambiguous_number", message)
        self.readings = readings


@dataclass(frozen=True, slots=True)
class Address:
    """One address: as sent to, as compared, and as it was written."""

    kind: AddressKind
    address: str
    match_form: str
    raw: str
    key: uuid.UUID = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.kind, self.match_form))

    @property
    def digits(self) -> int | None:
        """The number as the webhook's `mobile` carries it; None for other kinds."""
        return int(self.address[1:]) if self.kind is AddressKind.PHONE else None

    @property
    def masked(self) -> str:
        """The address as `masked` shows it."""
        return masked(self.address)


def masked(address: str) -> str:
    """An address as stored, for those who may not see it whole.

    Enough for the owner to recognise it, too little for anyone else.
    """
    if address.startswith("+"):
        code = phone_numbers.country_code(address[1:])
        return f"+{code}•••••{address[-3:]}"
    if "@" in address:
        local, _, domain = address.partition("@")
        return f"{local[:1]}•••@{domain}"
    return f"•••{address[-3:]}" if len(address) > 6 else "•••"


_MAIL_SIGNS = r"[^\s@＠<>()\[\]{},;:\"'“”]+"
_MAIL = re.compile(rf"{_MAIL_SIGNS}[@＠]{_MAIL_SIGNS}")
# Seven digits or more, as people space them; dates are none.
_DATE = r"(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/.]\d\d[-/.]\d{4})\b"
_NUMBER = re.compile(rf"\+?(?<![^\W_])(?!{_DATE})\d(?:[ \u00a0().\-/]{{0,2}}\d){{6,}}")
_SPACING = re.compile(r"[^\d+]")


def masked_within(text: str) -> str:
    """A text with every email and number in it masked; other words stay."""
    found = _MAIL.sub(lambda mail: masked(mail[0].replace("＠", "@")), text)
    return _NUMBER.sub(lambda number: masked(_SPACING.sub("", number[0])), found)


def parse(
    raw: object, *, region: str | None = None, kind: AddressKind | None = None
) -> Address:
    """Read an address of any kind: an @ means email, unless `kind` says otherwise.

    Raises InvalidAddress, or AmbiguousNumber as `parse_phone` does.
    """
    text = _text(raw)
    is_email = kind is AddressKind.EMAIL or (kind is None and re.search("[@＠]", text))
    if is_email:
        return parse_email(text)
    if kind is AddressKind.OPAQUE:
        return parse_opaque(text)
    return _phone(text, region=region, international=False)


def parse_phone(
    raw: object, *, region: str | None = None, international: bool = False
) -> Address:
    """Read a phone number; possible numbers pass, since refusing one is worse.

    Without a plus or 00 the digits carry the country code, unless `region` is
    given: then valid national, valid international, possible national, possible
    international. `international` is for providers, whose numbers always carry
    the code. Raises AmbiguousNumber for one valid both ways, else InvalidAddress.
    """
    return _phone(_text(raw), region=region, international=international)


def _phone(text: str, *, region: str | None, international: bool) -> Address:
    try:
        has_code, digits = phone_numbers.written_digits(_visible(text))
        if has_code or international or not region:
            number = phone_numbers.read_international(digits)
        else:
            number = phone_numbers.read_in_region(digits, _known_region(region))
    except phone_numbers.TwoReadings as error:
        raise AmbiguousNumber(error.readings) from None
    except phone_numbers.NotANumber:
        raise InvalidAddress(
            "invalid_number",
            "This is no phone number. Write it with its country code: +34 600 111 222.",
        ) from None
    match_form = "+" + phone_numbers.fold_variants(number[1:])
    return Address(AddressKind.PHONE, number, match_form, text)


def parse_email(raw: object) -> Address:
    """Read an email: trimmed, lower-cased, its domain in IDNA form (UTS 46).

    Plus-addresses and dots stay distinct. Quoted local parts are refused. Letters
    of any script may stand in the local part (RFC 6531), in their NFC form.
    """
    text = _text(raw)
    local, domain = _email_parts(text)
    email = f"{local}@{domain}"
    if len(email) > MAX_EMAIL_CHARS:
        raise _invalid_email()
    return Address(AddressKind.EMAIL, email, email, text)


def parse_opaque(raw: object) -> Address:
    """Take a provider's id as it is: printable ASCII, upper and lower case distinct."""
    text = _text(raw)
    opaque = text.strip()
    if not _OPAQUE.fullmatch(opaque):
        raise InvalidAddress(
            "invalid_address",
            f"An id has 1 to {MAX_OPAQUE_CHARS} letters, digits or signs, no spaces.",
        )
    return Address(AddressKind.OPAQUE, opaque, opaque, text)


def key_of(kind: AddressKind, match_form: str) -> uuid.UUID:
    """Give the keyed hash that stands for an address; nothing else is compared."""
    text = kind + ":" + match_form
    digest = blake2b(text.encode(), digest_size=16, key=settings.OPTOUT_HASH_KEY)
    return uuid.UUID(bytes=digest.digest())


def fingerprint() -> str:
    """Tell which hashing key is in use, without telling the key (16 hex digits)."""
    key = settings.OPTOUT_HASH_KEY
    return blake2b(_FINGERPRINT_TEXT, digest_size=8, key=key).hexdigest()


def regions() -> list[tuple[str, str]]:
    """List the choices for the workspace's default region, by name."""
    codes = phone_numbers.calling_codes()
    choices = [
        (code, f"{REGION_NAMES.get(code, code)} (+{codes[code]})") for code in codes
    ]
    return sorted(choices, key=lambda choice: choice[1])


def _known_region(region: str) -> str:
    code = region.strip().upper()
    if code not in phone_numbers.calling_codes():
        raise InvalidAddress("unknown_region", "A region is two letters, such as ES.")
    return code


def _text(raw: object) -> str:
    if raw is None:
        raise _missing()
    if not isinstance(raw, str) or len(raw) > MAX_RAW_CHARS:
        raise InvalidAddress(
            "invalid_address", f"An address is a text of {MAX_RAW_CHARS} signs at most."
        )
    if not raw.isascii() and not _visible(raw) or not raw.strip():
        raise _missing()
    return raw


def _missing() -> InvalidAddress:
    return InvalidAddress("missing_address", "Give a number or an email.")


def _visible(text: str, *, keep: str = "") -> str:
    """Drop zero-width and direction marks, which come along with copied text."""
    if text.isascii():
        return text.strip()
    shown = (c for c in text if unicodedata.category(c) != _INVISIBLE or c in keep)
    return "".join(shown).strip()


def _email_parts(text: str) -> tuple[str, str]:
    seen = _visible(text, keep=_JOINERS).strip(_JOINERS).replace("＠", "@")
    local, _, domain = seen.partition("@")
    return _local_part(local), _domain(domain)


def _local_part(text: str) -> str:
    composed = unicodedata.normalize("NFC", _visible(text))
    local = unicodedata.normalize("NFC", composed.lower())
    if not _ASCII_LOCAL.fullmatch("".join("a" if _is_letter(c) else c for c in local)):
        raise _invalid_email()
    return local


def _is_letter(char: str) -> bool:
    if char == _LOST:
        return False
    return not char.isascii() and unicodedata.category(char)[0] not in "CZ"


def _domain(text: str) -> str:
    domain = text.lower()
    if _PLAIN_DOMAIN.fullmatch(domain):
        return domain
    try:
        encoded = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise _invalid_email() from None
    encoded = encoded.removesuffix(".")
    if "." not in encoded:
        raise _invalid_email()
    return encoded


def _invalid_email() -> InvalidAddress:
    return InvalidAddress("invalid_email", "This is no email address.")
