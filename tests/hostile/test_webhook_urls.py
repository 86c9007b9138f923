"""Webhook URLs that would lead inside: refused at each door, and again at the send.

Numbers are those of README.md. `{port}` is the canary's, which the settings allow.
"""

import gzip
import threading
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from optout import destinations, webhook_delivery
from optout.destinations import MAX_URL_LENGTH
from optout.models import DeliveryState, OptOutList, WebhookDelivery
from tests.factories import ASHA, make_list, opt_out
from tests.hostile.doors import NEW_LIST, NEW_LIST_DOORS, Visitor
from tests.name_service import PUBLIC, Names
from tests.servers import (
    Behaviour,
    Peer,
    Receiver,
    Reply,
    drips,
    pours,
    says,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HOSTILE = [
    "1 http://127.0.0.1:{port}/",
    "2 http://localhost:{port}/",
    "2 http://localhost.:{port}/",
    "3 http://127.1:{port}/",
    "4 http://2130706433:{port}/",
    "5 http://0x7f000001:{port}/",
    "6 http://0x7f.1:{port}/",
    "7 http://0177.0.0.1:{port}/",
    "8 http://0:{port}/",
    "9 http://[::1]:{port}/",
    "10 http://[::]:{port}/",
    "11 http://[::ffff:127.0.0.1]:{port}/",
    "12 http://[::127.0.0.1]:{port}/",
    "13 http://[64:ff9b::a9fe:a9fe]/",
    "14 http://[2002:7f00:1::]:{port}/",
    "15 http://[fe80::1%25eth0]/",
    "16 http://[fec0::1]/",
    "16 http://[ff02::1]/",
    "16 http://[fd00:ec2::254]/",
    "17 http://169.254.169.254/latest/meta-data/",
    "18 http://100.100.100.200/",
    "18 http://168.63.129.16/",
    "19 http://127.0.0.1:{port}\\@8.8.8.8/",
    "19 http://127.0.0.1\\@8.8.8.8:{port}/",
    "20 http://8.8.8.8@127.0.0.1:{port}/",
    "20 http://127.0.0.1:{port}#@x.org/",
    "21 http://%31%32%37.0.0.1:{port}/",
    "22 http://１２７.0.0.1:{port}/",
    "22 http://①②⑦.0.0.1:{port}/",
    "22 http://127。0。0。1:{port}/",
    "23 http://public-and-private.example:{port}/",
    "23 http://public-and-private6.example:{port}/",
    "26 file:///etc/passwd",
    "26 gopher://127.0.0.1:{port}/_",
    "26 ftp://127.0.0.1:{port}/",
    "26 javascript:alert(1)",
    "26 //127.0.0.1:{port}/",
    "26 http:///",
    "27 http://x.org:6379/",
    "27 http://x.org:5432/",
    "27 http://x.org:25/",
    "27 http://x.org:0/",
    "27 http://x.org:99999/",
    "28 https://user:secret@x.org/",
    "28 https://x.org/\r\nHost: 127.0.0.1",
    "28 https://x.org/\ta",
    "28 https://x.org/\x00a",
    "28 https://xn--a/",
    "28 https://a..org/",
    "28 https://x.org/" + "a" * 10_000,
    "29 http://testserver/u/token/",
]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(b"\0" * 10_000_000)
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
LONG_ANSWERS = {
    "a gzip bomb": says(PACKED % len(BOMB), BOMB),
    "a body without end": pours(CHUNKED, b"1000\r\n" + b"a" * 4096 + b"\r\n"),
}
BAD_ANSWERS = {
    "one byte at a time": drips(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.05),
    "interim answers without end": pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers of 100 kB": says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, b"\r\n\r\n"),
    "not HTTP": says(b"\x00\xff" * 100),
}

# What no column takes cannot be there at the send.
STORABLE = [text for text in HOSTILE if "\0" not in text and len(text) < MAX_URL_LENGTH]


def name_of(numbered_url: str) -> str:
    return repr(numbered_url[:50])


def url_of(numbered_url: str, canary: Peer) -> str:
    return numbered_url.partition(" ")[2].replace("{port}", str(canary.port))


@pytest.fixture(autouse=True)
def mixed_names(names: Names) -> None:
    names["public-and-private.example"] = [PUBLIC, "127.0.0.1"]
    names["public-and-private6.example"] = [PUBLIC, "::1"]


@pytest.fixture
def listed() -> OptOutList:
    return make_list()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with Receiver() as found:
        settings.WEBHOOK_ALLOW_HTTP = True
        settings.OUTBOUND_ALLOWED_HOSTS = [found.netloc]
        yield found


def delivered_to(listed: OptOutList, url: str) -> WebhookDelivery:
    """What became of an opt-out's first try at a URL that stands in the database."""
    OptOutList.objects.filter(pk=listed.pk).update(webhook_url=url)
    listed.refresh_from_db()
    opt_out(ASHA, listed)
    webhook_delivery.deliver_due()
    return WebhookDelivery.objects.get()


@pytest.mark.parametrize("numbered_url", HOSTILE, ids=name_of)
def test_no_door_saves_it_and_each_names_the_field(
    visitor: Visitor, canary: Peer, numbered_url: str
) -> None:
    values = NEW_LIST | {"webhook_url": url_of(numbered_url, canary)}
    for name, door in NEW_LIST_DOORS.items():
        assert door(visitor, values) == {"webhook_url"}, name
    assert not OptOutList.objects.filter(is_default=False).exists()


@pytest.mark.parametrize("door", NEW_LIST_DOORS)
def test_each_door_saves_a_good_one(visitor: Visitor, canary: Peer, door: str) -> None:
    values = NEW_LIST | {"webhook_url": "HTTPS://X.org:443/hook"}
    assert NEW_LIST_DOORS[door](visitor, values) == set()
    assert OptOutList.objects.get(is_default=False).webhook_url == "https://x.org/hook"


@pytest.mark.parametrize("numbered_url", STORABLE, ids=name_of)
def test_one_that_is_stored_nevertheless_is_not_sent_to(
    listed: OptOutList, canary: Peer, numbered_url: str
) -> None:
    tried = delivered_to(listed, url_of(numbered_url, canary))
    assert tried.state == DeliveryState.RETRY
    assert tried.tries[0]["error"]


def test_the_canary_hears_who_is_allowed_to_it(
    listed: OptOutList, settings: Settings
) -> None:
    with Peer(says(b"HTTP/1.1 200 OK\r\n\r\n")) as service:
        settings.OUTBOUND_ALLOWED_HOSTS = [service.netloc]
        assert delivered_to(listed, service.url).state == DeliveryState.DELIVERED
        assert service.hits == 1


def test_a_name_that_turns_private_after_it_was_saved_is_not_sent_to(  # 24
    visitor: Visitor, canary: Peer, names: Names
) -> None:
    names["rebind.example"] = [PUBLIC]
    url = f"http://rebind.example:{canary.port}/"
    assert not NEW_LIST_DOORS["page"](visitor, NEW_LIST | {"webhook_url": url})
    names["rebind.example"] = ["127.0.0.1"]
    tried = delivered_to(OptOutList.objects.get(is_default=False), url)
    assert "private" in tried.tries[0]["error"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["canary", "itself", "file:///etc/passwd"])
def test_a_redirect_is_a_failure_that_leads_nowhere(  # 25
    listed: OptOutList, receiver: Receiver, loopback_service: Peer, status, target
) -> None:
    places = {"canary": loopback_service.url, "itself": receiver.url}
    location = {"Location": places.get(target, target)}
    receiver.default = Reply(status, headers=location)
    assert delivered_to(listed, receiver.url).tries[0]["status"] == status
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("behaviour", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_an_answer_without_end_is_a_failure_with_its_reason(  # 30
    listed: OptOutList,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour,
) -> None:
    monkeypatch.setattr(webhook_delivery, "DEADLINE_SECONDS", 0.5)
    settings.WEBHOOK_ALLOW_HTTP = True
    with Peer(behaviour) as peer:
        settings.OUTBOUND_ALLOWED_HOSTS = [peer.netloc]
        tried = delivered_to(listed, peer.url)
    assert tried.state == DeliveryState.RETRY
    assert 0 < len(tried.tries[0]["error"]) <= 500


@pytest.mark.parametrize("behaviour", LONG_ANSWERS.values(), ids=LONG_ANSWERS)
def test_of_a_long_answer_the_beginning_is_kept_unopened(  # 30
    listed: OptOutList, settings: Settings, behaviour: Behaviour
) -> None:
    settings.WEBHOOK_ALLOW_HTTP = True
    with Peer(behaviour) as peer:
        settings.OUTBOUND_ALLOWED_HOSTS = [peer.netloc]
        tried = delivered_to(listed, peer.url)
    assert tried.state == DeliveryState.DELIVERED
    assert len(tried.tries[0]["response"]) <= 1024


def test_a_name_service_that_hangs_is_a_failure_at_the_deadline(  # 30
    listed: OptOutList, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = threading.Event()
    monkeypatch.setattr(destinations, "resolve", lambda *_: finished.wait())
    monkeypatch.setattr(webhook_delivery, "DEADLINE_SECONDS", 0.3)
    tried = delivered_to(listed, "https://x.org/")
    finished.set()
    assert (tried.state, len(tried.tries)) == (DeliveryState.RETRY, 1)
