"""Conversations: what comes in and goes out, who takes care of it, what happened.

Every change but being read locks the conversation, writes a line and raises its
version, so that a page that polls sees each change once and in order.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from optout import content, gate, outbox, prepared
from optout.actors import NOBODY, Actor
from optout.addresses import Address
from optout.models import (
    Channel,
    Content,
    Entry,
    OutgoingBatch,
    Purpose,
    Workspace,
    default_list,
)
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
SMART_REPLY = "Smart reply"  # who says what is answered by itself


class ConversationError(Refused):
    """A wish that the conversation's state refuses."""


@contextmanager
def _changing(pk: int) -> Iterator[Conversation]:
    """The conversation as it is now, ours alone to change; saved at the end."""
    with transaction.atomic():
        row = _locked().get(pk=pk)
        yield row
        _save(row)


_WRITE = prepared.Prepared("""
UPDATE teambox_conversation SET state = %(state)s, assignee_id = %(assignee_id)s,
    unread = %(unread)s, preview = %(preview)s, version = %(version)s,
    last_at = %(last_at)s
WHERE id = %(id)s
""")


def _save(row: Conversation) -> None:
    names = ("id", "state", "assignee_id", "unread", "preview", "version", "last_at")
    _WRITE.run({name: getattr(row, name) for name in names})


def _locked() -> QuerySet[Conversation]:
    return Conversation.objects.select_for_update(no_key=True)


def _add(
    row: Conversation, kind: LineKind, text: str, actor: Actor, **more: Any
) -> Line:
    """A line, the newest of its conversation."""
    said = {"actor_id": actor.user_id, "actor_label": actor.label, **more}
    line = Line(conversation=row, kind=kind, text=text, **said)
    prepared.insert([line])
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
    with transaction.atomic():
        contacts.meet(address, at=event.asked_at, name=name)
        row = of(event.channel, address, among=_locked())
        if _SAID.fetch_all({"event": event.pk}):
            return row
        said = {"event": event, "at": event.asked_at}
        _add(row, LineKind.INBOUND, event.text, NOBODY, **said)
        if told:
            _add(row, LineKind.SYSTEM, told, NOBODY)
        _show(row, event.text)
        row.unread += 1
        if not row.is_open:
            row.state, row.assignee = ConversationState.OPEN, None
        _save(row)
    return row


_SAID = prepared.Prepared("""
SELECT id FROM teambox_line WHERE event_id = %(event)s AND kind = 'inbound'
""")


def of(
    channel: Channel, address: Address, among: QuerySet[Conversation] | None = None
) -> Conversation:
    """The conversation with this address on this channel, made once."""
    rows = Conversation.objects.all() if among is None else among
    row, _ = rows.get_or_create(
        key=address.key,
        channel=channel,
        defaults={"kind": address.kind, "address": address.address},
    )
    return row


def tell(conversation: Conversation, text: str, *, actor: Actor = NOBODY) -> Line:
    """A system line: what happened, in words people read."""
    with _changing(conversation.pk) as row:
        return _add(row, LineKind.SYSTEM, text, actor)


def tell_all(keys: Iterable[UUID], text: str, *, actor: Actor = NOBODY) -> None:
    """A system line in every conversation with these addresses."""
    for row in Conversation.objects.filter(key__in=list(keys)).order_by("id"):
        tell(row, text, actor=actor)


# What we write


def start(channel: Channel, address: Address, text: str, *, actor: Actor) -> Line:
    """Write to somebody first, and take the conversation where nobody has it.

    Raises ConversationError as `reply` does, and `wrong_kind` for an address the
    channel does not write to.
    """
    if address.kind != channel.address_kind:
        wanted = channel.get_address_kind_display().lower()
        message = f"{channel.name} writes to another kind of address: {wanted}."
        raise ConversationError("wrong_kind", message, "address")
    conversation = of(channel, address)
    line = reply(conversation, text, actor=actor)
    with _changing(conversation.pk) as row:
        if row.assignee_id is None or not row.is_open:
            row.state, row.assignee_id = ConversationState.OPEN, actor.user_id
    return line


def reply(
    conversation: Conversation, text: str, *, actor: Actor, form_id: int = 0
) -> Line:
    """Send the person a text; it leaves by the outbox.

    As a reply it passes the gate. Where the person never wrote to us it starts a
    conversation, which the default list withholds. `form_id` is the version the page
    showed: a form sent twice is one reply. Raises ConversationError `empty`,
    `too_long`, and `opted_out` where it would be withheld.
    """
    text = _written(text, MAX_REPLY)
    batch = _batch_for(conversation)
    person = Recipient(conversation.key, conversation.address)
    with _changing(conversation.pk) as row:
        if form_id and (sent := _sent_by_form(row, text, actor, form_id)):
            return sent
        line = _add(row, LineKind.REPLY, text, actor)
        words = Content.objects.create(subject=SUBJECT, text=text)
        message = outbox.put(batch, words, person, dedupe=line.pk)
        Line.objects.filter(pk=line.pk).update(message=message)
        line.message = message
        _show(row, text)
        row.unread = 0
    return line


def _batch_for(conversation: Conversation) -> OutgoingBatch:
    channel = conversation.channel
    if not is_gated(conversation):
        return outbox.standing_batch(channel, Purpose.REPLY)
    if withheld := withheld_by(conversation):
        raise ConversationError("opted_out", withheld, "text")
    lists = [default_list().pk]
    return outbox.standing_batch(channel, Purpose.CONVERSATION_START, lists)


def is_gated(conversation: Conversation) -> bool:
    """Whether what we write is withheld by the default list.

    It is where the person never wrote to us, and where the workspace says so.
    """
    if Workspace.load().forbid_agent_replies:
        return True
    return not conversation.lines.filter(kind=LineKind.INBOUND).exists()


def withheld_by(conversation: Conversation) -> str:
    """Why a gated message would be withheld now, in words; nothing if it would go."""
    lists = [default_list().pk]
    found = gate.suppressed(
        channel_id=conversation.channel_id, keys=[conversation.key], list_ids=lists
    ).get(conversation.key)
    if found is None:
        return ""
    if isinstance(found, Entry):
        return f"The person is on “{found.list.name}”: we may not write first."
    return "A request of this person waits for review: we may not write first."


def answer(
    conversation: Conversation,
    text: str,
    values: Mapping[str, str],
    *,
    once: int,
) -> Line:
    """Send what an automation says, its variables filled in; what is unread stays so.

    `once` is a number of its own on this channel: the same again sends nothing and
    gives the first line.
    """
    batch = outbox.standing_batch(conversation.channel, Purpose.SMART_REPLY)
    used = content.used_values(content.variables(text), values)
    person = Recipient(conversation.key, conversation.address, used)
    with _changing(conversation.pk) as row:
        sent = row.lines.filter(message__batch=batch, message__dedupe=once).first()
        if sent is not None:
            return sent
        words = Content.objects.create(subject=SUBJECT, text=text)
        message = outbox.put(batch, words, person, dedupe=once)
        said = content.compiled(text).render(used)
        actor = Actor(label=SMART_REPLY)
        line = _add(row, LineKind.REPLY, said, actor, message=message)
        _show(row, said)
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


def agents() -> QuerySet[User]:
    """Who may take care of conversations, by name."""
    by_role = Q(groups__permissions__in=_replying())
    by_name = Q(user_permissions__in=_replying())
    allowed = by_role | by_name | Q(is_superuser=True)
    users = User.objects.filter(allowed, is_active=True)
    return users.distinct().order_by("username")


def _replying() -> QuerySet[Permission]:
    return Permission.objects.filter(
        codename="reply_conversation", content_type__app_label="teambox"
    )


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
