"""`manage.py start`: refusals, restarts and the stop."""

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from optout_project.processes import Child, Supervisor

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "pathlib.Path('deaf').touch(); time.sleep(60)",
]


@pytest.fixture
def used_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def run_until(child: Child, is_over: Callable[[], bool], said: list[str]) -> None:
    """Run one child until `is_over`, then stop as a person does."""
    deadline = time.monotonic() + 30

    def look() -> None:
        if is_over() or time.monotonic() > deadline:
            os.kill(os.getpid(), signal.SIGINT)

    Supervisor([child], said.append).run(look)


def test_a_port_in_use_is_refused_before_anything_starts(
    settings: Settings, tmp_path: Path, used_port: int
) -> None:
    settings.OPTOUT_DATA, settings.PORT = tmp_path, used_port
    with pytest.raises(CommandError, match=f"Port {used_port} .*PORT={used_port + 1}"):
        call_command("start")


def test_a_second_start_on_one_folder_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    settings.OPTOUT_DATA = tmp_path
    with (tmp_path / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        with pytest.raises(CommandError, match=r"Already running on .*process 4711"):
            call_command("start")


def test_a_child_that_died_starts_again(tmp_path: Path) -> None:
    marks = "import tempfile; tempfile.NamedTemporaryFile(dir='.', delete=False)"
    child = Child("worker", [sys.executable, "-c", marks], tmp_path)
    said: list[str] = []
    run_until(child, lambda: len(list(tmp_path.iterdir())) >= 2, said)
    assert said[0] == "The worker ended (with status 0); it starts again in 1 s."
    assert len(list(tmp_path.iterdir())) >= 2


def test_the_pause_before_a_restart_grows() -> None:
    child = Child("worker", ["false"], Path())
    pauses = []
    for _ in range(3):
        child.start()
        assert child.process
        child.process.wait()
        pauses.append(child.note_death())
    assert [pause.split()[-2] for pause in pauses if pause] == ["1", "2", "4"]


def test_one_signal_stops_the_children(tmp_path: Path) -> None:
    child = Child("worker", SLEEPS, tmp_path)
    said: list[str] = []
    run_until(child, lambda: child.is_running, said)
    assert not child.is_running
    assert said == ["Stopping …", "Stopped."]


def test_a_child_that_does_not_listen_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("optout_project.processes.GRACE_SECONDS", 1)
    child = Child("worker", DEAF, tmp_path)
    said: list[str] = []
    run_until(child, (tmp_path / "deaf").exists, said)
    assert "The worker did not stop; it is killed." in said
    assert not child.is_running
