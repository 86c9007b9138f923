"""The fault proxy does to a connection what it is told, and nothing else."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import (
    FAIR,
    RESET_AFTER_FIRST_BYTE,
    Proxy,
    Weather,
    swallow_reply_to,
)
from tests.servers import LOOPBACK, Peer

SECONDS = 10


def echoes(connection: socket.socket, stopped: object) -> None:
    """Say back what was said, in capitals."""
    while data := connection.recv(1024):
        connection.sendall(data.upper())


@pytest.fixture
def server() -> Iterator[Peer]:
    with Peer(echoes) as peer:
        yield peer


@pytest.fixture
def proxy(server: Peer) -> Iterator[Proxy]:
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connect(proxy) as client:
        yield client


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), timeout=SECONDS)


def ask(client: socket.socket, words: bytes) -> bytes:
    client.sendall(words)
    return client.recv(1024)


def read_to_end(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(1024), b""))


def test_in_fair_weather_all_passes(client: socket.socket) -> None:
    assert ask(client, b"hello") == b"HELLO"
    assert ask(client, b"again") == b"AGAIN"


def test_latency_holds_an_answer_back(proxy: Proxy, client: socket.socket) -> None:
    proxy.be(Weather(latency_seconds=0.1))
    began = time.monotonic()
    assert ask(client, b"hello") == b"HELLO"
    assert time.monotonic() - began >= 0.1


def test_a_stalled_answer_comes_when_the_stall_is_over(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.be(Weather(stalls=True))
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        ask(client, b"hello")
    proxy.be(FAIR)
    client.settimeout(SECONDS)
    assert client.recv(1024) == b"HELLO"


def test_a_reset_comes_after_the_first_byte(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.be(RESET_AFTER_FIRST_BYTE)
    client.sendall(b"hello")
    with pytest.raises(ConnectionResetError):
        read_to_end(client)


def test_a_truncated_answer_ends_like_a_whole_one(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.be(Weather(answer_bytes=3))
    client.sendall(b"hello")
    assert read_to_end(client) == b"HEL"


def test_refused_connections_are_taken_again_later(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        client.recv(1024)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.listen()
    with connect(proxy) as again:
        assert ask(again, b"hello") == b"HELLO"


def test_a_cut_resets_what_is_open_and_nothing_later(
    proxy: Proxy, client: socket.socket
) -> None:
    ask(client, b"hello")
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(1024)
    with connect(proxy) as again:
        assert ask(again, b"hello") == b"HELLO"


def test_a_reply_is_swallowed_once_after_the_server_got_the_words(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.be(swallow_reply_to(b"COMMIT"))
    assert ask(client, b"insert") == b"INSERT"
    client.sendall(b"COM")
    assert client.recv(1024) == b"COM"
    client.sendall(b"MIT")
    with pytest.raises(ConnectionResetError):
        client.recv(1024)
    with connect(proxy) as again:
        assert ask(again, b"COMMIT") == b"COMMIT"
    assert proxy.struck == 1
