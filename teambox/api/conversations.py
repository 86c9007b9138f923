"""`/conversations/`."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from optout.actors import actor_of
from optout.addresses import AddressKind
from optout.api.base import ApiView, CollectionView
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.api.serializers.entries import read_address
from optout.models import Workspace, active_channels
from teambox import conversations, transcripts
from teambox.api.conversation_serializers import (
    AssignInput,
    ConversationOutput,
    ItemOutput,
    StartInput,
    TranscriptOutput,
    WordsInput,
)
from teambox.conversation_filters import ConversationFilter
from teambox.conversations import ConversationError
from teambox.models import Conversation, Line

_OF_THE_STATE = {"taken", "opted_out"}
_MAY_REPLY = "teambox.reply_conversation"


class OfConversations(ApiView):
    """Tells the refusals of conversations as problem documents."""

    queryset = Conversation.objects.select_related("channel", "assignee").order_by(
        "-id"
    )
    serializer_class: type[serializers.BaseSerializer[Any]] = ConversationOutput

    def handle_exception(self, exc: Exception) -> Response:
        """What its state forbids is a conflict, else the input is wrong."""
        if isinstance(exc, ConversationError):
            status = 409 if exc.code in _OF_THE_STATE else 400
            exc = Problem(status, exc.code, exc.message, pointer=exc.field)
        return super().handle_exception(exc)


class ConversationCollection(OfConversations, CollectionView):
    """Conversations, the newest first."""

    filterset_class = ConversationFilter
    permissions = {"GET": "teambox.view_conversation", "POST": _MAY_REPLY}

    @extend_schema(request=StartInput, responses={202: ConversationOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Write to somebody first. 409 `opted_out` for who is on the default list."""
        form = StartInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        channel = active_channels().filter(pk=given["channel_id"]).first()
        if channel is None:
            message = "There is no such active channel."
            raise Problem(400, "unknown_channel", message, pointer="channel_id")
        address = read_address(
            given["to"],
            region=given.get("region") or Workspace.load().region,
            field="to",
            kind=AddressKind(channel.address_kind),
        )
        actor = actor_of(request.user)
        line = conversations.start(channel, address, given["text"], actor=actor)
        found = self.get_queryset().get(pk=line.conversation_id)
        return Response(ConversationOutput(found).data, status=202)


class OneConversation(OfConversations):
    """One conversation."""

    permissions = {"GET": "teambox.view_conversation"}

    def get(self, request: Request, pk: int) -> Response:
        """The conversation."""
        return Response(ConversationOutput(self.get_object()).data)


class Transcript(OfConversations):
    """What was written and what happened, by time."""

    serializer_class = TranscriptOutput
    permissions = {"GET": "teambox.view_conversation"}

    @extend_schema(parameters=[OpenApiParameter("before", datetime)])
    def get(self, request: Request, pk: int) -> Response:
        """The newest of the thread, or what stands before a time."""
        text = request.query_params.get("before")
        before = serializers.DateTimeField().run_validation(text) if text else None
        read = transcripts.read(self.get_object(), before=before)
        return Response(TranscriptOutput(read).data)


class Replies(OfConversations):
    """Replies to the person."""

    serializer_class = ItemOutput
    permissions = {"POST": _MAY_REPLY}

    @extend_schema(request=WordsInput, responses={202: ItemOutput})
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Send a reply; `status` in the thread tells what becomes of it."""
        text, conversation = _words(request), self.get_object()
        actor = actor_of(request.user)
        line = conversations.reply(conversation, text, actor=actor)
        return _written(line, 202)


class Notes(OfConversations):
    """Notes that stay with us."""

    serializer_class = ItemOutput
    permissions = {"POST": _MAY_REPLY}

    @extend_schema(request=WordsInput, responses={201: ItemOutput})
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Keep a note in the thread."""
        text, conversation = _words(request), self.get_object()
        line = conversations.note(conversation, text, actor=actor_of(request.user))
        return _written(line, 201)


def _words(request: Request) -> str:
    form = WordsInput(data=request.data)
    form.is_valid(raise_exception=True)
    text: str = form.validated_data["text"]
    return text


def _written(line: Line, status: int) -> Response:
    return Response(ItemOutput(transcripts.of_line(line)).data, status=status)


class Assigning(OfConversations):
    """Who takes care of a conversation."""

    permissions = {"POST": _MAY_REPLY}

    @extend_schema(request=AssignInput, responses=ConversationOutput)
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Give it to an agent, or to nobody."""
        conversation = self.get_object()
        form = AssignInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = _agent(form.validated_data["assignee"])
        conversations.assign(conversation, user, actor=actor_of(request.user))
        return Response(ConversationOutput(self.get_object()).data)


def _agent(username: str | None) -> User | None:
    if username is None:
        return None
    found = conversations.agents().filter(username=username).first()
    if found is None:
        message = "No agent has this name."
        raise Problem(400, "unknown_agent", message, pointer="assignee")
    return found


class Solving(OfConversations):
    """Conversations that are done."""

    permissions = {"POST": _MAY_REPLY}

    @extend_schema(request=None, responses=ConversationOutput)
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """It is done; a repeat changes nothing."""
        conversations.solve(self.get_object(), actor=actor_of(request.user))
        return Response(ConversationOutput(self.get_object()).data)


class Reopening(OfConversations):
    """Conversations that are not done after all."""

    permissions = {"POST": _MAY_REPLY}

    @extend_schema(request=None, responses=ConversationOutput)
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """It is not done after all; a repeat changes nothing."""
        conversations.reopen(self.get_object(), actor=actor_of(request.user))
        return Response(ConversationOutput(self.get_object()).data)
