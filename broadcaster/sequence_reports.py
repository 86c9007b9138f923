"""What is shown of a sequence: counts, the funnel by step, and what comes next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet

from broadcaster.models import Enrolment, Sequence, Step


@dataclass(frozen=True, slots=True)
class Overview:
    """A sequence in a list of sequences."""

    steps: int = 0
    live: int = 0
    completed: int = 0
    opted_out: int = 0
    next_at: datetime | None = None


def overviews(sequences: Collection[Sequence]) -> dict[int, Overview]:
    """The overview of each sequence, by id, in a fixed number of queries."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Counts:
    """Enrolments by state, and those that ended by reason; every value is named."""

    total: int
    by_state: Mapping[str, int]
    by_end_reason: Mapping[str, int]

    @property
    def live(self) -> int:
        raise NotImplementedError


def counts(sequence: Sequence) -> Counts:
    """How many enrolments are where."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step: who waits for it, what became of its messages, who ended at it.

    `put` counts messages; `by_message_state` names every MessageState. `sent` are those
    a provider took (sent, delivered or read), `opted_out` reads Optout Number.
    """

    step: Step
    waiting: int = 0
    held: int = 0
    by_message_state: Mapping[str, int] = field(default_factory=dict)
    opted_out: int = 0
    under_review: int = 0
    ended: Mapping[str, int] = field(default_factory=dict)

    @property
    def put(self) -> int:
        raise NotImplementedError

    @property
    def sent(self) -> int:
        raise NotImplementedError

    @property
    def replied(self) -> int:
        raise NotImplementedError


def by_step(sequence: Sequence) -> list[StepRow]:
    """A row a step, in order; archived ones that were sent stand in their place."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """How many came that far, and their share of all who were enrolled (0 to 100)."""

    label: str
    reached: int
    percent: int


def funnel(sequence: Sequence, rows: list[StepRow]) -> list[FunnelRow]:
    """Enrolled, then the messages sent by step, then completed."""
    raise NotImplementedError


def upcoming(sequence: Sequence) -> QuerySet[Enrolment]:
    """Who is next, with their steps; `next_at` is when, or shortly before it."""
    raise NotImplementedError


def upcoming_by_day(sequence: Sequence, *, days: int = 14) -> list[tuple[date, int]]:
    """How many steps are due on each of the next days, in the installation's zone.

    Days without any are left out; what is overdue counts as today.
    """
    raise NotImplementedError
