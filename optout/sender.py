"""Sending what is due: claim, ask the gate for each message, hand over, record.

The only caller of transports. The order is the promise: the mark `sending` is
committed, then the gate is asked in a fresh snapshot, then the provider is called. An
opt-out commits its entry, then looks for marks. One of the two always sees the other.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Self

from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    connections,
)

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
from optout.stopping import stopping

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 20.0
MARGIN_SECONDS = 5.0
MOST_PER_CLAIM = 200
GATE_WAIT = timedelta(seconds=10)  # before a gate that could not answer is asked again
RECORD_SECONDS = 20.0
_PAUSE_SECONDS = 0.05

Record = Callable[[], None]

_one_sender_per_process = threading.Lock()
# SQLite has one writer and makes the others sleep ever longer: threads of one process
# queue here instead, and meanwhile call providers.
_one_writer = threading.Lock() if connection.vendor == "sqlite" else nullcontext()


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
        """Claim for the next batch whose crew is idle; messages claimed."""
        busy = [pk for pk, crew in self.crews.items() if crew.is_busy]
        for batch in self.batches.next(busy=busy):
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
    """The threads that send for one channel, each with one open transport.

    A transport that wants a single thread works in the caller's.
    """

    def __init__(self, channel: Channel, watchdog: Watchdog) -> None:
        self.channel = channel
        self.watchdog = watchdog
        self.jobs: queue.Queue[Job | None] = queue.Queue()
        self.threads: list[threading.Thread] = []
        self.seconds_per_call = 0.0
        self.size = thread_count(channel)
        self.own = Hand(self) if self.size == 1 else None

    @property
    def is_busy(self) -> bool:
        return self.jobs.unfinished_tasks > 0

    def appetite(self) -> int:
        """At most one second of work: a claim is never far ahead of its call."""
        by_speed = MOST_PER_CLAIM
        if self.seconds_per_call:
            by_speed = int(self.size / self.seconds_per_call)
        return max(1, min(MOST_PER_CLAIM, by_speed))

    def take(self, jobs: Collection[Job]) -> None:
        if self.own:
            for job in jobs:
                self.own.do(job)
            return
        for job in jobs:
            self.jobs.put(job)
        while len(self.threads) < min(self.size, len(jobs)):
            thread = threading.Thread(target=self._work, daemon=True)
            self.threads.append(thread)
            thread.start()

    def _work(self) -> None:
        hand = Hand(self)
        try:
            for job in iter(self.jobs.get, None):
                hand.do(job)
                self.jobs.task_done()
        finally:
            hand.close()
            connections.close_all()

    def note_call(self, seconds: float) -> None:
        """Recent time of a call, new ones weighing a fifth."""
        before = self.seconds_per_call or seconds
        self.seconds_per_call = before + (seconds - before) / 5

    def close(self) -> None:
        for _ in self.threads:
            self.jobs.put(None)
        for thread in self.threads:
            thread.join()
        if self.own:
            self.own.close()


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
    """One thread's open transport and what it does with a job."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.transport = open_transport(crew.channel)

    def close(self) -> None:
        self.transport.close()

    def do(self, job: Job) -> None:
        """Take one message through gate and provider; whatever happens is recorded."""
        try:
            if self._may_go(job):
                self._hand_over(job)
        except Exception:
            logger.exception("Message %s was not handled", job.message.pk)

    def _may_go(self, job: Job) -> bool:
        message, batch = job.message, job.batch
        if stopping.is_set() or time.monotonic() > job.fence:
            insist(lambda: handover.give_back(message))
            return False
        try:
            verdict = gate.verdict(
                batch_id=batch.pk, channel_id=message.channel_id, key=message.key
            )
        except Exception:
            logger.exception("The gate could not answer for message %s", message.pk)
            insist(lambda: handover.give_back(message, GATE_WAIT))
            return False
        return self._passes(job, verdict)

    def _passes(self, job: Job, verdict: gate.Verdict) -> bool:
        message = job.message
        entry_id, hold_id = verdict.entry_id, verdict.hold_id
        if verdict.batch_state != BatchState.RUNNING or time.monotonic() > job.fence:
            insist(lambda: handover.give_back(message))
        elif job.batch.is_marketing and not verdict.has_lists:
            reason = "No opt-out list is selected any more."
            insist(lambda: handover.record_failed(message, reason, ErrorCode.NO_LISTS))
        elif job.batch.is_marketing and (entry_id or hold_id):
            insist(
                lambda: handover.suppress(message, entry_id=entry_id, hold_id=hold_id)
            )
        else:
            return True
        return False

    def _hand_over(self, job: Job) -> None:
        """Call the provider and record what it said; silence is no reason to repeat."""
        message = job.message
        outgoing = compose.outgoing(message, job.batch)
        began = time.monotonic()
        record = self._call(message, outgoing)
        self.crew.note_call(time.monotonic() - began)
        insist(record)

    def _call(self, message: Claimed, outgoing: Outgoing) -> Record:
        """Send; answers how the provider's word is to be recorded."""
        try:
            with self.crew.watchdog.guard(self.transport.abort, DEADLINE_SECONDS):
                accepted = self.transport.send(outgoing)
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


def insist(record: Record) -> None:
    """Write a result down, over a database that is away or read-only for a moment."""
    give_up_at = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            with _one_writer:
                return record()
        except (OperationalError, InterfaceError, InternalError):
            if time.monotonic() > give_up_at:
                raise
            connections.close_all()
            time.sleep(0.5)


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
