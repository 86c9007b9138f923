"""One person, one key: every spelling of an address, and everything that is none."""

from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from optout import addresses, phone_numbers
from optout.addresses import AddressKind, AmbiguousNumber, InvalidAddress

US_LINE = "+14155552671"
SPELLINGS = [
    "+14155552671",
    "+1 (415) 555-2671",
    "+1 415.555.2671",
    "+1\u00a0415\u2011555\u20112671",
    "0014155552671",
    "00 1 415 555 2671",
    "+0014155552671",
    "14155552671",
    "tel:+1-415-555-2671",
    "TEL:+14155552671;ext=12",
    "tel:555-2671;phone-context=+1-415",
    "whatsapp:+14155552671",
    "+1 415 555 2671 ext. 12",
    "+1 415 555 2671x12",
    "＋１（４１５）５５５－２６７１",
    "+١٤١٥٥٥٥٢٦٧١",
    "+१४१५५५५२६७१",
    "\u200e+1\u200b415\u202a5552671\u202c",
    "  +14155552671\r\n",
    "'+14155552671",
]
NO_NUMBERS = [
    "+1",
    "-1",
    "-14155552671",
    "1e10",
    "1962580010.0",
    "+14155552671.0",
    "1.41556E+10",
    "9" * 40,
    "+999123456789",
    "+14155552671;+14155552672",
    "+1415+5552671",
    "call me",
    "+1415\x005552671",
    "+1415\n5552671",
    "\ud800",
    "²³4155552671",
]
NO_EMAILS = [
    "a@b@c.org",
    "@example.org",
    "a@",
    "a@localhost",
    "a@b..org",
    "a@.org",
    "a@-b.org",
    "a b@example.org",
    '"a b"@example.org',
    "Ana <a@example.org>",
    "a@b.c\r\nBcc: x@y",
    "a\x00@example.org",
    "a@exam\x00ple.org",
    "a\ud800@example.org",
    "a@exam\ud800ple.org",
    "a@xn--\u0000.org",
    "a@xn--zz--.org",
    "a@" + "b" * 64 + ".org",
    "a" * 250 + "@example.org",
]
LINES = [
    (region, phonenumbers.example_number_for_type(region, kind))
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
    )
]
KNOWN_LINES = [(region, line) for region, line in LINES if line]
any_text = st.text(max_size=60)
number_text = st.text(alphabet="0123456789+-. ()/;xe\u200b١९", max_size=24)
digits = st.builds(
    "{}{}".format,
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.text(alphabet="0123456789", min_size=5, max_size=12),
)


def read_by_library(number: str) -> str | None:
    parsed = phonenumbers.parse("+" + number)
    is_possible = phonenumbers.is_possible_number(parsed)
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return e164 if is_possible else None


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_number_is_one_address(spelling: str) -> None:
    address = addresses.parse(spelling)
    assert (address.address, address.raw) == (US_LINE, spelling)
    assert address.key == addresses.parse(US_LINE).key


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        addresses.parse(text)
    assert refusal.value.code == "invalid_number"


@pytest.mark.parametrize("text", NO_EMAILS)
def test_what_is_no_email_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        addresses.parse_email(text)
    assert refusal.value.code == "invalid_email"


@pytest.mark.parametrize("nothing", [None, "", "   ", "\u200b\u200e", "\r\n"])
def test_nothing_at_all_is_a_missing_address(nothing: Any) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        addresses.parse(nothing)
    assert refusal.value.code == "missing_address"


@pytest.mark.parametrize("value", [[], {}, True, 14155552671, float("nan"), b"+1"])
def test_a_value_that_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(InvalidAddress):
        addresses.parse(value)


def test_a_text_of_more_than_320_signs_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        addresses.parse(" " * 320 + "+14155552671")


@pytest.mark.parametrize(
    ("one", "other", "match_form"),
    [
        ("+5531987654321", "+553187654321", "+553187654321"),
        ("+5215512345678", "+525512345678", "+525512345678"),
        ("+5491123456789", "+541123456789", "+541123456789"),
        ("+54 11 15 2345 6789", "+541123456789", "+541123456789"),
    ],
)
def test_national_variants_of_a_line_share_a_key(
    one: str, other: str, match_form: str
) -> None:
    first, second = addresses.parse(one), addresses.parse(other)
    assert first.match_form == second.match_form == match_form
    assert first.key == second.key


def test_a_national_variant_is_sent_to_as_it_was_given() -> None:
    assert addresses.parse("+52 1 55 1234 5678").address == "+5215512345678"


@pytest.mark.parametrize("variant", ["+553187654321", "+525512345678", "+541123456789"])
def test_a_folded_variant_is_a_possible_number(variant: str) -> None:
    assert phonenumbers.is_possible_number(phonenumbers.parse(variant))


@pytest.mark.parametrize(
    ("mobile", "landline"),
    [("+5511932345678", "+551132345678"), ("+34600111222", "+34600111223")],
)
def test_two_lines_never_share_a_key(mobile: str, landline: str) -> None:
    assert addresses.parse(mobile).key != addresses.parse(landline).key


@pytest.mark.parametrize(
    ("written", "region", "read"),
    [
        ("600 111 222", "ES", "+34600111222"),
        ("34600111222", "ES", "+34600111222"),
        ("600111222", "es", "+34600111222"),
        ("07911 123456", "GB", "+447911123456"),
        ("14155552671", "ES", "+14155552671"),
        ("011 44 20 7946 0000", "US", "+442079460000"),
        ("0034600111222", "US", "+34600111222"),
        ("+34600111222", "US", "+34600111222"),
        ("5215512345678", "ES", "+5215512345678"),
        ("555 2671", "US", "+15552671"),
    ],
)
def test_a_region_reads_national_numbers_first(
    written: str, region: str, read: str
) -> None:
    assert addresses.parse(written, region=region).address == read


def test_a_number_valid_both_ways_is_asked_about() -> None:
    with pytest.raises(AmbiguousNumber) as question:
        addresses.parse("34600111222", region="DE")
    assert question.value.code == "ambiguous_number"
    assert question.value.readings == ("+4934600111222", "+34600111222")


@pytest.mark.parametrize("spelling", ["+34600111222", "0034600111222"])
def test_a_plus_or_00_settles_an_ambiguous_number(spelling: str) -> None:
    assert addresses.parse(spelling, region="DE").address == "+34600111222"


def test_a_providers_digits_always_carry_the_country_code() -> None:
    number = addresses.parse_phone("34600111222", region="US", international=True)
    assert number.address == "+34600111222"


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(InvalidAddress) as refusal:
        addresses.parse("600111222", region="ZZ")
    assert refusal.value.code == "unknown_region"


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("A@Ex.COM", "a@ex.com"),
        ("  a@ex.com\n", "a@ex.com"),
        ("a@ex.com.", "a@ex.com"),
        ("\u200ea\u200b@ex.com\ufeff", "a@ex.com"),
        ("a＠ex.com", "a@ex.com"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
        ("a@ｅｘ．com", "a@ex.com"),
        ("Ana+Offers@ex.com", "ana+offers@ex.com"),
        ("a..b.@carrier.example", "a..b.@carrier.example"),
        ("a@my_host.example", "a@my_host.example"),
        ("JOSE\u0301@ex.com", "josé@ex.com"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
    ],
)
def test_every_spelling_of_an_email_is_one_address(written: str, email: str) -> None:
    assert addresses.parse(written).address == email


@pytest.mark.parametrize("other", ["ana+x@ex.com", "a.na@ex.com", "ana@x.com"])
def test_plus_and_dots_keep_emails_distinct(other: str) -> None:
    assert addresses.parse(other).key != addresses.parse("ana@ex.com").key


def test_a_providers_id_is_kept_as_it_is() -> None:
    opaque = addresses.parse(" US.13491208Ab ", kind=AddressKind.OPAQUE)
    assert opaque.address == opaque.match_form == "US.13491208Ab"


@pytest.mark.parametrize("text", ["a b", "a\x00", "a\n b", "é", "a" * 161])
def test_an_id_with_spaces_or_odd_signs_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        addresses.parse_opaque(text)


def test_the_same_text_of_two_kinds_has_two_keys() -> None:
    opaque = addresses.parse(US_LINE, kind=AddressKind.OPAQUE)
    assert opaque.key != addresses.parse(US_LINE).key


@pytest.mark.parametrize(
    ("text", "kind", "masked"),
    [
        ("+34600111222", None, "+34•••••222"),
        ("ana@example.org", None, "a•••@example.org"),
        ("US.134912", AddressKind.OPAQUE, "•••912"),
        ("US.134", AddressKind.OPAQUE, "•••"),
    ],
)
def test_a_masked_address_tells_little(
    text: str, kind: AddressKind | None, masked: str
) -> None:
    assert addresses.parse(text, kind=kind).masked == masked


def test_only_a_number_has_digits_for_the_webhook() -> None:
    assert addresses.parse("+34 600 111 222").digits == 34600111222
    assert addresses.parse("ana@example.org").digits is None


def test_another_hashing_key_gives_other_keys_and_another_fingerprint(
    settings: Any,
) -> None:
    before = addresses.parse(US_LINE).key, addresses.fingerprint()
    settings.OPTOUT_HASH_KEY = b"another key of thirty-two bytes!"
    after = addresses.parse(US_LINE).key, addresses.fingerprint()
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_the_key_of_an_address_never_changes(settings: Any) -> None:
    settings.OPTOUT_HASH_KEY = b"0123456789abcdef0123456789abcdef"
    key = addresses.key_of(AddressKind.PHONE, US_LINE)
    assert str(key) == "1939c36e-5a14-27d7-092f-068900aa87dd"


def test_regions_are_offered_by_name() -> None:
    choices = addresses.regions()
    assert ("ES", "Spain (+34)") in choices
    assert choices == sorted(choices, key=lambda choice: choice[1])
    assert {code for code, _ in choices} == set(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize("style", [0, 1, 2, 3])
def test_every_country_may_write_its_lines_in_its_own_style(style: int) -> None:
    misread = []
    for region, line in KNOWN_LINES:
        plain = phonenumbers.format_number(line, PhoneNumberFormat.E164)
        styled = phonenumbers.format_number(line, style)
        try:
            read = addresses.parse(styled, region=region)
        except AmbiguousNumber as question:
            assert plain in question.readings
            continue
        if read.key != addresses.parse(plain).key:
            misread.append((styled, read.address))
    assert misread == []


@settings(max_examples=1000, deadline=None)
@given(digits)
def test_the_fast_path_reads_as_the_library_does(number: str) -> None:
    assert not phone_numbers.is_plain(number) or read_by_library(number) == "+" + number


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+44 07911 123456", "+447911123456"),
        ("+4400791112345", "+44791112345"),
        ("+378 943015", "+3780549943015"),
        ("+261 7961424", "+261207961424"),
        ("+39 06 1234 5678", "+390612345678"),
    ],
)
def test_a_national_prefix_after_the_country_code_is_taken_off(
    written: str, read: str
) -> None:
    assert addresses.parse(written).address == read


def test_most_numbers_take_the_fast_path() -> None:
    plain = [phonenumbers.format_number(line, 0)[1:] for _, line in KNOWN_LINES]
    fast = [number for number in plain if phone_numbers.is_plain(number)]
    assert len(fast) > 0.9 * len(plain)


@settings(max_examples=400, deadline=None)
@given(any_text | number_text, st.sampled_from([None, "ES", "AR", "BR", "US", "IT"]))
def test_a_read_address_reads_as_itself(text: str, region: str | None) -> None:
    try:
        address = addresses.parse(text, region=region)
    except InvalidAddress:
        return
    again = addresses.parse(address.address, region="JP")
    assert (again.address, again.match_form, again.key) == (
        address.address,
        address.match_form,
        address.key,
    )


@settings(max_examples=300, deadline=None)
@given(any_text, st.sampled_from(["ex.com", "BÜCHER.de", "例子.example"]))
def test_a_read_email_reads_as_itself(local: str, domain: str) -> None:
    try:
        email = addresses.parse_email(f"{local}@{domain}")
    except InvalidAddress as refusal:
        assert refusal.code == "invalid_email"
        return
    assert addresses.parse_email(email.address).key == email.key


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_no_domain_breaks_the_parser(domain: str) -> None:
    try:
        email = addresses.parse_email(f"a@{domain}")
    except InvalidAddress:
        return
    assert email.address.isascii()
    assert addresses.parse_email(email.address.upper()).key == email.key


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([line for _, line in KNOWN_LINES]),
    st.lists(st.sampled_from(" -./()\u200b\u200e\u00a0–"), max_size=20),
    st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"]),
    st.sampled_from(["+", "00", "tel:+", "whatsapp:+"]),
)
def test_any_spelling_in_gives_the_same_key(
    line: phonenumbers.PhoneNumber, noise: list[str], script: str, prefix: str
) -> None:
    plain = phonenumbers.format_number(line, PhoneNumberFormat.E164)
    noise = [*noise, *[""] * (len(plain) - 1)]
    written = "".join(
        script[int(digit)] + sign for digit, sign in zip(plain[1:], noise, strict=False)
    )
    assert addresses.parse(prefix + written).key == addresses.parse(plain).key


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("550 <asha.rao@shop.example> unknown", "550 <a•••@shop.example> unknown"),
        ("Call +34 600-111-222 now", "Call +34•••••222 now"),
        ('{"mobile": 34600111222, "id": 101}', '{"mobile": •••222, "id": 101}'),
        ("12 34 56 78", "•••678"),
        ("_34600111222", "_•••222"),
        ("a＠b.example", "a•••@b.example"),
    ],
)
def test_addresses_are_masked_within_words(words: str, shown: str) -> None:
    assert addresses.masked_within(words) == shown


@pytest.mark.parametrize("words", ["2026-11-23", "23/11/2026", "Room 12345", "a@ b"])
def test_other_words_stay_where_addresses_are_masked(words: str) -> None:
    assert addresses.masked_within(words) == words
