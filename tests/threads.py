"""Work that runs several times at once, each time with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(work: Callable[[], Any], copies: int, *, threads: int = 0) -> list[Any]:
    """The results of all copies; `threads` of them, else all, run side by side."""

    def run(_turn: int) -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads or copies) as pool:
        return list(pool.map(run, range(copies)))
