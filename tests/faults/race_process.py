"""Processes of a race: forked from one with the product loaded, they start at once.

What they can do is in `racers`.
"""

import multiprocessing
import os
import random
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from tests.faults import program

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.preloaded"])


class RaceProcess:
    """A function of `racers`, running on the test database."""

    def __init__(self, does: str, *, seed: str, environment: Mapping[str, str]) -> None:
        told, self._tell = _context.Pipe(duplex=False)
        arguments = (does, seed, dict(environment), told)
        self._process: BaseProcess = _context.Process(
            target=_run, args=arguments, daemon=True
        )
        self._process.start()

    def tell(self, what: object) -> None:
        """Give it work; None ends a process that works as it is told."""
        self._tell.send(what)

    @property
    def has_failed(self) -> bool:
        return bool(self._process.exitcode)

    def wait(self, *, seconds: float) -> None:
        """Until it ends by itself, and well."""
        self._process.join(timeout=seconds)
        assert self._process.exitcode == 0, self._process.exitcode

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def _run(
    does: str, seed: str, environment: Mapping[str, str], told: Connection
) -> None:
    os.environ.update(environment)
    random.seed(seed)
    program.set_up()
    # It needs Django to be set up.
    from tests.faults import racers

    getattr(racers, does)(told)
