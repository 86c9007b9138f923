"""When smart replies are silent: loops, other programs, keywords, agents."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from optout import content, keyword_text
from optout.addresses import InvalidAddress
from optout.models import Channel, OutgoingMessage, Purpose, connected_channels
from teambox import contacts
from teambox.keyword_requests import Handled, sender_address
from teambox.models import (
    Conversation,
    InboundEvent,
    InboundOutcome,
    Silence,
    SmartReplyRun,
)

MAX_ANSWERS = 5
WINDOW = timedelta(minutes=10)
ECHOES_AMONG = 10  # so many of our latest messages to the address

# These messages are no person's: nothing is done about them at all.
NO_PERSON = frozenset({Silence.ECHO, Silence.AUTO_REPLY, Silence.OWN_SENDER})

# What smart replies send: answers, messages of actions, the steps after enrolling.
_ANSWERING = (Purpose.SMART_REPLY, Purpose.CONNECTOR, Purpose.SEQUENCE)

# Headers by which a program says that it wrote (RFC 3834, and those before it).
_AUTOMATIC = {
    "precedence": frozenset({"bulk", "junk", "list", "auto_reply"}),
    "x-autoreply": frozenset({"yes", "true", "1"}),
    "x-autorespond": frozenset({"yes", "true", "1"}),
}


def silence(
    event: InboundEvent, handled: Handled, conversation: Conversation
) -> Silence | None:
    """Why this message gets no answer; None for one that may be answered."""
    if found := _no_person(event, conversation):
        return found
    if conversation.is_open and conversation.assignee_id is not None:
        return Silence.HELD
    if handled.outcome != InboundOutcome.MESSAGE:
        return Silence.KEYWORD
    if event.already_answered:
        return Silence.ANSWERED
    return Silence.LIMIT if _has_had_enough(conversation) else None


def _no_person(event: InboundEvent, conversation: Conversation) -> Silence | None:
    if is_automatic(event.payload):
        return Silence.AUTO_REPLY
    if _is_ours(conversation):
        return Silence.OWN_SENDER
    return Silence.ECHO if _is_echo(event.text, conversation) else None


def is_automatic(payload: Mapping[str, object]) -> bool:
    """Whether the message says that a program wrote it, by a flag or its headers."""
    headers = payload.get("headers")
    given = headers if isinstance(headers, Mapping) else {}
    said = {str(name).lower(): str(value).lower() for name, value in given.items()}
    if payload.get("auto_reply") or said.get("auto-submitted", "no") != "no":
        return True
    return any(said.get(name) in values for name, values in _AUTOMATIC.items())


def _is_ours(conversation: Conversation) -> bool:
    """Whether a channel of ours sends from this address."""
    return any(_sends_from(row, conversation) for row in connected_channels())


def _sends_from(channel: Channel, conversation: Conversation) -> bool:
    try:
        return sender_address(channel, channel.sender).key == conversation.key
    except InvalidAddress:
        return False


def _is_echo(text: str, conversation: Conversation) -> bool:
    said = keyword_text.spoken(text)
    sent = OutgoingMessage.objects.filter(
        key=conversation.key, channel=conversation.channel_id
    ).select_related("content")
    return bool(said) and any(
        said == keyword_text.spoken(_text_of(message))
        for message in sent.order_by("-id")[:ECHOES_AMONG]
    )


def _text_of(message: OutgoingMessage) -> str:
    return content.render(message.content, message.variables).text


def _has_had_enough(conversation: Conversation) -> bool:
    """Counted over all addresses of the person: an action may write to another."""
    sent = OutgoingMessage.objects.filter(
        key__in=contacts.keys_with(conversation.key),
        batch__purpose__in=_ANSWERING,
        created_at__gt=timezone.now() - WINDOW,
    )
    return sent.count() >= MAX_ANSWERS


def was_told_of_limit(run: SmartReplyRun) -> bool:
    """Whether a run before this one has told the same already, in the window."""
    before = run.conversation.smart_reply_runs.filter(
        silence=Silence.LIMIT, created_at__gt=run.created_at - WINDOW
    )
    return before.exclude(pk=run.pk).exists()
