"""`/channels/`."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout.api.base import ApiView, CollectionView
from optout.api.idempotency import idempotent
from optout.api.serializers.channels import (
    ChannelChangeInput,
    ChannelInput,
    ChannelOutput,
)
from optout.models import connected_channels


class ChannelCollection(CollectionView):
    """The configured connections to people."""

    queryset = connected_channels().order_by("channel_id")
    serializer_class = ChannelOutput
    permissions = {"GET": "optout.view_channel", "POST": "optout.add_channel"}

    @extend_schema(request=ChannelInput, responses={201: ChannelOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Make a channel. You choose `channel_id`; it can never be changed."""
        form = ChannelInput(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(ChannelOutput(form.save_channel()).data, status=201)


class OneChannel(ApiView):
    """One channel."""

    queryset = connected_channels()
    serializer_class = ChannelOutput
    lookup_field = "channel_id"
    permissions = {"GET": "optout.view_channel", "PATCH": "optout.change_channel"}

    def get(self, request: Request, channel_id: int) -> Response:
        """The channel, without its credentials."""
        return Response(ChannelOutput(self.get_object()).data)

    @extend_schema(request=ChannelChangeInput, responses=ChannelOutput)
    def patch(self, request: Request, channel_id: int) -> Response:
        """Change what is given; of `options` and `credentials` what is named."""
        form = ChannelChangeInput(self.get_object(), data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(ChannelOutput(form.save_channel()).data)
