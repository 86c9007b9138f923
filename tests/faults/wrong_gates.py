"""The gates that were tried and are wrong: the race has to catch each of them.

They replace ours in the processes of one run and sleep where they fail, so that an
opt-out has the time to fall into the window. Ours sleeps in all of these places.
"""

import functools
import random
import time
from collections.abc import Callable, Collection
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from optout import barrier, entries, gate, handover, locks, marking, withholding
from optout.models import BatchState, OutgoingBatch, OutgoingMessage

PAUSE_SECONDS = (0.005, 0.02)
OURS = "ours"

Function = Callable[..., Any]


def pause() -> None:
    """Sleep in a window."""
    time.sleep(random.uniform(*PAUSE_SECONDS))


def pause_before(function: Function) -> Function:
    @functools.wraps(function)
    def paused(*args: Any, **words: Any) -> Any:
        pause()
        return function(*args, **words)

    return paused


def pause_after(function: Function) -> Function:
    @functools.wraps(function)
    def paused(*args: Any, **words: Any) -> Any:
        result = function(*args, **words)
        pause()
        return result

    return paused


# What the wrong ones are made of


def do_not_wait(keys: Collection[object], *, seconds: float = 0) -> list[int]:
    """No barrier: an opt-out returns as soon as it is committed."""
    return []


def ask_nothing(**place: object) -> gate.Verdict:
    """No check before the call: the claim has checked."""
    return gate.Verdict(BatchState.RUNNING, True, None, None)


def nothing() -> None:
    """What a claim does before and after its statement unless it is told more."""


_CHECK_AND_MARK = """
UPDATE optout_outgoingmessage
SET state = 'sending', attempt = attempt + 1, lease_until = %s
WHERE id IN (
    SELECT m.id FROM optout_outgoingmessage m
    WHERE m.batch_id = %s AND m.state = 'queued' AND NOT EXISTS (
        SELECT 1 FROM optout_entry e
        JOIN optout_outgoingbatch_lists s ON s.optoutlist_id = e.list_id
        WHERE s.outgoingbatch_id = m.batch_id AND e.key = m.key
          AND e.channel_id IN (0, m.channel_id) AND e.ended_at IS NULL)
    ORDER BY m.id LIMIT %s {skip_locked})
RETURNING id
"""


def claim_unlisted(
    batch: OutgoingBatch,
    limit: int,
    *,
    begin: Function = nothing,
    before_commit: Function = nothing,
) -> handover.Claim:
    """Check and mark in one statement."""
    withholding.withhold(batch)  # what an earlier claim left, or it would stay queued
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        begin()
        lease = timezone.now() + marking.LEASE
        lease_until = connection.ops.adapt_datetimefield_value(lease)
        is_sqlite = connection.vendor == "sqlite"
        skip = "" if is_sqlite else "FOR UPDATE OF m SKIP LOCKED"
        statement = _CHECK_AND_MARK.format(skip_locked=skip)
        cursor.execute(statement, [lease_until, batch.pk, limit])
        ids = [row[0] for row in cursor.fetchall()]
        before_commit()
    OutgoingBatch.objects.filter(pk=batch.pk).update(claimed_at=timezone.now())
    claimed = OutgoingMessage.objects.filter(pk__in=ids).select_related("content")
    return handover.Claim(batch, list(claimed))


def serializable(function: Function) -> Function:
    """The function, as the first of its transaction, with SERIALIZABLE before it."""

    @functools.wraps(function)
    def serialized(*args: Any, **words: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        return function(*args, **words)

    return serialized


def again_on_conflict(function: Function) -> Function:
    """The function, repeated for as long as its transaction is turned down."""

    @functools.wraps(function)
    def repeated(*args: Any, **words: Any) -> Any:
        while True:
            try:
                return function(*args, **words)
            except OperationalError:
                time.sleep(0.001)

    return repeated


# The gates


def ours() -> None:
    """The product's own, with a pause in each window a wrong one has, and more."""
    handover.Claim = pause_before(handover.Claim)  # between mark and commit
    gate.verdict = pause_before(pause_after(gate.verdict))
    barrier.wait_for_sends = pause_before(barrier.wait_for_sends)


def check_in_the_claim() -> None:
    """B: one statement checks and marks; nobody checks later, nobody waits."""
    handover.claim = claim_unlisted
    gate.verdict = pause_before(ask_nothing)
    barrier.wait_for_sends = do_not_wait


def check_before_the_call() -> None:
    """C: a check right before each call; nobody waits."""
    gate.verdict = pause_after(gate.verdict)
    barrier.wait_for_sends = do_not_wait


def serializable_claim() -> None:
    """D: claim with its check, and opt-out, both SERIALIZABLE; nobody waits."""
    check_in_the_claim()
    handover.claim = again_on_conflict(
        functools.partial(claim_unlisted, begin=serializable(nothing))
    )
    locks.lock_keys = serializable(locks.lock_keys)  # an opt-out's first statement
    entries.opt_out = again_on_conflict(entries.opt_out)


def check_and_mark_at_once() -> None:
    """BB: B with our barrier, which looks before the mark is committed."""
    handover.claim = functools.partial(claim_unlisted, before_commit=pause)
    gate.verdict = ask_nothing


WRONG_ON_EVERY_ENGINE = {
    "check in the claim": check_in_the_claim,
    "check before the call": check_before_the_call,
}
# SQLite has no SERIALIZABLE beside its one way, and its single writer puts the whole
# claim before or after an opt-out: there this last one is right.
WRONG_ON_POSTGRESQL = {
    "serializable claim": serializable_claim,
    "check and mark at once": check_and_mark_at_once,
}
GATES = {OURS: ours} | WRONG_ON_EVERY_ENGINE | WRONG_ON_POSTGRESQL


def wrong_names() -> list[str]:
    """The gates that are wrong on the engine in use."""
    if connection.vendor == "postgresql":
        return [*WRONG_ON_EVERY_ENGINE, *WRONG_ON_POSTGRESQL]
    return list(WRONG_ON_EVERY_ENGINE)
