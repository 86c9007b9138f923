"""One marketing message to one address, with its own lists: by API, or by an action."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from optout import gate, outbox, selection
from optout.actors import Actor
from optout.addresses import Address, AddressKind
from optout.content import used_values, variables
from optout.models import (
    Channel,
    Content,
    Entry,
    MessageState,
    OptOutList,
    OutgoingMessage,
    Purpose,
)
from optout.outbox import Recipient


def queue(
    *,
    channel: Channel,
    to: Address,
    content: Content,
    lists: Sequence[OptOutList],
    skip_default_reason: str = "",
    actor: Actor,
) -> OutgoingMessage:
    """Queue the message; the gate is asked when it leaves. A repeat sends again.

    `lists` are what `selection.choose` gave. An unsubscribe link adds to the first of
    them, the default list unless it was left out, which goes into the ledger.
    """
    is_email = channel.address_kind == AddressKind.EMAIL
    with transaction.atomic():
        batch = outbox.open_batch(
            channel=channel,
            purpose=Purpose.API,
            lists=lists,
            unsubscribe_list=lists[0] if is_email else None,
            skip_default_reason=skip_default_reason,
            created_by_id=actor.user_id,
        )
        if skip_default_reason:
            selection.note_default_skipped(batch, actor=actor)
        content.save()
        return outbox.put(batch, content, Recipient(to.key, to.address))


@dataclass(frozen=True, slots=True)
class Kind:
    """What the messages of an action share: channel, lists as chosen, and a label."""

    channel: Channel
    list_ids: tuple[int, ...]
    label: str = ""


def queue_once(
    kind: Kind,
    to: Address,
    words: Content,
    values: Mapping[str, str],
    *,
    once: int,
) -> OutgoingMessage:
    """Queue an action's message, its variables filled in from `values`.

    Messages of a kind share a standing batch. `once` is a number of its own in it: the
    same again for this address sends nothing and gives the first message.
    """
    batch = outbox.standing_batch(
        kind.channel, Purpose.CONNECTOR, kind.list_ids, label=kind.label
    )
    with transaction.atomic():
        if sent := batch.messages.filter(key=to.key, dedupe=once).first():
            return sent
        words.save()
        names = variables(words.subject, words.text, words.html)
        person = Recipient(to.key, to.address, used_values(names, values))
        return outbox.put(batch, words, person, dedupe=once)


def withheld_by(message: OutgoingMessage) -> str:
    """What withholds a message as things stand, in words; nothing if it goes or went.

    Only tells: the gate is asked when the message leaves.
    """
    if message.state not in (MessageState.QUEUED, MessageState.SUPPRESSED):
        return ""
    lists = message.batch.lists.values_list("id", flat=True)
    why = _withheld(message.channel_id, message.key, list(lists))
    was_suppressed = message.state == MessageState.SUPPRESSED
    return why or ("under review" if was_suppressed else "")


def would_withhold(channel: Channel, to: Address, list_ids: Collection[int]) -> str:
    """What would withhold a message of these lists, in words; nothing if it went."""
    return _withheld(channel.pk, to.key, list_ids)


def _withheld(channel_id: int, key: UUID, list_ids: Collection[int]) -> str:
    found = gate.suppressed(channel_id=channel_id, keys=[key], list_ids=list_ids)
    if key not in found:
        return ""
    held_by = found[key]
    return str(held_by.list) if isinstance(held_by, Entry) else "under review"
