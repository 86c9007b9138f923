"""The API's views of this floor: parse, permit, call, answer."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout.api.base import ApiView
from optout.api.idempotency import idempotent
from optout.models import connected_channels
from teambox import inbound
from teambox.api.serializers import InboundAnswer, InboundInput


class Inbound(ApiView):
    """Messages of people, handed in by a program."""

    permissions = {"POST": "optout.receive_inbound"}
    serializer_class = InboundInput

    @extend_schema(responses={200: InboundAnswer, 202: InboundAnswer})
    @idempotent(atomic=False)
    def post(self, request: Request, channel_id: int) -> Response:
        """Hand in a message: keywords are obeyed, and unclear requests held.

        202 when it is stored and could not be handled yet.
        """
        channel = get_object_or_404(connected_channels(), pk=channel_id)
        given = InboundInput(data=request.data, context={"channel": channel})
        given.is_valid(raise_exception=True)
        received = inbound.receive(
            channel=channel,
            sender=given.validated_data["from"],
            text=given.validated_data["text"],
            message_id=given.validated_data["message_id"],
            sent_at=given.validated_data["sent_at"],
        )
        status = 200 if received.event.outcome else 202
        return Response(InboundAnswer(received).data, status=status)
