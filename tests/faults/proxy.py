"""A TCP proxy before any server, whose weather a test changes while it runs."""

import contextlib
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Self

from tests.servers import LOOPBACK

CHUNK_BYTES, LOOK_SECONDS = 65_536, 0.02


@dataclass(frozen=True)
class Weather:
    """What happens to the answers on every connection, old and new.

    With `after` it begins, on a connection, when the client has sent these bytes;
    with `once` on one connection alone, when they were sent `skip` times before.
    """

    latency_seconds: float = 0.0
    stalls: bool = False  # requests arrive, no answer comes back
    answer_bytes: int | None = None  # then the connection ends
    resets: bool = False  # by RST, not by FIN
    after: bytes = b""
    once: bool = False
    skip: int = 0


FAIR = Weather()
RESET_AFTER_FIRST_BYTE = Weather(answer_bytes=1, resets=True)


def swallow_reply_to(words: bytes, *, skip: int = 0) -> Weather:
    """Once: what carries these words reaches the server, and its reply nobody."""
    return Weather(answer_bytes=0, resets=True, after=words, once=True, skip=skip)


class Proxy:
    """Listens on loopback and hands on to `target`, a port there; fair at first."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.weather = FAIR
        self.struck = 0  # connections that this weather's `after` has begun on
        self._skipped = 0
        self._lock = threading.Lock()
        self._links: set[_Link] = set()
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Start to hand on."""
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and cut what is open."""
        self._end()

    def be(self, weather: Weather) -> None:
        """Change the weather."""
        with self._lock:
            self.weather, self.struck, self._skipped = weather, 0, 0

    def refuse(self) -> None:
        """Cut what is open, and refuse new connections until `listen`."""
        self._end()

    def listen(self) -> None:
        """Take connections again, on the same port."""
        self._listener = socket.create_server((LOOPBACK, self.port))
        self._start()

    def cut(self) -> None:
        """Reset all connections that are open now."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.is_cut = True
        for link in links:
            link.ended.wait()

    def strike(self, heard: bytes) -> Weather | None:
        """The weather that these words of a client have begun, if any."""
        with self._lock:
            weather = self.weather
            if not weather.after or weather.after not in heard:
                return None
            if self._skipped < weather.skip:
                self._skipped += 1
                return None
            self.struck += 1
            if weather.once:
                self.weather = FAIR
            return weather

    def _start(self) -> None:
        self._taking = threading.Thread(target=self._take, args=[self._listener])
        self._taking.start()

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._taking.join()  # what it has taken is known, and is cut now
        self.cut()

    def _take(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                link = _Link(self, client)
                with self._lock:
                    self._links.add(link)
                threading.Thread(target=self._serve, args=[link]).start()

    def _serve(self, link: "_Link") -> None:
        try:
            link.run()
        finally:
            with self._lock:
                self._links.discard(link)
            link.ended.set()


class _Link:
    """One client's connection. A single thread, so that its end is at once."""

    def __init__(self, proxy: Proxy, client: socket.socket) -> None:
        self.is_cut = False
        self.ended = threading.Event()
        self._proxy, self._client, self._server = proxy, client, socket.socket()
        self._struck: Weather | None = None
        self._tail = b""  # of what the client said, as words may come in two pieces
        self._answered = (FAIR, 0)  # bytes let through since this weather began

    def run(self) -> None:
        is_reset = True
        try:
            self._server.connect((LOOPBACK, self._proxy.target))
            while not self.is_cut and self._carry():
                pass
            is_reset = self.is_cut or self._weather.resets
        except OSError:
            pass
        finally:
            self._server.close()
            _close(self._client, is_reset=is_reset)

    @property
    def _weather(self) -> Weather:
        general = self._proxy.weather
        return self._struck or (FAIR if general.after else general)

    def _carry(self) -> bool:
        """Hand on what is there; False at the end."""
        ears = [self._client] if self._weather.stalls else [self._client, self._server]
        heard, _, _ = select.select(ears, [], [], LOOK_SECONDS)
        if self._client in heard and not self._hand_on_request():
            return False
        return self._server not in heard or self._hand_on_answer()

    def _hand_on_request(self) -> bool:
        data = self._client.recv(CHUNK_BYTES)
        heard = self._tail + data
        self._struck = self._struck or self._proxy.strike(heard)
        self._tail = self._beginning_of_words(heard)
        self._server.sendall(data)
        return bool(data)

    def _beginning_of_words(self, heard: bytes) -> bytes:
        """The last bytes that may be the first of words that come in two pieces."""
        kept = len(self._proxy.weather.after) - 1
        return heard[-kept:] if kept > 0 else b""

    def _hand_on_answer(self) -> bool:
        data = self._server.recv(CHUNK_BYTES)
        time.sleep(self._weather.latency_seconds)
        allowed = self._allowed(len(data))
        self._client.sendall(data[:allowed])
        return allowed == len(data) and bool(data)

    def _allowed(self, size: int) -> int:
        """How many of the next bytes the weather lets through."""
        weather, (counted, before) = self._weather, self._answered
        before = before if counted is weather else 0
        most = weather.answer_bytes
        allowed = size if most is None else min(size, most - before)
        self._answered = (weather, before + allowed)
        return allowed


def _close(connection: socket.socket, *, is_reset: bool) -> None:
    if is_reset:
        # Closing with an empty linger time sends RST instead of FIN.
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()
