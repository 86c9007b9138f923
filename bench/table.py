"""The table of a run: ours, what it is compared with, the ratio and its target."""

from collections.abc import Iterable
from dataclasses import dataclass

SECONDS, MICROSECONDS, A_SECOND = "s", "µs", "/s"


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio that has to be met: at most or, for a rival, at least so much."""

    limit: float
    is_least: bool = False

    def is_met_by(self, ratio: float) -> bool:
        return ratio >= self.limit if self.is_least else ratio <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.limit:g} ×"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: medians in seconds, of ours and of what it is compared with.

    The ratio is ours by theirs, or theirs by ours where the target is a least one and
    where the line tells how many a second. Without a target it only reports.
    """

    what: str
    ours: float
    theirs: float
    compared_with: str
    target: Target | None = None
    unit: str = SECONDS

    @property
    def ratio(self) -> float:
        is_least = self.target is not None and self.target.is_least
        if is_least or self.unit == A_SECOND:
            return self.theirs / self.ours
        return self.ours / self.theirs

    @property
    def is_met(self) -> bool:
        return self.target is None or self.target.is_met_by(self.ratio)

    def cells(self) -> list[str]:
        verdict = "" if self.target is None else ("yes" if self.is_met else "NO")
        return [
            self.what,
            _amount(self.ours, self.unit),
            f"{self.compared_with}: {_amount(self.theirs, self.unit)}",
            f"{self.ratio:.2f} ×",
            str(self.target or ""),
            verdict,
        ]


@dataclass(frozen=True, slots=True)
class Note:
    """A line with a figure that is compared with nothing."""

    what: str
    figure: str

    def cells(self) -> list[str]:
        return [self.what, self.figure, "", "", "", ""]


HEADINGS = ["what", "ours", "compared with", "ratio", "target", "met"]


def markdown(lines: Iterable[Row | Note]) -> str:
    """The table as docs/performance.md shows it."""
    cells = [HEADINGS, ["---"] * len(HEADINGS), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _amount(seconds: float, unit: str) -> str:
    if unit == MICROSECONDS:
        return f"{seconds * 1e6:,.1f} µs"
    if unit == A_SECOND:
        return f"{1 / seconds:,.0f} /s"
    return f"{seconds:.3f} s"
