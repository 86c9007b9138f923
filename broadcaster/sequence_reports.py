"""What is shown of a sequence: counts, the funnel by step, and what comes next."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from broadcaster.models import (
    EndReason,
    Enrolment,
    EnrolmentState,
    Sequence,
    Step,
)
from optout.models import ErrorCode, MessageState
from optout.prepared import Prepared

_TAKEN = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)


# Many sequences


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
    ids = [sequence.pk for sequence in sequences]
    live_ones = Step.objects.filter(sequence__in=ids, archived_at=None)
    steps = dict(live_ones.values_list("sequence").annotate(Count("id")).order_by())
    rows = Enrolment.objects.filter(sequence__in=ids).values_list("sequence")
    counted = rows.annotate(
        live=Count("id", filter=~Q(state=EnrolmentState.ENDED)),
        completed=Count("id", filter=Q(end_reason=EndReason.COMPLETED)),
        opted_out=Count("id", filter=Q(end_reason=EndReason.OPTED_OUT)),
        soonest=Min("next_at", filter=Q(state=EnrolmentState.WAITING)),
    )
    found = {pk: numbers for pk, *numbers in counted.order_by()}
    return {pk: Overview(steps.get(pk, 0), *found.get(pk, ())) for pk in ids}


# One sequence


@dataclass(frozen=True, slots=True)
class Counts:
    """Enrolments by state, and those that ended by reason; every value is named."""

    total: int
    by_state: Mapping[str, int]
    by_end_reason: Mapping[str, int]

    @property
    def live(self) -> int:
        return self.total - self.by_state[EnrolmentState.ENDED]


def counts(sequence: Sequence) -> Counts:
    """How many enrolments are where."""
    rows = Enrolment.objects.filter(sequence=sequence).values_list(
        "state", "end_reason"
    )
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for state, reason, number in rows.annotate(Count("id")).order_by():
        states[state] += number
        reasons[reason] += number
    return Counts(
        total=states.total(),
        by_state={state.value: states[state] for state in EnrolmentState},
        by_end_reason={reason.value: reasons[reason] for reason in EndReason},
    )


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step: who waits for it, what became of its messages, who ended at it.

    `by_message_state` names every MessageState; `sent` are those a provider took.
    Withheld ones read Optout Number, because of an entry or while under review.
    """

    step: Step
    waiting: int = 0
    held: int = 0
    by_message_state: Mapping[str, int] = field(default_factory=dict)
    under_review: int = 0
    ended: Mapping[str, int] = field(default_factory=dict)

    @property
    def put(self) -> int:
        """Messages, sent or not."""
        return sum(self.by_message_state.values())

    @property
    def sent(self) -> int:
        return sum(self.by_message_state[state] for state in _TAKEN)

    @property
    def opted_out(self) -> int:
        """Messages withheld because of an entry."""
        return self.by_message_state[MessageState.SUPPRESSED] - self.under_review

    @property
    def replied(self) -> int:
        """Who ended here by a reply."""
        return self.ended[EndReason.REPLIED]


def by_step(sequence: Sequence) -> list[StepRow]:
    """A row a step, in order; archived ones that were sent stand in their place."""
    people = _people(sequence)
    messages, under_review = _messages(sequence)
    steps = sequence.steps.select_related("content__hours").order_by(
        "position", "archived_at", "id"
    )
    return [
        StepRow(
            step=step,
            waiting=people[step.pk][EnrolmentState.WAITING],
            held=people[step.pk][EnrolmentState.HELD],
            by_message_state={s.value: messages[step.pk][s] for s in MessageState},
            under_review=under_review[step.pk],
            ended={reason.value: people[step.pk][reason] for reason in EndReason},
        )
        for step in sorted(steps, key=_place)
        if step.archived_at is None or step.pk in messages
    ]


def _place(step: Step) -> tuple[int, bool, int]:
    """An archived step has the position of the one before it."""
    return step.position, step.archived_at is not None, step.pk


def _people(sequence: Sequence) -> dict[int | None, Counter[str]]:
    """By step: how many are there in each state, and how many ended by each reason."""
    rows = Enrolment.objects.filter(sequence=sequence)
    counted = rows.values_list("step", "state", "end_reason").annotate(Count("id"))
    found: dict[int | None, Counter[str]] = defaultdict(Counter)
    for step_id, state, reason, number in counted.order_by():
        found[step_id][reason or state] += number
    return found


_MESSAGES = Prepared("""
SELECT d.step_id, m.state, m.error_code, count(*)
FROM broadcaster_step t
JOIN broadcaster_enrolmentstep d ON d.step_id = t.id
JOIN optout_outgoingmessage m ON m.batch_id = %(batch)s AND m.dedupe = d.id
WHERE t.sequence_id = %(sequence)s
GROUP BY d.step_id, m.state, m.error_code
""")


def _messages(sequence: Sequence) -> tuple[dict[int, Counter[str]], Counter[int]]:
    """By step: messages by state, and those withheld while under review."""
    asked = {"batch": sequence.batch_id, "sequence": sequence.pk}
    states: dict[int, Counter[str]] = defaultdict(Counter)
    under_review: Counter[int] = Counter()
    for step_id, state, error_code, number in _MESSAGES.fetch_all(asked):
        states[step_id][state] += number
        if error_code == ErrorCode.UNDER_REVIEW:
            under_review[step_id] += number
    return states, under_review


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """How many came that far, and their share of all who were enrolled (0 to 100)."""

    label: str
    reached: int
    percent: int


def funnel(sequence: Sequence, rows: list[StepRow]) -> list[FunnelRow]:
    """Enrolled, then the messages sent by step, then completed."""
    found = counts(sequence)
    reached = [
        ("Enrolled", found.total),
        *((str(row.step), row.sent) for row in rows),
        ("Completed", found.by_end_reason[EndReason.COMPLETED]),
    ]
    return [
        FunnelRow(label, number, round(100 * number / found.total) if number else 0)
        for label, number in reached
    ]


# What comes next


def upcoming(sequence: Sequence) -> QuerySet[Enrolment]:
    """Who is next, with their steps; `next_at` is when, or shortly before it."""
    waiting = Enrolment.objects.filter(sequence=sequence, state=EnrolmentState.WAITING)
    return waiting.select_related("step").order_by("next_at", "id")


def upcoming_by_day(sequence: Sequence, *, days: int = 14) -> list[tuple[date, int]]:
    """How many steps are due on each of the next days, in the installation's zone.

    Days without any are left out; what is overdue counts as today.
    """
    today = timezone.localdate()
    until = timezone.now() + timedelta(days=days)
    soon = upcoming(sequence).filter(next_at__lt=until).order_by()
    by_day = soon.annotate(day=TruncDate("next_at")).values_list("day")
    found: Counter[date] = Counter()
    for day, number in by_day.annotate(Count("id")):
        found[max(day, today)] += number
    return sorted(found.items())
