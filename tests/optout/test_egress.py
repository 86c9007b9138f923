"""Guarded HTTP: what is refused, what is sent, and what ends at the deadline."""

import gzip
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from optout import destinations, egress
from optout.egress import Answer, Client, NoAnswer, NotSent, Refused, check_url
from tests.certificates import self_signed
from tests.name_service import PUBLIC, Names, resolver, start_names
from tests.servers import (
    Behaviour,
    Peer,
    Receiver,
    Reply,
    after,
    drips,
    over_tls,
    pours,
    resets,
    says,
    silent,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SHORT_SECONDS = 0.3


@pytest.fixture(autouse=True)
def nothing_listed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    settings.WEBHOOK_ALLOW_HTTP = True
    settings.PUBLIC_URL = "https://optout.example.net"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The name service of these tests."""
    known = start_names()
    monkeypatch.setattr(destinations, "resolve", resolver(known))
    return known


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with Receiver() as receiver:
        settings.OUTBOUND_ALLOWED_HOSTS = [receiver.netloc]
        yield receiver


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A service on loopback whose port is allowed: only the address protects it."""
    with Peer(says(OK + b"\r\n"), hosts=["127.0.0.1", "::1"]) as canary:
        monkeypatch.setitem(destinations.PORTS, "http", {canary.port})
        yield canary


def post(client: Client, url: str, seconds: float = 5) -> Answer:
    return client.post(url, body=b"{}", headers={}, deadline_seconds=seconds)


def post_to(
    behaviour: Behaviour, settings: Settings, client: Client, seconds: float = 5
) -> Answer:
    with Peer(behaviour) as peer:
        settings.OUTBOUND_ALLOWED_HOSTS = [peer.netloc]
        return post(client, peer.url, seconds)


# What is sent


def test_a_post_arrives_as_it_was_given(client: Client, receiver: Receiver) -> None:
    headers = {"webhook-id": "msg_1", "Content-Type": "application/json"}
    client.post(f"{receiver.url}/hook?a=1", body=b'{"a": 1}', headers=headers)
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook?a=1")
    assert request.body == b'{"a": 1}'
    assert request.headers["host"] == receiver.netloc
    assert request.headers.items() >= {
        ("webhook-id", "msg_1"),
        ("content-type", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", "Optout"),
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_a_request_has_the_method_it_was_given(
    client: Client, receiver: Receiver, method: str
) -> None:
    assert client.request(method, receiver.url).status == 200
    assert receiver.requests[0].method == method


def test_an_answer_has_status_headers_body_and_duration(
    client: Client, receiver: Receiver
) -> None:
    receiver.answer(Reply(503, b"later", {"Retry-After": "120"}))
    answer = post(client, receiver.url)
    assert (answer.status, answer.body) == (503, b"later")
    assert answer.headers["retry-after"] == "120"
    assert 0 < answer.seconds < 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(
    client: Client, receiver: Receiver, canary: Peer, status: int
) -> None:
    receiver.answer(Reply(status, headers={"Location": canary.url}))
    assert post(client, receiver.url).status == status
    assert len(receiver.requests) == 1
    assert canary.hits == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[", "/", "\x00"])
def test_a_strange_redirect_is_only_an_answer(
    client: Client, receiver: Receiver, location: str
) -> None:
    receiver.answer(Reply(302, headers={"Location": location}))
    assert post(client, receiver.url).status == 302


def test_the_second_post_uses_the_same_connection(
    client: Client, receiver: Receiver
) -> None:
    post(client, receiver.url)
    post(client, receiver.url)
    first, second = receiver.requests
    assert first.peer == second.peer


def test_a_connection_that_the_receiver_closed_is_opened_again(
    client: Client, receiver: Receiver
) -> None:
    receiver.default = Reply(headers={"Connection": "close"})
    post(client, receiver.url)
    post(client, receiver.url)
    first, second = receiver.requests
    assert first.peer != second.peer


def test_one_client_serves_several_threads(client: Client, receiver: Receiver) -> None:
    bodies = [str(number).encode() for number in range(40)]

    def send(body: bytes) -> int:
        return client.post(receiver.url, body=body, headers={}).status

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(send, bodies)) == {200}
    assert sorted(request.body for request in receiver.requests) == sorted(bodies)


def test_proxies_and_cookies_are_not_used(
    client: Client, receiver: Receiver, canary: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", canary.url)
    monkeypatch.setenv("http_proxy", canary.url)
    receiver.answer(Reply(headers={"Set-Cookie": "a=1"}))
    post(client, receiver.url)
    post(client, receiver.url)
    assert canary.hits == 0
    assert "cookie" not in receiver.requests[1].headers


def test_a_receiver_on_ipv6_can_be_listed(client: Client, settings: Settings) -> None:
    with Peer(says(OK + b"\r\n"), hosts=["::1"]) as peer:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"[::1]:{peer.port}"]
        assert post(client, f"http://[::1]:{peer.port}/").status == 200


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    client: Client, receiver: Receiver, names: Names, settings: Settings
) -> None:
    names["two.corp"] = ["127.0.0.2", "127.0.0.1"]
    settings.OUTBOUND_ALLOWED_HOSTS = [f"two.corp:{receiver.port}"]
    assert post(client, f"http://two.corp:{receiver.port}/").status == 200


# What is refused


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "8.8.8.8@127.0.0.1",
        "127.0.0.1\\@8.8.8.8",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "mixed.example",
        "mixed6.example",
    ],
)
def test_a_service_on_loopback_is_never_reached(
    client: Client, canary: Peer, names: Names, host: str
) -> None:
    names["mixed.example"] = [PUBLIC, "127.0.0.1"]
    names["mixed6.example"] = [PUBLIC, "::1"]
    url = f"http://{host}:{canary.port}/"
    with pytest.raises(Refused):
        check_url(url)
    with pytest.raises(Refused):
        post(client, url)
    assert canary.hits == 0


def test_the_same_service_is_reached_when_it_is_listed(
    client: Client, canary: Peer, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = [f"localhost:{canary.port}"]
    assert post(client, f"http://localhost:{canary.port}/").status == 200
    assert canary.hits == 1


def test_a_name_that_turns_private_after_the_check_is_refused_at_the_send(
    client: Client, canary: Peer, names: Names
) -> None:
    names["rebind.example"] = [PUBLIC]
    url = check_url(f"http://rebind.example:{canary.port}/")
    names["rebind.example"] = ["127.0.0.1"]
    with pytest.raises(Refused) as refusal:
        post(client, url)
    assert refusal.value.code == "private_address"
    assert canary.hits == 0


def test_the_refusal_of_a_private_address_names_the_setting(names: Names) -> None:
    names["crm.corp"] = ["10.0.0.5"]
    with pytest.raises(Refused, match=r"crm\.corp .* OUTBOUND_ALLOWED_HOSTS"):
        check_url("https://crm.corp/hook")


def test_a_url_is_checked_again_at_the_send(client: Client, settings: Settings) -> None:
    url = check_url("http://x.org/hook")
    settings.WEBHOOK_ALLOW_HTTP = False
    with pytest.raises(Refused):
        post(client, url)


def test_a_name_that_does_not_resolve_at_save_is_accepted() -> None:
    assert check_url("https://unknown.example/a") == "https://unknown.example/a"


def test_a_slow_name_service_does_not_hold_up_the_save(
    monkeypatch: pytest.MonkeyPatch, stuck_resolver: None
) -> None:
    monkeypatch.setattr(egress, "SAVE_RESOLVE_SECONDS", 0.05)
    assert check_url("https://x.org/") == "https://x.org/"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "1\r\nX-B: 2"),
        ("X-A", "1\n"),
        ("X-A", "\x00"),
        ("X-A", "→"),
        ("X-A: 1\r\nX-B", "2"),
        ("", "1"),
        ("Host", "other.example"),
        ("transfer-encoding", "chunked"),
        ("Content-Length", "0"),
    ],
)
def test_a_header_that_could_change_the_request_is_refused(
    client: Client, receiver: Receiver, name: str, value: str
) -> None:
    with pytest.raises(Refused):
        client.post(receiver.url, body=b"", headers={name: value})
    assert receiver.requests == []


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\n"])
def test_an_unknown_method_is_refused(
    client: Client, receiver: Receiver, method: str
) -> None:
    with pytest.raises(Refused):
        client.request(method, receiver.url)
    assert receiver.requests == []


# What was not sent


@pytest.mark.parametrize("name", ["unknown.corp", f"{'a' * 64}.corp"])
def test_a_name_that_does_not_resolve_means_not_sent(
    client: Client, settings: Settings, name: str
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = [f"{name}:443"]
    with pytest.raises(NotSent) as failure:
        post(client, check_url(f"https://{name}/"))
    assert failure.value.code == "unresolvable"


def test_a_refused_connection_means_not_sent(
    client: Client, settings: Settings
) -> None:
    with Peer(silent) as peer:
        settings.OUTBOUND_ALLOWED_HOSTS = [peer.netloc]
    with pytest.raises(NotSent) as failure:
        post(client, peer.url)
    assert failure.value.code == "unreachable"


@pytest.fixture
def stuck_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    finished = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        finished.wait()
        return [PUBLIC]

    monkeypatch.setattr(destinations, "resolve", resolve)
    yield
    finished.set()


def test_a_slow_name_service_means_not_sent_at_the_deadline(
    client: Client, stuck_resolver: None
) -> None:
    started = time.monotonic()
    with pytest.raises(NotSent) as failure:
        post(client, "https://x.org/", SHORT_SECONDS)
    assert failure.value.code == "timeout"
    assert time.monotonic() - started < 2


def test_a_stalled_handshake_means_not_sent_at_the_deadline(
    client: Client, settings: Settings
) -> None:
    with Peer(silent) as peer, pytest.raises(NotSent) as failure:
        settings.OUTBOUND_ALLOWED_HOSTS = [peer.netloc]
        post(client, f"https://{peer.netloc}/", SHORT_SECONDS)
    assert failure.value.code == "timeout"


# What may have been sent


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(silent, id="silence"),
        pytest.param(drips(OK, b"a", 0.05), id="slow headers"),
        pytest.param(
            drips(OK + b"Content-Length: 9999\r\n\r\n", b"a", 0.05), id="slow body"
        ),
        pytest.param(drips(CHUNKED, b"1\r\na\r\n", 0.05), id="slow chunks"),
        pytest.param(pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="endless 1xx"),
        pytest.param(pours(CHUNKED + b"0\r\n", b"a: b\r\n"), id="endless trailers"),
    ],
)
def test_an_answer_without_end_is_cut_at_the_deadline(
    client: Client, settings: Settings, behaviour: Behaviour
) -> None:
    started = time.monotonic()
    with pytest.raises(NoAnswer) as failure:
        post_to(behaviour, settings, client, SHORT_SECONDS)
    assert failure.value.code == "timeout"
    assert SHORT_SECONDS <= time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (resets, "disconnected"),
        (says(), "disconnected"),
        (says(OK + b"Content-Length: 10\r\n\r\nabc"), "disconnected"),
        (says(CHUNKED + b"ff\r\nabc"), "disconnected"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "unreadable"),
        (says(b"HTTP/1.1 999999 Yes\r\n\r\n"), "unreadable"),
        (says(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"\r\n"), "unreadable"),
        (says(OK + b"a: " + b"b" * 100_000 + b"\r\n\r\n"), "unreadable"),
        (says(OK + b"a: b\r\n" * 1_000 + b"\r\n"), "unreadable"),
    ],
)
def test_a_broken_answer_means_unknown(
    client: Client, settings: Settings, behaviour: Behaviour, code: str
) -> None:
    with pytest.raises(NoAnswer) as failure:
        post_to(behaviour, settings, client)
    assert failure.value.code == code


# What is kept of an answer


def test_an_endless_body_is_read_to_the_limit_only(
    client: Client, settings: Settings
) -> None:
    chunk = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
    answer = post_to(pours(CHUNKED, chunk), settings, client)
    assert (answer.status, answer.body) == (200, b"a" * 1024)


def test_the_connection_of_a_cut_answer_is_not_used_again(
    client: Client, receiver: Receiver
) -> None:
    receiver.answer(Reply(body=b"a" * 1_000_000))
    post(client, receiver.url)
    assert post(client, receiver.url).body == b"ok"
    first, second = receiver.requests
    assert first.peer != second.peer


def test_a_compressed_answer_is_kept_as_it_came(
    client: Client, receiver: Receiver
) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    receiver.answer(Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    assert post(client, receiver.url).body == bomb[:1024]


# TLS


@pytest.fixture
def crm_tls(
    tmp_path: Path, names: Names, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    """The server's side of a certificate for crm.corp that the machine trusts."""
    certificate, context = self_signed("crm.corp", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    names["crm.corp"] = names["other.corp"] = ["127.0.0.1"]
    return context


@pytest.fixture
def tls_receiver(crm_tls: ssl.SSLContext, settings: Settings) -> Iterator[Receiver]:
    with Receiver(tls=crm_tls) as receiver:
        hosts = ["crm.corp", "other.corp"]
        settings.OUTBOUND_ALLOWED_HOSTS = [f"{host}:{receiver.port}" for host in hosts]
        yield receiver


def test_posts_over_tls_arrive_by_one_connection(
    tls_receiver: Receiver, client: Client
) -> None:
    post(client, f"https://crm.corp:{tls_receiver.port}/")
    post(client, f"https://crm.corp:{tls_receiver.port}/")
    first, second = tls_receiver.requests
    assert first.peer == second.peer


def test_a_certificate_for_another_name_means_not_sent(
    tls_receiver: Receiver, client: Client
) -> None:
    with pytest.raises(NotSent) as failure:
        post(client, f"https://other.corp:{tls_receiver.port}/")
    assert failure.value.code == "tls"
    assert tls_receiver.requests == []


def test_a_slow_answer_over_tls_is_cut_at_the_deadline(
    crm_tls: ssl.SSLContext, client: Client, settings: Settings
) -> None:
    dripping = drips(OK + b"Content-Length: 9999\r\n\r\n", b"a", 0.05)
    started = time.monotonic()
    with Peer(over_tls(crm_tls, dripping)) as peer, pytest.raises(NoAnswer) as failure:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"crm.corp:{peer.port}"]
        post(client, f"https://crm.corp:{peer.port}/", SHORT_SECONDS)
    assert failure.value.code == "timeout"
    assert SHORT_SECONDS <= time.monotonic() - started < 2


def test_the_handshake_and_the_sending_share_one_deadline(
    crm_tls: ssl.SSLContext, client: Client, settings: Settings
) -> None:
    reads_nothing = after(0.9, over_tls(crm_tls, silent))
    started = time.monotonic()
    with Peer(reads_nothing) as peer, pytest.raises(NoAnswer) as failure:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"crm.corp:{peer.port}"]
        url = f"https://crm.corp:{peer.port}/"
        client.post(url, body=bytes(20_000_000), headers={}, deadline_seconds=1)
    assert failure.value.code == "timeout"
    assert time.monotonic() - started < 1.6
