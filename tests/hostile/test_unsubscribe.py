"""The public unsubscribe address, met by scanners, guessers and broken clients."""

import string

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from optout import links
from optout.models import Channel, Entry, LedgerEvent, OutgoingMessage, live_entries
from tests.factories import LEENA, make_batch, queue

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
URLENCODED = "application/x-www-form-urlencoded"
PREFETCH = [  # 62
    {"Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"X-Moz": "prefetch"},
    {"X-Purpose": "preview"},
    {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"},
    {"User-Agent": "Barracuda Sentinel (EE)"},
]
BROKEN_BODIES = [  # 64
    (b"", URLENCODED),
    (b"list-unsubscribe=one-click", URLENCODED),
    (b"List-Unsubscribe=One-Click%00", URLENCODED),
    (b"List-Unsubscribe=\xff\xfe", URLENCODED),
    (b'{"List-Unsubscribe": "One-Click"}', "application/json"),
    (b"List-Unsubscribe=One-Click", "text/plain"),
    (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    (b"List-Unsubscribe=One-Click", "multipart/form-data"),
    (b"a=b&" * 2_000, URLENCODED),
    (b"a" * 3_000_000, URLENCODED),
]
NO_TOKENS = [  # 63
    "v1",
    "v1...",
    "v1.k1..",
    "..",
    "../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "1",
    "2",
    "x" * 10_000,
    "v1.k1.AAAAAAAAAAE.",
    "v1.k1.AAAAAAAAAAE." + "A" * 22,
    "v1.k1.////.A",
    "v1.k1.\u0661.A",
    "%00",
    "%FF",
    "{{7*7}}",
    "' OR 1=1 --",
]


@pytest.fixture
def mail(mailbox: Channel) -> OutgoingMessage:
    return queue(make_batch(mailbox), LEENA)


@pytest.fixture
def token(mail: OutgoingMessage) -> str:
    return links.token(mail.pk)


@pytest.fixture
def page(token: str) -> str:
    return reverse("unsubscribe", args=[token])


@pytest.mark.parametrize("headers", PREFETCH, ids=str)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_what_looks_ahead_changes_nothing(
    client: Client, page: str, method: str, headers: dict[str, str]
) -> None:
    for url in (page, f"{page}leave/", f"{page}back/", f"{page}preferences/"):
        assert getattr(client, method)(url, headers=headers).status_code < 400
    assert not Entry.objects.exists()
    assert not LedgerEvent.objects.exists()


@pytest.mark.parametrize("path", ["{page}", "/u/nope/", "/u/test/"])
def test_no_page_of_it_can_be_framed(client: Client, page: str, path: str) -> None:
    answer = client.get(path.format(page=page))
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_a_token_with_any_sign_changed_leads_nowhere(
    client: Client, token: str
) -> None:
    known = client.get("/u/nope/").content
    signs = string.ascii_letters + string.digits + "-_."
    for at, sign in enumerate(token):
        other = signs[(signs.index(sign) + 1) % len(signs)]
        flipped = f"{token[:at]}{other}{token[at + 1 :]}"
        assert client.get(f"/u/{flipped}/").content == known, flipped
        client.post(f"/u/{flipped}/", ONE_CLICK)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda text: repr(text[:24]))
def test_what_is_no_token_is_not_found_and_one_click_answers_as_ever(
    client: Client, mail: OutgoingMessage, token: str
) -> None:
    url = f"/u/{token}/"
    assert client.get(url).status_code == 404
    assert client.post(url, ONE_CLICK).status_code in (200, 404)
    assert not Entry.objects.exists()


def test_the_key_of_a_link_cannot_be_chosen(client: Client, token: str) -> None:
    _v, _key_id, encoded, mac = token.split(".")
    for key_id in ("k2", "", "K1", "k1:", "unknown"):
        assert client.get(f"/u/v1.{key_id}.{encoded}.{mac}/").status_code == 404


@pytest.mark.parametrize(("body", "content_type"), BROKEN_BODIES)
def test_a_post_that_is_no_one_click_changes_nothing(
    client: Client, page: str, body: bytes, content_type: str
) -> None:
    for url in (page, f"{page}?List-Unsubscribe=One-Click"):
        answer = client.post(url, body, content_type=content_type)
        assert answer.status_code in (400, 413)
    assert not Entry.objects.exists()


def test_one_click_needs_no_cookie_and_no_site(page: str) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    client.cookies["optout_session"] = "' OR 1=1"
    for _ in range(2):
        answer = client.post(page, ONE_CLICK, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
    assert live_entries().count() == 1


@pytest.mark.parametrize("ticked", ["9" * 30, "9" * 5000, "²", "٣", "-1", "\x00", ""])
def test_a_list_that_cannot_be_is_no_choice(
    client: Client, page: str, ticked: str
) -> None:
    answer = client.post(f"{page}preferences/", {"lists": [ticked]}, follow=True)
    assert "nothing was changed" in answer.content.decode()
    assert not Entry.objects.exists()


def test_five_hundred_guesses_tell_nothing_and_lock_nobody_out(  # 65
    client: Client, token: str, page: str
) -> None:
    head, mac = token.rsplit(".", 1)
    guesses = [f"{head}.{number:022d}" for number in range(250)]
    guesses += [f"v1.k1.{number:011d}.{mac}" for number in range(250)]
    seen = {answer_to(client, f"/u/{guess}/") for guess in guesses}
    assert len(seen) == 1
    assert not Entry.objects.exists()
    assert client.post(page, ONE_CLICK).status_code == 200
    assert live_entries().count() == 1


def answer_to(client: Client, url: str) -> tuple[object, ...]:
    """What a guesser can see of a GET and of a POST, and how much work each made."""
    seen: list[object] = []
    for call in (lambda: client.get(url), lambda: client.post(url, ONE_CLICK)):
        with CaptureQueriesContext(connection) as asked:
            answer = call()
        seen += [answer.status_code, answer.content, len(asked)]
        seen += [sorted(answer.headers.items())]
    return tuple(map(str, seen))
