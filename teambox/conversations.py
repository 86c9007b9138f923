"""Conversations: what comes in and goes out, who takes care of it, what happened.

Every change but being read locks the conversation, writes a line and raises its
version, so that a page that polls sees each change once and in order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from optout import outbox
from optout.actors import NOBODY, Actor
from optout.addresses import Address
from optout.models import Channel, Content, Purpose
from optout.outbox import Recipient
from optout.refusals import Refused
from teambox import contacts
from teambox.models import (
    PREVIEW_CHARS,
    Conversation,
    ConversationState,
    InboundEvent,
    Line,
    LineKind,
)

MAX_REPLY = 4_000
SUBJECT = "Your message to us"  # of a reply by email


class ConversationError(Refused):
    """A wish that the conversation's state refuses."""


@contextmanager
def _changing(pk: int) -> Iterator[Conversation]:
    """The conversation as it is now, ours alone to change; saved at the end."""
    with transaction.atomic():
        row = Conversation.objects.select_for_update(no_key=True).get(pk=pk)
        yield row
        row.save()


def _add(
    row: Conversation, kind: LineKind, text: str, actor: Actor, **more: Any
) -> Line:
    """A line, the newest of its conversation."""
    line = row.lines.create(
        kind=kind, text=text, actor_id=actor.user_id, actor_label=actor.label, **more
    )
    row.version = line.pk
    return line


def _show(row: Conversation, text: str) -> None:
    """What the list shows of it, at its top."""
    row.preview = " ".join(text.split())[:PREVIEW_CHARS]
    row.last_at = timezone.now()


# What the person writes


def take_in(
    event: InboundEvent, address: Address, *, name: str = "", told: str = ""
) -> Conversation:
    """Put a person's message into its conversation, which it opens again.

    `told` is a system line after it: what the message did. The contact is met, too.
    The same event again changes nothing.
    """
    contacts.meet(address, at=event.asked_at, name=name)
    found = of(event.channel, address)
    with _changing(found.pk) as row:
        if not row.lines.filter(event=event, kind=LineKind.INBOUND).exists():
            _add(
                row,
                LineKind.INBOUND,
                event.text,
                NOBODY,
                event=event,
                at=event.asked_at,
            )
            if told:
                _add(row, LineKind.SYSTEM, told, NOBODY)
            _show(row, event.text)
            row.unread += 1
            if not row.is_open:
                row.state, row.assignee = ConversationState.OPEN, None
    return row


def of(channel: Channel, address: Address) -> Conversation:
    """The conversation with this address on this channel, made once."""
    row, _ = Conversation.objects.get_or_create(
        key=address.key,
        channel=channel,
        defaults={"kind": address.kind, "address": address.address},
    )
    return row


def tell(conversation: Conversation, text: str, *, actor: Actor = NOBODY) -> Line:
    """A system line: what happened, in words people read."""
    with _changing(conversation.pk) as row:
        return _add(row, LineKind.SYSTEM, text, actor)


# What we write


def reply(
    conversation: Conversation, text: str, *, actor: Actor, form_id: int = 0
) -> Line:
    """Send the person a text; it leaves by the outbox as a reply.

    `form_id` is the version the page showed: a form sent twice is one reply. Raises
    ConversationError `empty` and `too_long`.
    """
    text = _written(text, MAX_REPLY)
    person = Recipient(conversation.key, conversation.address)
    batch = outbox.standing_batch(conversation.channel, Purpose.REPLY)
    with _changing(conversation.pk) as row:
        if form_id and (sent := _sent_by_form(row, text, actor, form_id)):
            return sent
        line = _add(row, LineKind.REPLY, text, actor)
        content = Content.objects.create(subject=SUBJECT, text=text)
        message = outbox.put(batch, content, person, dedupe=line.pk)
        Line.objects.filter(pk=line.pk).update(message=message)
        line.message = message
        _show(row, text)
        row.unread = 0
    return line


def _sent_by_form(
    row: Conversation, text: str, actor: Actor, form_id: int
) -> Line | None:
    """The reply that this form has sent already."""
    same = row.lines.filter(kind=LineKind.REPLY, text=text, actor_id=actor.user_id)
    return same.filter(id__gt=form_id).first()


def note(conversation: Conversation, text: str, *, actor: Actor) -> Line:
    """Keep an internal note in the thread. Raises ConversationError as `reply`."""
    text = _written(text, MAX_REPLY)
    with _changing(conversation.pk) as row:
        return _add(row, LineKind.NOTE, text, actor)


def _written(text: str, limit: int) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise ConversationError("empty", "Write something first.", "text")
    if len(text) > limit:
        message = f"At most {limit:,} characters."
        raise ConversationError("too_long", message, "text")
    return text


# Who takes care of it


def accept(conversation: Conversation, *, actor: Actor) -> bool:
    """Take a conversation that nobody has; False if it is ours already.

    Raises ConversationError `taken` where somebody else was quicker.
    """
    with _changing(conversation.pk) as row:
        if row.assignee_id == actor.user_id:
            return False
        if row.assignee_id is not None:
            raise ConversationError("taken", f"{row.assignee} has it already.")
        row.assignee_id = actor.user_id
        _add(row, LineKind.SYSTEM, f"{actor.label} accepted it", actor)
    return True


def assign(conversation: Conversation, user: Any, *, actor: Actor) -> bool:
    """Give it to a user, or to nobody; False if that is how it was."""
    with _changing(conversation.pk) as row:
        if row.assignee_id == (user.pk if user else None):
            return False
        row.assignee = user
        told = f"Assigned to {user}" if user else "Assigned to nobody"
        _add(row, LineKind.SYSTEM, told, actor)
    return True


def solve(conversation: Conversation, *, actor: Actor) -> bool:
    """It is done; False if it was. What the person wrote last counts as read."""
    return _move(conversation, ConversationState.SOLVED, "Solved", actor)


def reopen(conversation: Conversation, *, actor: Actor) -> bool:
    """It is not done after all; False if it was open."""
    return _move(conversation, ConversationState.OPEN, "Opened again", actor)


def _move(
    conversation: Conversation, state: ConversationState, told: str, actor: Actor
) -> bool:
    with _changing(conversation.pk) as row:
        if row.state == state:
            return False
        row.state, row.unread = state, 0
        _add(row, LineKind.SYSTEM, told, actor)
    return True


def mark_read(conversation: Conversation) -> None:
    """Somebody has looked at it."""
    Conversation.objects.filter(pk=conversation.pk).exclude(unread=0).update(unread=0)
