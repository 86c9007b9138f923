"""A race: processes that send and processes that opt out the same people meanwhile."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from django.db import connection
from django.db.models import Count

from optout import outbox
from optout.models import BatchState, Channel, MessageState, OutgoingMessage, Purpose
from tests.faults import program, provider, racers
from tests.faults.children import Child, pipe
from tests.faults.conftest import Yard, queue_messages
from tests.faults.race_log import RaceLog

WAVE = 100  # people; both sides work on the same few at a time: that makes them meet
BATCHES = 2  # messages to each
CLAIM = 40
HEAD_START = 40  # calls of a wave before its first opt-out
LEFT_OVER = WAVE // 4  # of a wave when the next one begins
STALL_SECONDS = 120
QUICK, SLOW, SLUGGISH = 0.004, 0.1, 0.5  # seconds a provider takes at most
ON_ITS_WAY = (MessageState.QUEUED, MessageState.SENDING)


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


def size() -> Size:
    """What suits the engine in use."""
    return SIZES[connection.vendor]


def answers_left() -> bool:
    """Whether an answer to an opt-out has still to go out."""
    answers = OutgoingMessage.objects.filter(batch__purpose=Purpose.LIST_MESSAGE)
    return answers.filter(state__in=ON_ITS_WAY).exists()


class Racer(Child):
    """A function of `racers`, which does as it is told."""

    def __init__(self, does: str, *, seed: str, environment: Mapping[str, str]) -> None:
        told, self._tell = pipe()
        function = f"tests.faults.racers:{does}"
        super().__init__(function, told, environment=environment, seed=seed)

    def tell(self, what: object) -> None:
        """Give it work; None ends it."""
        self._tell.send(what)


class Race:
    """The processes of one race, running inside `with`, and their log.

    `gate` is one of `wrong_gates`, or ours as it is; `claim` the most a sender takes in
    hand, where the product's own is too much. A slow provider has more in its hands
    when an opt-out comes, and needs no pauses to.
    """

    def __init__(
        self,
        yard: Yard,
        channel: Channel,
        *,
        seed: int,
        gate: str = "",
        claim: int | None = CLAIM,
        provider_seconds: float = QUICK,
    ) -> None:
        self.yard, self.channel, self.seed = yard, channel, seed
        self.log = RaceLog(yard.folder / f"{seed} {gate}.log")
        self.stop_file = self.log.path.with_suffix(".stop")
        self.environment = yard.environment | {
            provider.LOG_VARIABLE: str(self.log.path),
            provider.SECONDS_VARIABLE: str(provider_seconds),
            program.STOP_VARIABLE: str(self.stop_file),
            racers.GATE_VARIABLE: gate,
            racers.CLAIM_VARIABLE: str(claim or ""),
            racers.THREADS_VARIABLE: str(size().racer_threads),
        }
        self.processes: list[Racer] = []
        self.racers: list[Racer] = []
        self.senders = size().senders
        self.asked = 0

    def __enter__(self) -> Self:
        self.channel.options = {"threads": size().sender_threads}
        self.channel.save(update_fields=["options"])
        for _ in range(self.senders):
            self._start("send")
        return self

    def __exit__(self, error: object, *_: object) -> None:
        """Everybody ends what is in hand; what is still queued is for nobody."""
        if error:
            for process in self.processes:
                process.kill()
            return
        for racer in self.racers:
            racer.tell(None)
            racer.wait(seconds=STALL_SECONDS)
        self._wait_until(lambda: not answers_left())
        self.stop_file.touch()
        for process in self.processes:
            process.wait(seconds=STALL_SECONDS)
            assert not process.has_failed
        for batch in self.channel.batches.filter(state=BatchState.RUNNING):
            outbox.cancel(batch)

    def _start(self, does: str) -> Racer:
        seed = f"{self.seed}/{len(self.processes)}"
        process = Racer(does, seed=seed, environment=self.environment)
        self.processes.append(process)
        return process

    def opt_out_by(self, *does: str) -> Self:
        """Who opts people out: a process of each of these functions of `racers`."""
        self.racers = [self._start(function) for function in does]
        return self

    def run_wave(self, people: Sequence[int], *, batches: int = BATCHES) -> None:
        """Send to new people and opt them out, until few are left of both."""
        before = self.log.call_count()
        first = people[0]
        queue_messages(self.channel, people=len(people), batches=batches, first=first)
        self._wait_until(lambda: self.log.call_count() >= before + HEAD_START)
        for number, racer in enumerate(self.racers):
            racer.tell(people[number :: len(self.racers)])
        self.asked += len(people)
        self._wait_until(self._is_nearly_done)

    def _is_nearly_done(self) -> bool:
        if self.asked - self.log.returned_count() > LEFT_OVER:
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
        returned = self.log.returned_count()
        return f"{self.asked} asked, {returned} returned, {dict(states)}"
