"""Timing variants against each other: interleaved, so that a busy machine hits all."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

REPEATS = 9  # short turns, so that what else the machine does hits all alike
# Of turns that are long, three say as much; by then this time has passed.
LEAST_REPEATS, ENOUGH_SECONDS = 3, 180


def nothing() -> None:
    """Neither prepare nor tidy."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to do the work; `prepare` and `tidy` are not timed."""

    run: Callable[[], object]
    prepare: Callable[[], object] = nothing
    tidy: Callable[[], object] = nothing

    def seconds(self) -> float:
        self.prepare()
        began = time.perf_counter()
        self.run()
        took = time.perf_counter() - began
        self.tidy()
        return took


def interleave(
    variants: Mapping[str, Variant], *, repeats: int = REPEATS
) -> dict[str, float]:
    """The median seconds of each variant: one warm-up, then round robin."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    began = time.monotonic()
    for turn in range(repeats + 1):
        if turn > LEAST_REPEATS and time.monotonic() - began > ENOUGH_SECONDS:
            break
        for name, variant in variants.items():
            seconds = variant.seconds()
            if turn:
                times[name].append(seconds)
    return {name: median(seconds) for name, seconds in times.items()}
