"""Processes of the fault tests: forked from one with the product loaded.

They start at once, run one function on the test database, and can be killed.
"""

import json
import multiprocessing
import os
import random
import signal
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pkgutil import resolve_name
from typing import Any

from django.conf import settings

from tests.faults import crash_points, knobs

DATABASE_VARIABLE = "FAULTS_DATABASE"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.preloaded"])


class Child:
    """A function, named `module:name`, running in a process of its own.

    `environment` goes on top of this process's; `turned` are the product's constants
    as the test wants them (see `knobs`).
    """

    def __init__(
        self,
        function: str,
        *arguments: object,
        environment: Mapping[str, str],
        turned: Mapping[str, object] | None = None,
        seed: str = "",
    ) -> None:
        given = (function, arguments, dict(environment), json.dumps(turned or {}), seed)
        self._process: BaseProcess = _context.Process(target=_run, args=given)
        self._process.start()

    @property
    def exit_code(self) -> int | None:
        """None while it runs, negative for the signal that ended it."""
        return self._process.exitcode

    @property
    def has_failed(self) -> bool:
        return bool(self.exit_code)

    @property
    def was_killed(self) -> bool:
        return self.exit_code == -signal.SIGKILL

    def wait(self, *, seconds: float = 30) -> None:
        """Until it has ended, be it by itself or by a signal."""
        self._process.join(timeout=seconds)
        assert self.exit_code is not None, "it does not end"

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """kill -9, and wait for it to be gone."""
        self._process.kill()
        self._process.join()


def pipe() -> tuple[Any, Any]:
    """Two ends: what one process sends, another receives."""
    return _context.Pipe(duplex=False)


def _run(
    function: str,
    arguments: tuple[object, ...],
    environment: Mapping[str, str],
    turned: str,
    seed: str,
) -> None:
    os.environ.update(environment)
    random.seed(seed)
    settings.DATABASES["default"]["NAME"] = os.environ[DATABASE_VARIABLE]
    for name, value in json.loads(turned).items():
        knobs.turn(name, value)
    crash_points.install()
    resolve_name(function)(*arguments)
