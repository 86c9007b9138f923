"""`/messages/`."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout import selection, single_sends
from optout.actors import actor_of
from optout.addresses import AddressKind
from optout.api.base import ApiView
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.api.serializers.entries import read_address
from optout.api.serializers.messages import MessageInput, MessageOutput
from optout.models import Content, OutgoingMessage, Workspace


class MessageCollection(ApiView):
    """Messages, each a send of its own."""

    serializer_class = MessageOutput
    permissions = {"POST": "optout.send_messages"}

    @extend_schema(request=MessageInput, responses={202: MessageOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Queue one message. It is withheld when the address is on one of its lists.

        Without lists: 400 `lists_required`. The default list is added, unless
        `skip_default_list` gives a reason and the key's role may leave it out
        (else 403 `default_list_locked`).
        """
        form = MessageInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        reason = _skip_reason(request, given["skip_default_list"])
        channel = given["channel"]
        message = single_sends.queue(
            channel=channel,
            to=read_address(
                given["to"],
                region=given.get("region") or Workspace.load().region,
                field="to",
                kind=AddressKind(channel.address_kind),
            ),
            content=Content(
                subject=given["subject"], text=given["text"], html=given["html"]
            ),
            lists=selection.choose(given["opt_out_lists"], skip_default=reason),
            skip_default_reason=reason or "",
            actor=actor_of(request.user),
        )
        return Response(MessageOutput(message).data, status=202)


def _skip_reason(request: Request, asked: dict[str, str] | None) -> str | None:
    if asked is None:
        return None
    if not request.user.has_perm("optout.send_past_default_list"):
        raise Problem(
            403,
            "default_list_locked",
            "Your role may not leave out the default list.",
            pointer="skip_default_list",
        )
    return asked["reason"]


class OneMessage(ApiView):
    """One message."""

    queryset = OutgoingMessage.objects.select_related("batch", "entry")
    serializer_class = MessageOutput
    permissions = {"GET": "optout.view_outgoingmessage"}

    def get(self, request: Request, pk: int) -> Response:
        """What became of the message; `suppressed` reads `Optout Number`."""
        return Response(MessageOutput(self.get_object()).data)
