"""One watchdog thread that cuts calls short when their deadline has passed."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Guards any number of calls at once; the thread starts with the first guard."""

    _TICK_SECONDS = 0.1

    def __init__(self) -> None:
        self._guarded: dict[int, tuple[float, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._numbers = itertools.count()

    @contextmanager
    def guard(self, abort: Callable[[], None], seconds: float) -> Iterator[None]:
        """Run the block; if it takes longer, call `abort` once from another thread."""
        with self._changed:
            number = next(self._numbers)
            self._guarded[number] = (time.monotonic() + seconds, abort)
            self._start()
        try:
            yield
        finally:
            with self._changed:
                self._guarded.pop(number, None)

    def close(self) -> None:
        """End the thread; guards that are open are no longer watched."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                self._changed.wait(self._TICK_SECONDS)
                for abort in self._overdue():
                    abort()

    def _overdue(self) -> list[Callable[[], None]]:
        now = time.monotonic()
        late = [number for number, (at, _) in self._guarded.items() if at < now]
        return [self._guarded.pop(number)[1] for number in late]
