"""`manage.py start`: the whole product by one command, stopped by one Ctrl-C."""

import fcntl
import os
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from optout_project.processes import Child, Supervisor

HOST = "127.0.0.1"
WORKER_THREADS = "4"
LOG_INS = ("agent", "marketer", "compliance", "admin")


class Command(BaseCommand):
    """Migrates, seeds the demo once, and runs the web process and one worker."""

    help = "Start the web process and the worker; Ctrl-C stops both."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --no-demo."""
        parser.add_argument(
            "--no-demo", action="store_true", help="start without demo data"
        )

    def handle(self, *args: Any, no_demo: bool, **options: Any) -> None:
        """Run until stopped; refuse a folder or a port that is in use."""
        with _only_one(settings.OPTOUT_DATA):
            _refuse_used_port(settings.PORT)
            self._say("Preparing the database …")
            call_command("migrate", interactive=False, verbosity=0)
            if settings.EMBEDDED and not no_demo:
                self._seed_once()
            connections.close_all()
            Supervisor(_children(), self._say).run(_Greeting(self._greet))

    def _seed_once(self) -> None:
        """Make the demo on the first start; what people delete does not come back."""
        if _demo_mark().exists() or "seed_demo" not in get_commands():
            return
        self._say("Making demo data …")
        call_command("seed_demo", verbosity=0)
        _demo_mark().touch()

    def _greet(self) -> None:
        self._say(f"\n  Open {_address()}")
        if _demo_mark().exists():
            names = ", ".join(f"{name}/{name}" for name in LOG_INS)
            self._say(f"  Log in as {names}")
        self._say("  Ctrl-C stops everything.\n")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class _Greeting:
    """Looks whether the web process answers, and greets once when it does."""

    def __init__(self, greet: Callable[[], None]) -> None:
        self._greet: Callable[[], None] | None = greet
        self._next_look_at = 0.0

    def __call__(self) -> None:
        """Greet if it is time to."""
        if self._greet is None or time.monotonic() < self._next_look_at:
            return
        if _answers():
            self._greet()
            self._greet = None
        self._next_look_at = time.monotonic() + 0.5


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it goes with the process, however that ends."""
    path = folder / "start.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CommandError(
                f"Already running on {folder} (process {lock.read().strip()}). Stop it "
                "first, or name another folder: OPTOUT_DATA=…"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _refuse_used_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used: {error.strerror}. Stop what uses it, or "
                f"choose another: PORT={port + 1}"
            ) from error


def _children() -> list[Child]:
    web = [sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{settings.PORT}"]
    return [
        Child("web process", [*web, "optout_project.wsgi"], settings.BASE_DIR),
        Child("worker", worker_command(), settings.BASE_DIR),
    ]


def worker_command() -> list[str]:
    """The one worker of an embedded installation, with the clock inside."""
    # Trying it out as root, in a container say, is fine here.
    python = [sys.executable, "-W", "ignore:You're running the worker with superuser"]
    worker = ["-m", "celery", "--quiet", "-A", "optout_project", "worker"]
    worker += ["--pool", "threads", "-c", WORKER_THREADS, "-B"]
    worker += ["-s", str(settings.OPTOUT_DATA / "beat-schedule")]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*python, *worker]


def _answers() -> bool:
    try:
        with urlopen(f"{_address()}/readyz", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _address() -> str:
    return f"http://{HOST}:{settings.PORT}"


def _demo_mark() -> Path:
    return Path(settings.OPTOUT_DATA) / "demo-seeded"
