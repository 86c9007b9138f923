"""The actions of this floor: on the contact, and on the conversation."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib.auth.models import Permission, User
from django.db.models import Q, QuerySet

from optout.action_forms import ActionForm
from optout.actions import Result, Situation, action
from optout.models import ALL_CHANNELS, Channel
from teambox import contacts, conversations
from teambox.conversations import MAX_REPLY, ConversationError
from teambox.models import Contact, Conversation, Tag


class TagForm(ActionForm):
    """Settings of adding and removing a tag."""

    tag = forms.CharField(label="Tag", max_length=contacts.MAX_TAG)


class AssignForm(ActionForm):
    """Settings of assigning a conversation."""

    user = forms.ModelChoiceField(
        User.objects.none(), label="Agent", empty_label="Choose an agent"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer who may take care of conversations."""
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[User]", self.fields["user"])
        field.queryset = _agents()

    def settings(self) -> dict[str, Any]:
        """The agent by id."""
        return {"user": self.cleaned_data["user"].pk}

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The agents' names, read at once."""
        found = User.objects.in_bulk([row["user"] for row in many])
        return [str(found.get(row["user"], "somebody who is gone")) for row in many]


class ReplyForm(ActionForm):
    """Settings of one more message to the person."""

    text = forms.CharField(
        label="Message",
        max_length=MAX_REPLY,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="May hold {{name}} and {{name|fallback}}.",
    )


def _agents() -> QuerySet[User]:
    """Who may take care of conversations: by role, by name, or as a superuser."""
    may = Permission.objects.get(
        content_type__app_label="teambox", codename="reply_conversation"
    )
    asked = Q(groups__permissions=may) | Q(user_permissions=may) | Q(is_superuser=True)
    return User.objects.filter(asked, is_active=True).distinct().order_by("username")


@action("add_tag", label="Add tag", form=TagForm, icon="tag")
def add_tag(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Give the contact a tag, which is made where there is none: `added`."""
    contact = contacts.of_address(situation.address.key) or contacts.make(
        addresses=[situation.address]
    )
    return Result("added", contacts.tag([contact], settings["tag"]).name)


@action("remove_tag", label="Remove tag", form=TagForm, icon="tag")
def remove_tag(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Take a tag from the contact: `removed`, or `not there`."""
    contact = contacts.of_address(situation.address.key)
    found = Tag.objects.filter(name__iexact=" ".join(settings["tag"].split())).first()
    if contact is None or found is None or not _has(contact, found):
        return Result("not there", settings["tag"])
    contacts.untag([contact], found)
    return Result("removed", found.name)


def _has(contact: Contact, found: Tag) -> bool:
    return contact.tags.filter(pk=found.pk).exists()


@action("assign", label="Assign", form=AssignForm, icon="user-plus")
def assign(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Give the conversation to an agent, unless somebody has it: `assigned`, `kept`."""
    conversation = _conversation(situation)
    user = _agents().filter(pk=settings["user"]).first()
    if user is None:
        raise ConversationError("no_agent", "This agent takes no conversations now.")
    if conversation.assignee_id is not None:
        return Result("kept", f"{conversation.assignee} has it")
    conversations.assign(conversation, user, actor=situation.actor)
    return Result("assigned", user.get_username())


@action("reply", label="Reply", form=ReplyForm, icon="send", is_answer=True)
def reply(situation: Situation, settings: Mapping[str, Any]) -> Result:
    """Send the person one more message, once in this situation: `queued`."""
    values = contacts.values(contacts.of_address(situation.address.key))
    conversation = _conversation(situation)
    conversations.answer(conversation, settings["text"], values, once=situation.once)
    return Result("queued")


def _conversation(situation: Situation) -> Conversation:
    """The one on the situation's channel; ConversationError where there is no one."""
    if situation.channel_id == ALL_CHANNELS:
        raise ConversationError("no_channel", "A conversation needs a channel.")
    channel = Channel.objects.get(pk=situation.channel_id)
    return conversations.of(channel, situation.address)
