"""Results: what each step and each action of a run came to, as its row keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.plans import Step

BEGUN = "begun"
FAILED = "failed"


@dataclass(slots=True)
class ActionResult:
    """What an action did. `output` is what later steps may read of it."""

    id: str
    action: str
    outcome: str = ""
    detail: str = ""
    milliseconds: int = 0
    output: Mapping[str, Any] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether it had begun and its end was not written down."""
        return self.outcome == BEGUN

    @property
    def has_failed(self) -> bool:
        """Whether it failed."""
        return self.outcome == FAILED

    @property
    def stands(self) -> bool:
        """Whether it is over: it is not done again."""
        return self.outcome not in ("", BEGUN)


@dataclass(slots=True)
class StepResult:
    """What a step came to. Without a verdict its filter is still to be asked."""

    step: str
    name: str = ""
    verdict: bool | None = None
    why: str = ""
    waited_until: str | None = None
    actions: list[ActionResult] = field(default_factory=list)

    def of_action(self, pk: str, name: str) -> ActionResult:
        """The result of an action, a new one the first time."""
        found = next((one for one in self.actions if one.id == pk), None)
        if found is None:
            found = ActionResult(pk, name)
            self.actions.append(found)
        return found

    def sort(self, step: Step) -> None:
        """Put the results in the order of the plan: a retry may have left gaps."""
        order = [action.id for action in step.actions]
        self.actions.sort(key=lambda one: order.index(one.id))


def read(raw: Sequence[Mapping[str, Any]]) -> list[StepResult]:
    """The results of a run's row."""
    return [
        StepResult(
            **{name: value for name, value in one.items() if name != "actions"},
            actions=[ActionResult(**action) for action in one["actions"]],
        )
        for one in raw
    ]


def write(results: Sequence[StepResult]) -> list[dict[str, Any]]:
    """The JSON of results, as `read` takes it."""
    return [asdict(one) for one in results]


def first_failure(results: Sequence[StepResult]) -> ActionResult | None:
    """The first action that failed."""
    return next(
        (one for step in results for one in step.actions if one.has_failed), None
    )


def answers(results: Sequence[StepResult]) -> dict[str, Any]:
    """What requests were answered, by the name of the answer."""
    outputs = (one.output or {} for step in results for one in step.actions)
    return {
        output["name"]: {key: output[key] for key in ("status", "headers", "body")}
        for output in outputs
        if "name" in output
    }


def settled(results: Sequence[StepResult]) -> list[StepResult]:
    """The same where nobody goes on: what had begun has failed."""
    for step in results:
        for one in step.actions:
            if one.has_begun:
                one.outcome, one.detail = FAILED, "The worker stopped while it ran."
    return list(results)


def without_failures(results: Sequence[StepResult]) -> list[StepResult]:
    """The results that a retry goes on with.

    What an action did stands. What failed is to be done again, and the filters of the
    steps after the first failure are to be asked again: they may ask what it answers.
    """
    kept = []
    is_after = False
    for step in results:
        failed = any(one.has_failed for one in step.actions)
        actions = [one for one in step.actions if not one.has_failed]
        verdict = None if is_after else step.verdict
        kept.append(
            StepResult(
                step.step, step.name, verdict, step.why, step.waited_until, actions
            )
        )
        is_after = is_after or failed
    return kept
