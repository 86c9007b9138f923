"""Which typed web addresses are accepted, and as what."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from optout.destinations import Refused, is_denied, parse

HOSTILE = [
    ("http://127.0.0.1/", "ip_literal"),
    ("http://127.1/", "ip_literal"),
    ("http://2130706433/", "ip_literal"),
    ("http://0x7f000001/", "ip_literal"),
    ("http://0x7f.1/", "ip_literal"),
    ("http://0177.0.0.1/", "ip_literal"),
    ("http://0/", "ip_literal"),
    ("http://127.0.0.1./", "ip_literal"),
    ("https://93.184.216.34/", "ip_literal"),
    ("http://[::1]/", "ip_literal"),
    ("http://[::]/", "ip_literal"),
    ("http://[::ffff:127.0.0.1]/", "ip_literal"),
    ("http://[::127.0.0.1]/", "ip_literal"),
    ("http://[64:ff9b::a9fe:a9fe]/", "ip_literal"),
    ("http://[2002:7f00:1::]/", "ip_literal"),
    ("http://[fe80::1%25eth0]/", "ip_literal"),
    ("http://[fec0::1]/", "ip_literal"),
    ("http://[ff02::1]/", "ip_literal"),
    ("http://[fd00:ec2::254]/", "ip_literal"),
    ("http://169.254.169.254/latest/meta-data/", "ip_literal"),
    ("http://100.100.100.200/", "ip_literal"),
    ("http://168.63.129.16/", "ip_literal"),
    ("http://127.0.0.1#@x.org/", "ip_literal"),
    ("http://%31%32%37.0.0.1/", "ip_literal"),
    ("http://127.0.0.1\\@8.8.8.8/", "characters"),
    ("https://x.org/a b", "characters"),
    (" https://x.org/", "characters"),
    ("https://x.org/\r\nHost: y.org", "characters"),
    ("https://x.org/\ta", "characters"),
    ("https://x.org/\x00", "characters"),
    ("https://x.org/\u200b", "characters"),
    ("https://x.org/\ud800", "characters"),
    ("http://8.8.8.8@127.0.0.1/", "userinfo"),
    ("https://user:secret@x.org/", "userinfo"),
    ("http://１２７.0.0.1/", "malformed"),
    ("http://①②⑦.0.0.1/", "malformed"),
    ("http://127。0。0。1/", "malformed"),
    ("http:///", "malformed"),
    ("https://x.org:99999/", "malformed"),
    ("http://::1/", "malformed"),
    ("file:///etc/passwd", "scheme"),
    ("gopher://x.org/", "scheme"),
    ("ftp://x.org/", "scheme"),
    ("javascript:alert(1)", "scheme"),
    ("//x.org/", "scheme"),
    ("x.org/hook", "scheme"),
    ("", "scheme"),
    ("http://x.org:6379/", "port"),
    ("http://x.org:5432/", "port"),
    ("http://x.org:25/", "port"),
    ("http://x.org:0/", "port"),
    ("http://x.org:443/", "port"),
    ("https://x.org:80/", "port"),
    ("https://xn--a/", "host"),
    ("https://xn--0.org/", "host"),
    ("https://a..org/", "host"),
    ("https://-a.org/", "host"),
    ("https://a_b.org/", "host"),
    ("https://x%2forg/", "host"),
    (f"https://{'a' * 64}.org/", "host"),
    ("https://x.org/" + "a" * 10_000, "too_long"),
    ("https://x.org/" + "é" * 1_000, "too_long"),
    ("https://optout.example.net/u/abc", "own_host"),
    ("https://OPTOUT.example.net./", "own_host"),
]

DENIED = [
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.1",
    "168.63.129.15",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450:4001::1",
]


@pytest.fixture(autouse=True)
def http_allowed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    settings.WEBHOOK_ALLOW_HTTP = True
    settings.PUBLIC_URL = "https://optout.example.net"


@pytest.mark.parametrize(("url", "code"), HOSTILE)
def test_a_hostile_address_is_refused(url: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(url)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://x.org", "https://x.org/"),
        ("HTTPS://X.Org:443/Hook?a=1#part", "https://x.org/Hook?a=1"),
        ("https://x.org:8443/hook", "https://x.org:8443/hook"),
        ("http://x.org:8080/hook", "http://x.org:8080/hook"),
        ("https://x.org?a=1", "https://x.org/?a=1"),
        ("https://x.org/a/../b/./c", "https://x.org/b/c"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://x.org./", "https://x.org./"),
    ],
)
def test_the_canonical_url_is_what_will_be_requested(url: str, canonical: str) -> None:
    assert parse(url).url == canonical


@pytest.mark.parametrize("address", DENIED)
def test_a_private_or_special_address_is_denied(address: str) -> None:
    assert is_denied(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_denied(address: str) -> None:
    assert not is_denied(address)


def test_plain_http_is_refused_unless_the_operator_allows_it(
    settings: Settings,
) -> None:
    settings.WEBHOOK_ALLOW_HTTP = False
    with pytest.raises(Refused, match="WEBHOOK_ALLOW_HTTP=1.*OUTBOUND_ALLOWED_HOSTS"):
        parse("http://x.org/hook")


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("crm.corp:9000", "http://crm.corp:9000/hook"),
        ("CRM.corp.:9000", "https://crm.corp:9000/hook"),
        ("10.0.0.5:80", "http://10.0.0.5/hook"),
        ("[fd00::5]:8080", "http://[fd00::5]:8080/hook"),
        ("my_service:80", "http://my_service/hook"),
        ("optout.example.net:443", "https://optout.example.net/hook"),
    ],
)
def test_a_listed_receiver_may_be_anywhere(
    settings: Settings, entry: str, url: str
) -> None:
    settings.WEBHOOK_ALLOW_HTTP = False
    settings.OUTBOUND_ALLOWED_HOSTS = [entry]
    assert parse(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9001/",
        "http://127.1:9000/",
        "http://2130706433:9000/",
        "http://user@127.0.0.1:9000/",
    ],
)
def test_a_listed_receiver_opens_nothing_beside_it(
    settings: Settings, url: str
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1:9000"]
    with pytest.raises(Refused):
        parse(url)


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_refused_or_has_one_canonical_spelling(text: str) -> None:
    try:
        destination = parse(text)
    except Refused:
        return
    assert parse(destination.url) == destination
