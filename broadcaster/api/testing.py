"""`/broadcasts/{id}/test/`: the words of a broadcast, sent to oneself."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster import previews, samples, trials
from broadcaster.api.base import SEND
from broadcaster.api.fields import PersonInput, person_of
from broadcaster.api.views import OfBroadcasts
from optout.actors import actor_of
from optout.api.idempotency import idempotent
from optout.api.serializers.messages import MessageOutput
from optout.models import Workspace


class Testing(OfBroadcasts):
    """A test of its words."""

    permissions = {"POST": SEND}

    @extend_schema(request=PersonInput, responses={202: MessageOutput})
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Send the words as the first recipient would read them, to an address of ours.

        Withheld from who is on one of its lists, as any message is; its unsubscribe
        link opts nobody out. At most 20 an hour: 429 `too_many_tests`.
        """
        broadcast = self.broadcast()
        form = PersonInput(data=request.data)
        form.is_valid(raise_exception=True)
        region = Workspace.load().region
        message = trials.send_test(
            broadcast,
            previews.saved(broadcast),
            person_of(form.validated_data, broadcast.channel, region),
            actor=actor_of(request.user),
            sample=next(iter(samples.first(broadcast)), None),
        )
        return Response(MessageOutput(message).data, status=202)
