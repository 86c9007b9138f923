"""A race between senders and opt-outs, wave by wave, and what its logs prove."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from django.db import connection
from django.db.models import Count

from optout import outbox
from optout.models import BatchState, Channel, MessageState, OutgoingMessage
from tests.faults import program, provider, racers
from tests.faults.conftest import Yard, queue_messages
from tests.faults.provider import Call
from tests.faults.race_process import RaceProcess
from tests.faults.tally import Tally

WAVE = 100  # people; both sides work on the same few at a time: that makes them meet
BATCHES = 2  # messages to each
CLAIM = 40
HEAD_START = 40  # calls of a wave before the first opt-out
LEFT_OVER = WAVE // 4  # of a wave when the next one begins
STALL_SECONDS = 60
PROVIDER_SECONDS = 0.004


@dataclass(frozen=True, slots=True)
class Size:
    """How many processes and threads take part."""

    senders: int
    sender_threads: int
    racers: int
    racer_threads: int


# SQLite has one writer: more of them only wait for each other.
SIZES = {
    "postgresql": Size(senders=2, sender_threads=12, racers=2, racer_threads=8),
    "sqlite": Size(senders=1, sender_threads=12, racers=1, racer_threads=4),
}


@dataclass
class OptOut:
    """When one opt-out went through its steps, on the clock of the provider's log."""

    state: str = ""
    at: dict[str, float] = field(default_factory=dict)

    @property
    def is_effective(self) -> bool:
        return self.state == "effective"

    def is_pending_at(self, moment: float) -> bool:
        """Committed, not yet returned."""
        return self.at["committed"] < moment < self.at[self.state]

    @property
    def barrier_seconds(self) -> float:
        return self.at[self.state] - self.at["looked"]


def suppressed_count() -> int:
    return OutgoingMessage.objects.filter(state=MessageState.SUPPRESSED).count()


class Race:
    """The processes of one run and their logs.

    Inside `with`, waves of new people get messages and opt out at the same time.
    """

    def __init__(
        self, yard: Yard, channel: Channel, *, seed: int, gate: str = ""
    ) -> None:
        self.yard, self.channel, self.seed = yard, channel, seed
        self.size = SIZES[connection.vendor]
        self.log = yard.folder / f"{seed} {gate}.log"
        self.stop_file = self.log.with_suffix(".stop")
        self.environment = yard.environment | {
            provider.LOG_VARIABLE: str(self.log),
            provider.SECONDS_VARIABLE: str(PROVIDER_SECONDS),
            program.STOP_VARIABLE: str(self.stop_file),
            racers.GATE_VARIABLE: gate,
            racers.CLAIM_VARIABLE: str(CLAIM),
            racers.THREADS_VARIABLE: str(self.size.racer_threads),
        }
        self.processes: list[RaceProcess] = []
        self.asked = 0
        self.withheld = -suppressed_count()

    def __enter__(self) -> Self:
        self.channel.options = {"threads": self.size.sender_threads}
        self.channel.save(update_fields=["options"])
        self.log.touch()
        self.log.with_suffix(".returned").touch()
        for _ in range(self.size.senders):
            self._start("send")
        racing = range(self.size.racers)
        self.racers = [self._start("opt_out_as_told") for _ in racing]
        return self

    def _start(self, does: str) -> RaceProcess:
        seed = f"{self.seed}/{len(self.processes)}"
        process = RaceProcess(does, seed=seed, environment=self.environment)
        self.processes.append(process)
        return process

    def __exit__(self, error: object, *_: object) -> None:
        """Everybody ends what is in hand; what is still queued is for nobody."""
        if error:
            for process in self.processes:
                process.kill()
            return
        for racer in self.racers:
            racer.tell(None)
            racer.wait(seconds=STALL_SECONDS)
        self.stop_file.touch()
        for process in self.processes:
            process.wait(seconds=STALL_SECONDS)
        self.withheld += suppressed_count()
        for batch in self.channel.batches.filter(state=BatchState.RUNNING):
            outbox.cancel(batch)

    def run_wave(self, first: int) -> None:
        """Send to a wave of people and opt them out, until few are left of both."""
        before = self._call_count()
        queue_messages(self.channel, people=WAVE, batches=BATCHES, first=first)
        self._wait_until(lambda: self._call_count() >= before + HEAD_START)
        share = WAVE // len(self.racers)
        for number, racer in enumerate(self.racers):
            start = first + number * share
            racer.tell(range(start, start + share))
        self.asked += share * len(self.racers)
        self._wait_until(self._is_nearly_done)

    def _call_count(self) -> int:
        return self.log.read_bytes().count(b"start")

    def _is_nearly_done(self) -> bool:
        if self.asked - self._returned_count() > LEFT_OVER:
            return False
        queued = OutgoingMessage.objects.filter(state=MessageState.QUEUED)
        return queued.count() <= LEFT_OVER * BATCHES

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + STALL_SECONDS
        while not is_so():
            assert time.monotonic() < give_up_at, self._standing()
            assert not any(process.has_failed for process in self.processes)
            time.sleep(0.02)

    def _standing(self) -> str:
        """Where a race that stands still does so."""
        states = OutgoingMessage.objects.values_list("state").annotate(Count("id"))
        return f"{self.asked} asked, {self._returned_count()} returned, {dict(states)}"

    def _returned_count(self) -> int:
        notes = self.log.with_suffix(".returned").read_bytes()
        return notes.count(b"effective") + notes.count(b"recorded")

    # What the logs prove

    def opt_outs(self) -> dict[str, OptOut]:
        """What was noted of each address's opt-out."""
        found: dict[str, OptOut] = defaultdict(OptOut)
        for note in provider.read(self.log.with_suffix(".returned")):
            found[note.address].at[note.event] = note.at
            if note.event in ("effective", "recorded"):
                found[note.address].state = note.event
        return dict(found)

    def late(self, *events: str) -> list[Call]:
        """Calls with such an event after the opt-out of their address returned."""
        done = {to: o for to, o in self.opt_outs().items() if o.is_effective}
        calls = (call for call in provider.read(self.log) if call.address in done)
        return [
            call
            for call in calls
            if call.event in events and call.at > done[call.address].at["effective"]
        ]

    def is_caught(self) -> bool:
        """Whether a call started after the opt-out of its address had returned."""
        return bool(self.late("start"))

    def meetings(self) -> list[Call]:
        """What calls did between the commit of their opt-out and its return."""
        known = self.opt_outs()
        calls = (c for c in provider.read(self.log) if c.address in known)
        return [call for call in calls if known[call.address].is_pending_at(call.at)]

    def count_into(self, tally: Tally) -> None:
        """Write the run's figures down."""
        known = self.opt_outs().values()
        sends = sum(call.event == "start" for call in provider.read(self.log))
        late = self.late("start", "end")
        tally.add(opt_outs=len(known), sends=sends, violations=len(late))
        tally.barrier_seconds += [done.barrier_seconds for done in known]
        met = Counter(call.event for call in self.meetings())
        tally.notes.append(
            f"seed {self.seed}: between commit and return {met['start']} calls started "
            f"and {met['end']} ended; {self.withheld} messages were withheld"
        )
