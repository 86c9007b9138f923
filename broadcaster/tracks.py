"""Which step comes next for somebody, and when."""

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from broadcaster import step_timing
from broadcaster.models import Sequence, Step, live_steps
from broadcaster.steps import timing_of
from optout.prepared import Prepared, among


class Track:
    """The steps of a sequence as they are now, read once for many people."""

    def __init__(self, sequence: Sequence) -> None:
        self._live = list(live_steps(sequence))
        self._by_id = {step.pk: step for step in self._live}
        self._timings = {step.pk: timing_of(step) for step in self._live}
        self._positions = dict(sequence.steps.values_list("pk", "position"))

    def first(self) -> Step | None:
        """Where everybody begins."""
        return self._live[0] if self._live else None

    def at(self, step_id: int | None, had: Container[int]) -> Step | None:
        """The step somebody waits for; the next one where it is archived or was had.

        Who began before there was any step waits for the first. None is the end.
        """
        if step_id in self._by_id and step_id not in had:
            return self._by_id[step_id]
        return self.after(step_id, had)

    def after(self, step_id: int | None, had: Container[int]) -> Step | None:
        """The step that follows, leaving out those that were had. None is the end."""
        position = 0 if step_id is None else self._positions[step_id]
        following = (
            step
            for step in self._live
            if step.position > position and step.pk not in had
        )
        return next(following, None)

    def due_at(self, step: Step, since: datetime, address: str) -> datetime:
        """When a live step is due for an address."""
        return step_timing.due_at(self._timings[step.pk], since, address)


_HAD = """
SELECT enrolment_id, step_id FROM broadcaster_enrolmentstep
WHERE enrolment_id {among_ids}
"""
_had = Prepared(_HAD.format(among_ids=among("ids")))


def had(enrolment_ids: Collection[int]) -> dict[int, Counter[int]]:
    """By enrolment: the steps that were put, and how often; none is left out."""
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for enrolment_id, step_id in _had.fetch_all({"ids": list(enrolment_ids)}):
        found[enrolment_id][step_id] += 1
    return dict(found)


_PLAN = Prepared("""
UPDATE broadcaster_enrolment SET step_id = %(step)s, next_at = %(next_at)s
WHERE id = %(id)s
""")


@dataclass(frozen=True, slots=True)
class Plan:
    """For which step somebody waits, and when to look at it again."""

    enrolment_id: int
    step_id: int
    next_at: datetime


def write(plans: Iterable[Plan]) -> None:
    """Keep the plans of people who wait, whose rows the caller has locked."""
    _PLAN.run_many(
        [
            {"id": plan.enrolment_id, "step": plan.step_id, "next_at": plan.next_at}
            for plan in plans
        ]
    )
