"""Waiting for what other processes and threads bring about."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0  # a busy machine starts processes slowly


def wait_until(
    is_so: Callable[[], object],
    what: str = "it became so",
    *,
    seconds: float = PATIENCE_SECONDS,
) -> None:
    """Return as soon as it is so; fails with `what` when that takes too long."""
    give_up_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up_at, f"never: {what}"
        time.sleep(0.01)
