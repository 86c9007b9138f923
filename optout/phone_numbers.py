"""Reads phone numbers into E.164 and folds the national variants of one line.

`phonenumbers` decides; a number already in plain E.164 skips it, which makes an
import some ten times faster, and comes out the same.
"""

import re
import unicodedata
from contextlib import suppress
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

_E164 = re.compile(r"\+[1-9][0-9]{6,16}")
_WRITTEN = re.compile(r"(\+?(?:00)?)([0-9]+)")
# What spreadsheets make of a number: `1962580010.0`. A dot elsewhere separates.
_DECIMAL = re.compile(r"[+-]?[0-9]{5,}\.[0-9]{1,2}")
_SCHEME = re.compile(r"(?:tel|whatsapp):", re.IGNORECASE)
_PARAMETER = re.compile(r"[a-z][a-z0-9-]*(?:=.*)?", re.IGNORECASE)
_CONTEXT = "phone-context="
_EXTENSION = re.compile(r"\s?(?:ext|extension|x)[.: ]{0,2}[0-9]{1,7}", re.IGNORECASE)
_QUOTES = "'\"\u2018\u2019\u201c\u201d"
_PLUS_SIGNS = "+\uff0b\ufe62"
_SEPARATOR_CATEGORIES = frozenset({"Zs", "Pd", "Ps", "Pe"})
_SEPARATORS = frozenset("./~\t·•・ー−．／")
_MINUS = ("-", "\u2212", ".")
# Brazil writes mobiles with and without a 9 after the area code, Mexico had a 1 after
# the country code until 2019, Argentina puts a 9 there for mobiles. WhatsApp gives the
# shorter or longer form at will. A Brazilian 9 before 1-5 tells two lines apart.
_VARIANT = re.compile(
    r"(52)1([2-9][0-9]{9})|(54)9([1-3][0-9]{9})|(55[1-9]{2})9([6-9][0-9]{7})"
)
# Each reading takes at least one digit off, except where it adds an area code once.
_MAX_READINGS = 8
_COUNTRY_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


class NotANumber(ValueError):
    """The text cannot be a phone number."""


class TwoReadings(ValueError):
    """The digits are a valid national and another valid international number."""

    def __init__(self, readings: tuple[str, ...]) -> None:
        super().__init__(readings)
        self.readings = readings


def written_digits(text: str) -> tuple[bool, str]:
    """Give whether the text says it carries its country code, and its ASCII digits.

    Takes digits of any script, the usual separators, `tel:` with parameters
    (RFC 3966), `whatsapp:`, an extension (which is dropped) and a leading 00.
    """
    if _E164.fullmatch(text):
        return True, text[1:]
    number = _without_uri(text.strip(_QUOTES))
    if number.startswith(_MINUS) or _DECIMAL.fullmatch(number):
        raise NotANumber
    written = _WRITTEN.fullmatch("".join(map(_sign, _without_extension(number))))
    if written is None:
        raise NotANumber
    return bool(written[1]), written[2]


def read_international(digits: str) -> str:
    """Give the E.164 form of digits with their country code; national variants stay.

    Raises NotANumber for an unknown country or an impossible length.
    """
    number = "+" + digits
    if fold_variants(digits) != digits or is_plain(digits):
        return number
    return _canonical(number, None)


def read_in_region(digits: str, region: str) -> str:
    """Give the E.164 form of digits that may or may not carry a country code.

    Raises TwoReadings if both are valid and differ, NotANumber if neither is possible.
    """
    readings = _readings(digits, region)
    valid = [number for number in readings if _is_valid(number)]
    if len({fold_variants(number[1:]) for number in valid}) > 1:
        raise TwoReadings(tuple(valid))
    if not readings:
        raise NotANumber
    return (valid or readings)[0]


def fold_variants(digits: str) -> str:
    """Fold the spellings of one Brazilian, Mexican or Argentine line into one."""
    if digits[:1] != "5":
        return digits
    variant = _VARIANT.fullmatch(digits)
    return "".join(filter(None, variant.groups())) if variant else digits


def country_code(digits: str) -> str:
    """Give the calling code that international digits begin with, or nothing."""
    for length in (1, 2, 3):
        if digits[:length] in _COUNTRY_CODES:
            return digits[:length]
    return ""


@cache
def calling_codes() -> dict[str, int]:
    """Give each region that has a numbering plan, with its calling code."""
    names = phonenumbers.SUPPORTED_REGIONS
    return {name: phonenumbers.country_code_for_region(name) for name in sorted(names)}


def _without_uri(text: str) -> str:
    scheme = _SCHEME.match(text)
    number, *parameters = text[scheme.end() if scheme else 0 :].split(";")
    if not all(map(_PARAMETER.fullmatch, parameters)):
        raise NotANumber
    contexts = [
        p[len(_CONTEXT) :] for p in parameters if p.lower().startswith(_CONTEXT)
    ]
    is_local = contexts and contexts[0].startswith("+") and not number.startswith("+")
    return contexts[0] + number if is_local else number.strip()


def _without_extension(number: str) -> str:
    extension = next(
        (m for m in _EXTENSION.finditer(number) if m.end() == len(number)), None
    )
    return number[: extension.start()] if extension else number


def _sign(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if char in _PLUS_SIGNS:
        return "+"
    if char in _SEPARATORS or unicodedata.category(char) in _SEPARATOR_CATEGORIES:
        return ""
    raise NotANumber


def _readings(digits: str, region: str) -> list[str]:
    """The national reading and the international one, as far as they are possible."""
    found = []
    with suppress(NotANumber):
        found.append(_canonical(digits, region))
    with suppress(NotANumber):
        found.append(read_international(digits))
    return found


def _canonical(number: str, region: str | None) -> str:
    """Read with `phonenumbers` until it stays (`+44 00…` loses a 0 each time)."""
    for _ in range(_MAX_READINGS):
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            raise NotANumber from None
        if not phonenumbers.is_possible_number(parsed):
            raise NotANumber
        e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        if e164 == number or fold_variants(e164[1:]) != e164[1:]:
            return e164
        number, region = e164, None
    raise NotANumber


def _is_valid(number: str) -> bool:
    folded = "+" + fold_variants(number[1:])
    return any(
        phonenumbers.is_valid_number(phonenumbers.parse(spelling))
        for spelling in {number, folded}
    )


def is_plain(digits: str) -> bool:
    """Whether `phonenumbers` would leave the digits alone and call them possible."""
    code = country_code(digits)
    if not code:
        return False
    prefix, lengths = _plan(code)
    national = digits[len(code) :]
    if len(national) not in lengths:
        return False
    stripped = prefix.match(national) if prefix else None
    return stripped is None or stripped.end() == 0


@cache
def _plan(code: str) -> tuple[re.Pattern[str] | None, frozenset[int]]:
    """The national prefix that parsing may strip, and the lengths that are possible."""
    region = phonenumbers.region_code_for_country_code(int(code))
    plan = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    if plan is None or plan.general_desc is None:
        return None, frozenset()
    lengths = plan.general_desc.possible_length
    local = plan.general_desc.possible_length_local_only
    prefix = plan.national_prefix_for_parsing
    return re.compile(prefix) if prefix else None, frozenset((*lengths, *local))
