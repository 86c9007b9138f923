"""One marketing message to one address: a send of its own, with its own lists."""

from collections.abc import Sequence

from django.db import transaction

from optout import outbox, selection
from optout.actors import Actor
from optout.addresses import Address, AddressKind
from optout.models import Channel, Content, OptOutList, OutgoingMessage, Purpose
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
