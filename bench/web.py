"""gunicorn as in production on a port of its own, and callers that keep it busy."""

import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

SCRIPTS = "BENCH_SCRIPTS"
CALLERS = 4
_WORKERS = "2"  # as the image has it
_START_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_UNLIMITED = {"API_CALLS_PER_MINUTE": "1000000"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it goes over the wire."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens."""

    port: int

    def take(self, calls: Sequence[Call], status: int) -> None:
        """Answer all of them, some at a time; each has to get this status."""
        with ThreadPoolExecutor(CALLERS) as pool:
            shares = [calls[number::CALLERS] for number in range(CALLERS)]
            list(pool.map(lambda share: self._take_one_by_one(share, status), shares))

    def _take_one_by_one(self, calls: Sequence[Call], status: int) -> None:
        connection = HTTPConnection("127.0.0.1", self.port)
        for call in calls:
            connection.request(call.method, call.path, call.body, dict(call.headers))
            response = connection.getresponse()
            body = response.read()
            if response.status != status:
                said = f"{response.status} for {call.path[:80]}: {body[:200]!r}"
                raise RuntimeError(said)
        connection.close()


@contextmanager
def server(scripts: Mapping[str, Any]) -> Iterator[Server]:
    """The product and its bare views; both workers are up, and gone at the end."""
    with TemporaryDirectory(prefix="optout-bench-") as folder:
        file = Path(folder) / "scripts"
        file.write_bytes(pickle.dumps(dict(scripts)))
        found = Server(_free_port())
        named = {SCRIPTS: str(file), "DJANGO_SETTINGS_MODULE": "bench.web_settings"}
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *_arguments(found.port)],
            env=os.environ | _UNLIMITED | named,
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_until_it_serves(found, process)
            yield found
        finally:
            process.terminate()
            process.wait()


def _arguments(port: int) -> tuple[str, ...]:
    """The rest of it stands in gunicorn.conf.py."""
    bind = f"127.0.0.1:{port}"
    return ("--bind", bind, "--workers", _WORKERS, "optout_project.wsgi")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _wait_until_it_serves(found: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return found.take([Call("GET", "/healthz")] * CALLERS, 200)
        except OSError:
            time.sleep(_PAUSE_SECONDS)
    raise RuntimeError("gunicorn does not start")
