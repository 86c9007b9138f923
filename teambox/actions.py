"""The actions of this floor: on the contact, on the conversation, and to the person."""

from collections.abc import Mapping
from typing import Any

from optout import content, single_sends
from optout.action_table import Place, Result, Situation, Whom, action
from optout.addresses import Address, AddressKind
from optout.models import ALL_CHANNELS, OPTOUT_NUMBER, Channel, Content, Source
from optout.single_sends import Kind
from teambox import contacts, conversations
from teambox.action_forms import (
    AssignForm,
    ReplyForm,
    SendEmailForm,
    SendMessageForm,
    TagForm,
)
from teambox.conversations import ConversationError
from teambox.models import Contact, Conversation, Tag


@action("add_tag", label="Add tag", form=TagForm, icon="tag")
def add_tag(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Give the contact a tag, which is made where there is none: `added`."""
    contact = _contact(situation) or contacts.make(addresses=situation.addresses)
    return Result("added", contacts.tag([contact], settings["tag"]).name)


@action("remove_tag", label="Remove tag", form=TagForm, icon="tag")
def remove_tag(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Take a tag from the contact: `removed`, or `not there`."""
    contact = _contact(situation)
    found = Tag.objects.filter(name__iexact=" ".join(settings["tag"].split())).first()
    if contact is None or found is None or not _has(contact, found):
        return Result("not there", settings["tag"])
    contacts.untag([contact], found)
    return Result("removed", found.name)


def _contact(situation: Situation) -> Contact | None:
    """The contact that one of the addresses is filed under, the first one's first."""
    found = contacts.of_addresses(one.key for one in situation.addresses)
    return next((found[a.key] for a in situation.addresses if a.key in found), None)


def _has(contact: Contact, found: Tag) -> bool:
    return contact.tags.filter(pk=found.pk).exists()


@action(
    "assign", label="Assign", form=AssignForm, icon="user-plus", whom=Whom.ON_CHANNEL
)
def assign(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Give the conversation to an agent, unless somebody has it: `assigned`, `kept`."""
    conversation = _conversation(situation)
    user = conversations.agents().filter(pk=settings["user"]).first()
    if user is None:
        raise ConversationError("no_agent", "This agent takes no conversations now.")
    if conversation.assignee_id is not None:
        return Result("kept", f"{conversation.assignee} has it")
    conversations.assign(conversation, user, actor=situation.actor)
    return Result("assigned", user.get_username())


# Not through opt-out lists: it answers what the person wrote.
@action(
    "reply",
    label="Reply",
    form=ReplyForm,
    icon="send",
    is_answer=True,
    places=frozenset({Place.SMART_REPLY}),
)
def reply(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Send the person one more message, once in this situation: `queued`."""
    values = contacts.values(contacts.of_address(situation.address.key))
    conversation = _conversation(situation)
    conversations.answer(conversation, settings["text"], values, once=situation.once)
    return Result("queued")


def _conversation(situation: Situation) -> Conversation:
    """The one on the situation's channel; ConversationError where there is no one."""
    return conversations.of(_channel(situation), situation.address)


def _channel(situation: Situation, chosen: int | None = None) -> Channel:
    """The chosen channel, else the situation's."""
    pk = chosen or situation.channel_id
    if pk == ALL_CHANNELS:
        raise ConversationError("no_channel", "It needs a channel.")
    return Channel.objects.get(pk=pk)


# Marketing


def _would_send(situation: Situation, settings: Mapping[str, Any]) -> Result:
    sending = _sending(situation, settings)
    if isinstance(sending, Result):
        return sending
    channel, to = sending
    why = single_sends.would_withhold(channel, to, settings["lists"])
    words = content.compiled(settings.get("subject") or settings["text"])
    shown = words.render(_values(situation))
    return Result(OPTOUT_NUMBER, why) if why else Result("would be sent", shown)


@action(
    "send_message",
    label="Send message",
    form=SendMessageForm,
    icon="message-square",
    is_answer=True,
    whom=Whom.ON_CHANNEL,
    preview=_would_send,
)
def send_message(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Send a marketing message, once in this situation, withheld by its lists.

    `queued`, `Optout Number`, or `no address` where the channel writes to a kind of
    address that the contact has none of.
    """
    words = Content(subject=conversations.SUBJECT, text=settings["text"])
    return _send(situation, settings, words)


@action(
    "send_email",
    label="Send email",
    form=SendEmailForm,
    icon="mail",
    is_answer=True,
    preview=_would_send,
)
def send_email(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Send a marketing email to the contact's first address; as `send_message`."""
    words = Content(
        subject=settings["subject"], text=settings["text"], html=settings["html"]
    )
    return _send(situation, settings, words)


def _send(situation: Situation, settings: Mapping[str, Any], words: Content) -> Result:
    sending = _sending(situation, settings)
    if isinstance(sending, Result):
        return sending
    channel, to = sending
    message = single_sends.queue_once(
        Kind(channel, tuple(settings["lists"]), Source(situation.source).label),
        to,
        words,
        _values(situation),
        once=situation.once,
    )
    output = {"message": message.pk}
    if why := single_sends.withheld_by(message):
        return Result(OPTOUT_NUMBER, why, output)
    return Result("queued", output=output)


def _sending(
    situation: Situation, settings: Mapping[str, Any]
) -> tuple[Channel, Address] | Result:
    """The channel and the address written to, or that there is none."""
    channel = _channel(situation, settings["channel"])
    if not channel.is_active:
        raise ConversationError("inactive_channel", f"{channel} is not active.")
    kind = AddressKind(channel.address_kind)
    given = [one for one in situation.addresses if one.kind == kind]
    to = given[0] if given else contacts.reached_at(situation.address, kind)
    if to is None:
        named = channel.get_address_kind_display().lower()
        return Result("no address", f"the contact has no {named}")
    return channel, to


def _values(situation: Situation) -> dict[str, str]:
    return {**contacts.values(_contact(situation)), **situation.values}
