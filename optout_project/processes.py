"""Keeps the child processes of an installation running until it is told to stop."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

LOOK_SECONDS = 0.2
GRACE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 30
STEADY_SECONDS = 60
ONE_SIGNAL_SECONDS = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


@dataclass
class Child:
    """One process; after a death the next start waits 1, 2, 4 … 30 seconds."""

    name: str
    command: Sequence[str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    start_at: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own, so Ctrl-C does not reach it."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 (our own command)
            self.command,
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    def note_death(self) -> str | None:
        """Plan the next start of a process that ended; None while it runs."""
        code = self.process.poll() if self.process else None
        if self.process is None or code is None:
            return None
        _kill_group(self.process.pid)
        lived = time.monotonic() - self.started_at
        self.deaths = 1 if lived > STEADY_SECONDS else self.deaths + 1
        pause = min(2.0 ** (self.deaths - 1), LONGEST_PAUSE_SECONDS)
        self.process, self.start_at = None, time.monotonic() + pause
        return (
            f"The {self.name} ended ({_told(code)}); it starts again in {pause:.0f} s."
        )

    def ask_to_stop(self) -> None:
        """Ask the parent process alone: a worker's own children follow it."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        if self.process and self.process.poll() is None:
            _kill_group(self.process.pid)
            self.process.wait()

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs children until a signal; a second one, later, does not wait for them."""

    def __init__(self, children: Sequence[Child], say: Say) -> None:
        self.children = children
        self._say = say
        self._signalled_at: float | None = None
        self._is_impatient = False

    def run(self, every_look: Callable[[], None]) -> None:
        """Start all and keep them running; `every_look` is called five times a second.

        Returns when all have ended. What does not end within GRACE_SECONDS is killed.
        """
        with _on_signal(self._note_signal):
            try:
                while self._signalled_at is None:
                    self._look()
                    every_look()
                    time.sleep(LOOK_SECONDS)
            finally:
                self._stop()

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._signalled_at is None:
            self._signalled_at = now
        # One Ctrl-C or kill may arrive twice: from the terminal and through make.
        self._is_impatient = now - self._signalled_at > ONE_SIGNAL_SECONDS

    def _look(self) -> None:
        for child in self.children:
            death = child.note_death()
            if death:
                self._say(death)
            if child.process is None and time.monotonic() >= child.start_at:
                child.start()

    def _stop(self) -> None:
        self._say("Stopping …")
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE_SECONDS
        while any(child.is_running for child in self.children):
            if self._is_impatient or time.monotonic() > deadline:
                self._kill()
            time.sleep(LOOK_SECONDS)
        self._say("Stopped.")

    def _kill(self) -> None:
        for child in self.children:
            if child.is_running:
                self._say(f"The {child.name} did not stop; it is killed.")
                child.kill()


@contextlib.contextmanager
def _on_signal(receive: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, receive) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _kill_group(leader: int) -> None:
    """End what a process leaves behind: beat, which a killed worker started, say."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _told(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Let Linux end the child when the runner is killed: no orphan keeps the port."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
