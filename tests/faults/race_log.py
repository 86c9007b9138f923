"""What a race wrote down, and what that proves."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from optout.models import OutgoingMessage, Purpose
from tests.faults import provider
from tests.faults.provider import Call
from tests.faults.tally import Tally

EFFECTIVE, RECORDED = "effective", "recorded"


@dataclass
class OptOut:
    """When one opt-out reached its steps, on the clock of the provider's log."""

    at: dict[str, float] = field(default_factory=dict)

    @property
    def is_effective(self) -> bool:
        return EFFECTIVE in self.at

    @property
    def returned(self) -> float:
        return self.at[EFFECTIVE if self.is_effective else RECORDED]

    @property
    def barrier_seconds(self) -> float:
        """From the barrier's look to the return."""
        return self.returned - self.at["looked"]

    @property
    def seconds(self) -> float:
        """From the person's word to the return."""
        return self.returned - self.at["asked"]

    def is_pending_at(self, moment: float) -> bool:
        """Committed, not yet returned."""
        return self.at["committed"] < moment < self.returned


class RaceLog:
    """The provider's log of one race and the notes of those who opted people out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes = path.with_suffix(".returned")
        self.path.touch()
        self.notes.touch()

    def call_count(self) -> int:
        return self.path.read_bytes().count(b"start ")

    def returned_count(self) -> int:
        notes = self.notes.read_bytes()
        return notes.count(b"effective ") + notes.count(b"recorded ")

    def opt_outs(self) -> dict[str, OptOut]:
        """Each address's opt-out; of repeats the first counts."""
        found: dict[str, OptOut] = defaultdict(OptOut)
        for note in provider.read(self.notes):
            found[note.address].at.setdefault(note.event, note.at)
        return dict(found)

    def marketing(self) -> Iterator[Call]:
        """What was sent, without the answers to opt-outs."""
        answers = self._answers()
        return (c for c in provider.read(self.path) if c.message_id not in answers)

    def confirmations(self) -> list[Call]:
        """Starts of the answers to opt-outs."""
        answers = self._answers()
        calls = provider.read(self.path)
        return [c for c in calls if c.event == "start" and c.message_id in answers]

    def _answers(self) -> set[int]:
        sent = OutgoingMessage.objects.filter(batch__purpose=Purpose.LIST_MESSAGE)
        return set(sent.values_list("id", flat=True))

    def late(self, *events: str) -> list[Call]:
        """Calls with such an event after the opt-out of their address returned."""
        returned = {
            address: done.returned
            for address, done in self.opt_outs().items()
            if done.is_effective
        }
        calls = (c for c in self.marketing() if c.event in events)
        return [c for c in calls if c.at > returned.get(c.address, c.at)]

    def after_confirmation(self) -> list[Call]:
        """What marketing did to an address after its opt-out was confirmed there."""
        first = {call.address: call.at for call in reversed(self.confirmations())}
        return [c for c in self.marketing() if c.at > first.get(c.address, c.at)]

    def meetings(self) -> Counter[str]:
        """What calls did between the commit of their opt-out and its return."""
        known = self.opt_outs()
        calls = (c for c in self.marketing() if c.address in known)
        return Counter(c.event for c in calls if known[c.address].is_pending_at(c.at))

    def count_into(self, tally: Tally) -> None:
        """Write the race's figures down."""
        known = self.opt_outs().values()
        late = self.late("start", "end")
        tally.add(opt_outs=len(known), sends=self.call_count(), violations=len(late))
        tally.barrier_seconds += [done.barrier_seconds for done in known]
