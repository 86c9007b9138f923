"""What each fault test counted, and the one table of it at the end of a run.

A pytest plugin: its fixtures are `tally` (write down what happened) and `rounds` (the
seeds to run with: one by default, as many as fit into FAULTS_MINUTES of a long run).
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count

import pytest

SEED_VARIABLE = "FAULTS_SEED"
MINUTES_VARIABLE = "FAULTS_MINUTES"
DEFAULT_SEED = 20_261
PROPERTY = "tally"


@dataclass
class Tally:
    """The figures of one test. None is "this test does not look at it"."""

    scenario: str
    runs: int = 1
    seeds: list[int] = field(default_factory=list)
    faults: int = 0
    opt_outs: int = 0
    sends: int = 0
    violations: int | None = None
    duplicates: int | None = None
    lost: int | None = None
    unknown: int | None = None
    recovery_seconds: list[float] = field(default_factory=list)
    barrier_seconds: list[float] = field(default_factory=list)
    stop_seconds: list[float] = field(default_factory=list)
    controls: int = 0
    caught: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, **figures: int) -> None:
        """Add to some figures, counting from nought what was not looked at before."""
        for name, figure in figures.items():
            setattr(self, name, (getattr(self, name) or 0) + figure)

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """Time what is done inside: from the fault until all is as it should be."""
        began = time.monotonic()
        yield
        self.recovery_seconds.append(time.monotonic() - began)


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """The test's part of a row of the table: the module's, unless it names another."""
    name = request.module.__name__.rpartition("test_")[2].replace("_", " ")
    found = Tally(scenario=name)
    yield found
    # With the teardown's report it reaches the main process of a parallel run.
    request.node.user_properties.append((PROPERTY, asdict(found)))


@pytest.fixture
def rounds(request: pytest.FixtureRequest, tally: Tally) -> Iterator[int]:
    """Seeds, one a round, while this test's share of FAULTS_MINUTES lasts.

    The share is the same for each test marked `soak` of the run.
    """
    looping = [i for i in request.session.items if i.get_closest_marker("soak")]
    minutes = float(os.environ.get(MINUTES_VARIABLE) or 0)
    return _seeds(tally, seconds=minutes * 60 / max(1, len(looping)))


def first_seed() -> int:
    """The seed of the run: the same each time unless FAULTS_SEED is given."""
    return int(os.environ.get(SEED_VARIABLE) or DEFAULT_SEED)


def _seeds(tally: Tally, *, seconds: float) -> Iterator[int]:
    until = time.monotonic() + seconds
    for seed in count(first_seed()):
        tally.seeds.append(seed)
        tally.runs = len(tally.seeds)
        yield seed
        if time.monotonic() >= until:
            return


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


# The table

COUNTED = ("violations", "duplicates", "lost", "unknown")
HEAD = (
    "scenario",
    "runs",
    "seeds",
    "faults",
    "opt-outs",
    "sends",
    *COUNTED,
    "recovery",
    "barrier",
    "STOP to effective",
    "controls caught",
)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the fault tests of the run counted, failed ones included."""
    tallies = _reported(terminalreporter)
    if not tallies:
        return
    terminalreporter.section("the promise under fire (times: p50/p99)")
    for line in _lined_up(
        [HEAD, *map(_cells, tallies), _cells(_added_up("all", tallies))]
    ):
        terminalreporter.write_line(line)
    for found in tallies:
        for note in found.notes:
            terminalreporter.write_line(f"{found.scenario}: {note}")


def _reported(terminalreporter: pytest.TerminalReporter) -> list[Tally]:
    reports = [r for found in terminalreporter.stats.values() for r in found]
    ended = [r for r in reports if getattr(r, "when", None) == "teardown"]
    pairs = [pair for report in ended for pair in report.user_properties]
    found = [Tally(**figures) for name, figures in pairs if name == PROPERTY]
    names = sorted({tally.scenario for tally in found})
    return [_added_up(name, (t for t in found if t.scenario == name)) for name in names]


def _added_up(scenario: str, tallies: Iterable[Tally]) -> Tally:
    total = Tally(scenario, runs=0)
    for found in tallies:
        for name, value in asdict(found).items():
            if name != "scenario" and value is not None:
                before = getattr(total, name)
                setattr(total, name, value if before is None else before + value)
    return total


def _cells(found: Tally) -> tuple[str, ...]:
    return (
        found.scenario,
        f"{found.runs:,}",
        _span(found.seeds),
        f"{found.faults:,}",
        f"{found.opt_outs:,}",
        f"{found.sends:,}",
        *(_figure(getattr(found, name)) for name in COUNTED),
        _middle_and_worst(found.recovery_seconds),
        _middle_and_worst(found.barrier_seconds),
        _middle_and_worst(found.stop_seconds),
        f"{found.caught}/{found.controls}" if found.controls else "-",
    )


def _span(seeds: Sequence[int]) -> str:
    low, high = min(seeds, default=0), max(seeds, default=0)
    return "-" if not seeds else str(low) if low == high else f"{low}-{high}"


def _figure(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _middle_and_worst(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    return "/".join(_duration(quantile(seconds, share)) for share in (0.5, 0.99))


def _duration(seconds: float) -> str:
    return f"{seconds:.1f}s" if seconds >= 1 else f"{seconds * 1000:.0f}ms"


def _lined_up(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = map(str.rjust, rest, widths[1:])
        yield "  ".join([first.ljust(widths[0]), *cells])
