"""The door out: every message is put here, in a batch, and waits as a row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone
from psycopg.types.json import Jsonb

from optout import wake
from optout.models import (
    BatchState,
    Channel,
    Content,
    MessageState,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    Purpose,
    SendingHours,
    resolve,
)
from optout.prepared import Prepared, among

CHUNK = 500
MAX_KEY: int = OutgoingBatch._meta.get_field("standing_key").max_length or 0


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address to write to, with the values of the variables the content uses.

    `dedupe` tells its messages of one batch apart; `content_id` is for one who gets
    other words than the rest.
    """

    key: UUID
    address: str
    variables: Mapping[str, str] = field(default_factory=dict)
    dedupe: int = 0
    content_id: int | None = None


def open_batch(
    *,
    channel: Channel,
    purpose: Purpose,
    label: str = "",
    lists: Sequence[OptOutList] = (),
    unsubscribe_list: OptOutList | None = None,
    state: BatchState = BatchState.RUNNING,
    skip_default_reason: str = "",
    created_by_id: int | None = None,
) -> OutgoingBatch:
    """A new batch with its selected lists; messages are put into it afterwards."""
    with transaction.atomic():
        batch = OutgoingBatch.objects.create(
            channel=channel,
            purpose=purpose,
            label=label,
            unsubscribe_list=unsubscribe_list,
            state=state,
            skip_default_reason=skip_default_reason,
            created_by_id=created_by_id,
        )
        batch.lists.set(lists)
    return batch


def standing_batch(
    channel: Channel,
    purpose: Purpose,
    list_ids: Collection[int] = (),
    *,
    label: str = "",
) -> OutgoingBatch:
    """The batch that single messages of a kind go into, made once.

    A kind is the channel, the purpose, the label and the lists as they were chosen: it
    stays the same batch when one of them is deleted, whose heir it selects then. An
    unsubscribe link adds to the first of the lists.
    """
    key = _standing_key(channel, purpose, list_ids, label)
    running = OutgoingBatch.objects.filter(
        channel=channel, state=BatchState.RUNNING, standing_key=key
    )
    if found := running.first():
        return found
    with transaction.atomic():
        Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        return running.first() or _stand(channel, purpose, list_ids, label)


def _standing_key(
    channel: Channel, purpose: Purpose, list_ids: Collection[int], label: str
) -> str:
    """Short however many lists there are; migration 0016 writes the same."""
    lists = ",".join(str(pk) for pk in sorted(set(list_ids)))
    words = f"{channel.pk}:{purpose.value}:{lists}:{label}"
    return words if len(words) <= MAX_KEY else sha256(words.encode()).hexdigest()


def _stand(
    channel: Channel, purpose: Purpose, list_ids: Collection[int], label: str
) -> OutgoingBatch:
    heirs = resolve(list_ids)
    lists = list(dict.fromkeys(heirs[pk] for pk in list_ids if pk in heirs))
    batch = open_batch(
        channel=channel,
        purpose=purpose,
        label=label,
        lists=lists,
        unsubscribe_list=next(iter(lists), None),
    )
    batch.standing_key = _standing_key(channel, purpose, list_ids, label)
    batch.save(update_fields=["standing_key"])
    return batch


def put(
    batch: OutgoingBatch, content: Content, to: Recipient, *, dedupe: int = 0
) -> OutgoingMessage:
    """Queue one message; the same address, batch and dedupe again gives the first."""
    message, _ = OutgoingMessage.objects.get_or_create(
        batch=batch,
        key=to.key,
        dedupe=dedupe or to.dedupe,
        defaults={
            "content_id": to.content_id or content.pk,
            "channel_id": batch.channel_id,
            "address": to.address,
            "variables": dict(to.variables),
        },
    )
    wake.hint(wake.SEND_OUTBOX)
    return message


def put_many(
    batch: OutgoingBatch, content: Content, recipients: Sequence[Recipient]
) -> None:
    """Queue many, in their order; whom the batch has already, by `dedupe`, is left."""
    alike = OutgoingMessage(batch=batch, content=content, channel_id=batch.channel_id)
    if connection.vendor == "postgresql":
        _copy(alike, recipients)
    else:
        _bulk_create(alike, recipients)


def _bulk_create(alike: OutgoingMessage, recipients: Sequence[Recipient]) -> None:
    OutgoingMessage.objects.bulk_create(
        (
            OutgoingMessage(
                batch_id=alike.batch_id,
                content_id=to.content_id or alike.content_id,
                channel_id=alike.channel_id,
                key=to.key,
                address=to.address,
                variables=dict(to.variables),
                dedupe=to.dedupe,
                next_at=alike.next_at,
                created_at=alike.created_at,
            )
            for to in recipients
        ),
        batch_size=CHUNK,
        ignore_conflicts=True,
    )


_OWN_COLUMNS = {
    "key": "uuid",
    "address": "text",
    "variables": "jsonb",
    "dedupe": "int8",
    "content_id": "int8",
}
_own_columns = ", ".join(_OWN_COLUMNS)
_typed = ", ".join(f"{name} {kind}" for name, kind in _OWN_COLUMNS.items())
_STAGE = f"CREATE TEMP TABLE staged_recipient (n int4, {_typed})"
_FILL_STAGE = "COPY staged_recipient FROM STDIN (FORMAT BINARY)"
_STAGE_TYPES = ("int4", *_OWN_COLUMNS.values())
_PUT_STAGED = """\
INSERT INTO optout_outgoingmessage ({own}, {columns})
SELECT {own}, {values} FROM staged_recipient ORDER BY n
ON CONFLICT DO NOTHING
"""


def _copy(alike: OutgoingMessage, recipients: Sequence[Recipient]) -> None:
    """The same by COPY, which costs a sixth of `bulk_create` for a long audience."""
    shared = _shared_values(alike)
    values = ", ".join(["%s"] * len(shared))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(_FILL_STAGE) as copy:
            copy.set_types(_STAGE_TYPES)
            for n, to in enumerate(recipients):
                values_of = Jsonb(dict(to.variables))
                content_id = to.content_id or alike.content_id
                copy.write_row(
                    (n, to.key, to.address, values_of, to.dedupe, content_id)
                )
        cursor.execute(
            _PUT_STAGED.format(
                own=_own_columns, columns=", ".join(shared), values=values
            ),
            list(shared.values()),
        )
        cursor.execute("DROP TABLE staged_recipient")


def _shared_values(alike: OutgoingMessage) -> dict[str, Any]:
    """What is the same for all, by column."""
    return {
        str(field.column): field.get_db_prep_save(
            getattr(alike, field.attname), connection
        )
        for field in OutgoingMessage._meta.concrete_fields
        if not field.primary_key and field.column not in _OWN_COLUMNS
    }


def empty(batch: OutgoingBatch, *, limit: int | None = None) -> int:
    """Forget recipients of a draft, of which nothing was sent; at most `limit`.

    Returns how many were forgotten, so that a long one can be emptied in steps.
    """
    unsent = OutgoingMessage.objects.filter(
        batch=batch, batch__state=BatchState.DRAFT, attempt=0
    )
    ids = list(unsent.values_list("id", flat=True)[:limit])
    return OutgoingMessage.objects.filter(pk__in=ids).delete()[0]


_WITHDRAW = """
UPDATE optout_outgoingmessage SET state = 'cancelled'
WHERE id {among_ids} AND state = 'queued' RETURNING id
"""
_withdraw = Prepared(_WITHDRAW.format(among_ids=among("ids")))


def withdraw(ids: Collection[int]) -> set[int]:
    """Cancel those of these messages that are queued still; the ids of them.

    The others are leaving or have left. A repeat withdraws nothing more.
    """
    return {pk for (pk,) in _withdraw.fetch_all({"ids": list(ids)})} if ids else set()


def start(batch: OutgoingBatch) -> bool:
    """Let a draft run; False when it was started before."""
    return _move(batch, {BatchState.DRAFT}, BatchState.RUNNING)


def pause(batch: OutgoingBatch) -> bool:
    """Stop sending: what is claimed and not yet handed over goes back to queued."""
    return _move(batch, {BatchState.RUNNING}, BatchState.PAUSED)


def resume(batch: OutgoingBatch) -> bool:
    """Go on with a paused batch."""
    return _move(batch, {BatchState.PAUSED}, BatchState.RUNNING)


def cancel(batch: OutgoingBatch) -> bool:
    """End it: queued messages become cancelled, claimed ones as they come back."""
    stoppable = {BatchState.DRAFT, BatchState.RUNNING, BatchState.PAUSED}
    moved = _move(batch, stoppable, BatchState.CANCELLED)
    if moved:
        _queued(batch).update(state=MessageState.CANCELLED)
    return moved


def set_pace(
    batch: OutgoingBatch, *, rate: int | None, hours: SendingHours | None
) -> None:
    """At most `rate` messages a second, within these hours; None leaves it free.

    It counts from the next claim on: what waits for other hours is looked at again.
    """
    waits_for_hours = _queued(batch).filter(next_at__gt=timezone.now(), attempt=0)
    with transaction.atomic():
        OutgoingBatch.objects.filter(pk=batch.pk).update(rate=rate, hours=hours)
        if batch.hours_id != (hours.pk if hours else None):
            waits_for_hours.update(next_at=timezone.now())
    batch.rate, batch.hours = rate, hours
    wake.hint(wake.SEND_OUTBOX)


def reopen() -> int:
    """Finished batches in which something waits again go on; their number.

    What a provider did not take comes back after the batch was finished without it.
    """
    waiting = OutgoingMessage.objects.filter(
        batch=OuterRef("pk"), state=MessageState.QUEUED
    )
    finished = OutgoingBatch.objects.filter(Exists(waiting), state=BatchState.FINISHED)
    return finished.update(state=BatchState.RUNNING, finished_at=None)


def _move(batch: OutgoingBatch, before: set[BatchState], after: BatchState) -> bool:
    ended = after in (BatchState.CANCELLED, BatchState.FINISHED)
    moved = OutgoingBatch.objects.filter(pk=batch.pk, state__in=before).update(
        state=after, finished_at=timezone.now() if ended else None
    )
    batch.refresh_from_db(fields=["state", "finished_at"])
    wake.hint(wake.SEND_OUTBOX)
    return bool(moved)


def _queued(batch: OutgoingBatch) -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(batch=batch, state=MessageState.QUEUED)


def counts(batch: OutgoingBatch) -> dict[str, int]:
    """Messages by state, every state named, and their `total`."""
    rows = OutgoingMessage.objects.filter(batch=batch).values_list("state")
    found = dict(rows.annotate(Count("id")).order_by())
    by_state = {state.value: found.get(state.value, 0) for state in MessageState}
    return {"total": sum(by_state.values()), **by_state}
