"""Sending what is due: claim, ask the gate for each message, hand over, record.

The only caller of transports. The order is the promise: the mark `sending` is
committed, then the gate is asked in a fresh snapshot, then the provider is called. An
opt-out commits its entry, then looks for marks. One of the two always sees the other.

A provider is kept busy by what stands around that order and not in it: the next claim
is made while the last is being sent, and a result is written while the next call runs.
"""

import logging
import queue
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Self

from django.db import connections

from optout import addresses, compose, due, entries, gate, handover, marking
from optout.channels import load_all
from optout.channels.base import (
    Connection,
    NoAnswer,
    NotNow,
    Outgoing,
    Refused,
    Transport,
    transport_class,
)
from optout.deadlines import Watchdog
from optout.marking import Claimed
from optout.models import (
    BatchState,
    Channel,
    ErrorCode,
    OutgoingBatch,
    Reason,
    Source,
    default_list,
)
from optout.recording import Record, insist
from optout.stopping import stopping

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 20.0
MARGIN_SECONDS = 5.0
MOST_PER_CLAIM = 200
GATE_WAIT = timedelta(seconds=10)  # before a gate that could not answer is asked again
_PAUSE_SECONDS = 0.05

_one_sender_per_process = threading.Lock()


def send_due(*, seconds: float = 30.0) -> int:
    """Send what is due, at each channel's pace, until nothing is or time is up.

    Returns how many messages were taken in hand. Any number of processes may run it;
    a second call in one process returns at once.
    """
    if not _one_sender_per_process.acquire(blocking=False):
        return 0
    try:
        with Dispatch() as dispatch:
            return dispatch.run(time.monotonic() + seconds)
    finally:
        _one_sender_per_process.release()


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed message, and the monotonic time after which no call may start."""

    message: Claimed
    batch: OutgoingBatch
    fence: float


class Dispatch:
    """Claims for every channel that is free, and gives the messages to its crew."""

    def __init__(self) -> None:
        self.crews: dict[int, Crew] = {}
        self.batches = due.Batches()
        self.watchdog = Watchdog()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for crew in self.crews.values():
            crew.close()
        self.watchdog.close()

    def run(self, until: float) -> int:
        taken = 0
        while not stopping.is_set():
            found = self._give_out() if time.monotonic() < until else 0
            taken += found
            if not found and not self._is_worth_waiting(until):
                break
            if not found:
                time.sleep(_PAUSE_SECONDS)
        return taken

    def _give_out(self) -> int:
        """Claim for the next batch whose crew has room; messages claimed."""
        full = [pk for pk, crew in self.crews.items() if crew.is_full]
        for batch in self.batches.next(busy=full):
            crew = self._crew(batch.channel)
            claimed_at = time.monotonic()
            claim = handover.claim(batch, crew.appetite())
            if claim.messages:
                fence = claimed_at + marking.LEASE.total_seconds()
                fence -= DEADLINE_SECONDS + MARGIN_SECONDS
                crew.take([Job(message, batch, fence) for message in claim.messages])
                return len(claim.messages)
        return 0

    def _is_worth_waiting(self, until: float) -> bool:
        if any(crew.is_busy for crew in self.crews.values()):
            return True
        return time.monotonic() < until and due.something_waits()

    def _crew(self, channel: Channel) -> "Crew":
        if channel.pk not in self.crews:
            self.crews[channel.pk] = Crew(channel, self.watchdog)
        return self.crews[channel.pk]


class Crew:
    """The threads that send for one channel, and its open transports.

    There are a few more threads than transports: while they write results down, the
    others call. A channel that wants a single call at a time works in the caller's.
    """

    def __init__(self, channel: Channel, watchdog: Watchdog) -> None:
        self.channel = channel
        self.watchdog = watchdog
        self.jobs: queue.Queue[Job | None] = queue.Queue()
        self.threads: list[threading.Thread] = []
        self.seconds_per_call = 0.0
        self.size = thread_count(channel)
        self.most_threads = self.size + max(1, self.size // 2)
        self.free: queue.LifoQueue[Transport] = queue.LifoQueue()
        for _ in range(self.size):
            self.free.put(open_transport(channel))

    @property
    def is_busy(self) -> bool:
        return self.jobs.unfinished_tasks > 0

    @property
    def is_full(self) -> bool:
        """Whether each transport has its call, and half of what may wait does wait."""
        return self.jobs.unfinished_tasks >= self.size + self._most_waiting() // 2

    def appetite(self) -> int:
        """How many to claim: a call for each transport, and what may wait behind."""
        room = self.size + self._most_waiting() - self.jobs.unfinished_tasks
        return max(1, min(MOST_PER_CLAIM, room))

    def _most_waiting(self) -> int:
        """At most one second of work: a claim is never far ahead of its call."""
        if not self.seconds_per_call:
            return MOST_PER_CLAIM
        return min(MOST_PER_CLAIM, int(self.size / self.seconds_per_call))

    def take(self, jobs: Collection[Job]) -> None:
        hand = Hand(self)
        if self.size == 1:
            for job in jobs:
                hand.do(job)
            return
        for job in jobs:
            self.jobs.put(job)
        while len(self.threads) < min(self.most_threads, self.jobs.unfinished_tasks):
            thread = threading.Thread(target=self._work, args=[hand], daemon=True)
            self.threads.append(thread)
            thread.start()

    def _work(self, hand: "Hand") -> None:
        try:
            for job in iter(self.jobs.get, None):
                hand.do(job)
                self.jobs.task_done()
        finally:
            connections.close_all()

    @contextmanager
    def transport(self) -> Iterator[Transport]:
        """One of the open transports, as soon as one is free; the last used first."""
        transport = self.free.get()
        try:
            yield transport
        finally:
            self.free.put(transport)

    def note_call(self, seconds: float) -> None:
        """Recent time of a call, new ones weighing a fifth."""
        before = self.seconds_per_call or seconds
        self.seconds_per_call = before + (seconds - before) / 5

    def close(self) -> None:
        for _ in self.threads:
            self.jobs.put(None)
        for thread in self.threads:
            thread.join()
        while not self.free.empty():
            self.free.get().close()


def thread_count(channel: Channel) -> int:
    """How many calls a channel makes at once: its own setting or its kind's."""
    load_all()
    return int(channel.options.get("threads") or transport_class(channel.kind).threads)


def open_transport(channel: Channel) -> Transport:
    """A transport with the channel's settings, not yet connected."""
    load_all()
    connection = Connection(
        channel_id=channel.pk,
        name=channel.name,
        sender=channel.sender,
        options=channel.options,
        credentials=channel.credentials,
    )
    return transport_class(channel.kind)(connection)


class Hand:
    """What a thread does with a job."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew

    def do(self, job: Job) -> None:
        """Take one message through gate and provider; whatever happens is recorded.

        The transport is another thread's while that is written down.
        """
        try:
            with self.crew.transport() as transport:
                record = self._withheld(job) or self._hand_over(job, transport)
            insist(record)
        except Exception:
            logger.exception("Message %s was not handled", job.message.pk)

    def _withheld(self, job: Job) -> Record | None:
        """How to record that it does not go now, or not at all; None lets it go."""
        message, batch = job.message, job.batch
        if stopping.is_set() or time.monotonic() > job.fence:
            return partial(handover.give_back, message)
        try:
            verdict = gate.verdict(
                batch_id=batch.pk, channel_id=message.channel_id, key=message.key
            )
        except Exception:
            logger.exception("The gate could not answer for message %s", message.pk)
            return partial(handover.give_back, message, GATE_WAIT)
        return self._withheld_by(verdict, job)

    def _withheld_by(self, verdict: gate.Verdict, job: Job) -> Record | None:
        message = job.message
        entry_id, hold_id = verdict.entry_id, verdict.hold_id
        if verdict.batch_state != BatchState.RUNNING or time.monotonic() > job.fence:
            return partial(handover.give_back, message)
        if job.batch.is_marketing and not verdict.has_lists:
            reason = "No opt-out list is selected any more."
            return partial(handover.record_failed, message, reason, ErrorCode.NO_LISTS)
        if job.batch.is_marketing and (entry_id or hold_id):
            return partial(
                handover.suppress, message, entry_id=entry_id, hold_id=hold_id
            )
        return None

    def _hand_over(self, job: Job, transport: Transport) -> Record:
        """Call the provider; how to record its word. Silence is never repeated."""
        outgoing = compose.outgoing(job.message, job.batch)
        began = time.monotonic()
        record = self._call(job.message, outgoing, transport)
        self.crew.note_call(time.monotonic() - began)
        return record

    def _call(
        self, message: Claimed, outgoing: Outgoing, transport: Transport
    ) -> Record:
        try:
            with self.crew.watchdog.guard(transport.abort, DEADLINE_SECONDS):
                accepted = transport.send(outgoing)
        except Refused as no:
            return partial(_record_refused, message, no)
        except NotNow as no:
            wait = no.retry_after_seconds
            return partial(handover.record_later, message, no.reason, wait)
        except NoAnswer as silence:
            return partial(handover.record_unknown, message, silence.reason)
        except Exception as error:
            logger.exception("Transport of channel %s failed", message.channel_id)
            reason = f"Unexpected {type(error).__name__} in the transport."
            return partial(handover.record_unknown, message, reason)
        return partial(handover.record_sent, message, accepted.provider_id)


def _record_refused(message: Claimed, no: Refused) -> None:
    handover.record_failed(message, no.reason, ErrorCode.REFUSED)
    if no.opted_out:
        opt_out_by_provider(message)


def opt_out_by_provider(message: Claimed) -> None:
    """The provider refused because the person opted out there: so they did here."""
    channel = Channel.objects.only("address_kind").get(pk=message.channel_id)
    kind = addresses.AddressKind(channel.address_kind)
    address = addresses.parse(message.address, kind=kind)
    request = entries.Request(
        addresses=(address,),
        list_ids=(default_list().pk,),
        channel_id=message.channel_id,
    )
    entries.opt_out(request, source=Source.PROVIDER, reason=Reason.PROVIDER)


def reconcile() -> int:
    """Ask providers that can be asked what became of unknown messages; answers got."""
    settled = 0
    for channel in handover.channels_with_unknown():
        transport = open_transport(channel)
        if not transport.can_look_up:
            continue
        for message in handover.unknown_messages(channel.pk):
            try:
                found = transport.look_up(message.pk)
            except (NotNow, NoAnswer):
                break
            handover.settle_unknown(message, found.provider_id if found else None)
            settled += 1
        transport.close()
    return settled
