"""The API's views of this floor: parse, permit, call, answer."""

from collections.abc import Callable
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from broadcaster import (
    broadcasts,
    duplicates,
    preparing,
    recipients,
)
from broadcaster.api import broadcast_changes
from broadcaster.api.base import SEND, Translating
from broadcaster.api.broadcast_input import BroadcastInput
from broadcaster.api.parsers import CsvParser
from broadcaster.api.serializers import (
    BroadcastOutput,
    OneBroadcastOutput,
    RecipientOutput,
    RecipientQuery,
    UploadInput,
)
from broadcaster.filters import BroadcastFilter
from broadcaster.models import Broadcast, all_broadcasts
from optout.actors import actor_of
from optout.api.base import CollectionView
from optout.api.filtering import KnownParameters
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.models import BatchState, OutgoingMessage

VIEW = "broadcaster.view_broadcast"
CHANGE = "broadcaster.change_broadcast"


class OfBroadcasts(Translating):
    """A view of broadcasts."""

    queryset: QuerySet[Any] = all_broadcasts().select_related("batch__hours")
    serializer_class: type[BaseSerializer[Any]] = OneBroadcastOutput
    pointers = {
        name: f"audience/{name}"
        for name in ("tags", "segment", "query", "broadcast", "states")
    }

    def broadcast(self) -> Broadcast:
        """The broadcast of the URL; raises Http404."""
        found: Broadcast = self.get_object()
        return found


class BroadcastCollection(OfBroadcasts, CollectionView):
    """Broadcasts, newest first."""

    queryset = (
        all_broadcasts()
        .select_related("batch__hours")
        .prefetch_related("batch__lists")
        .order_by("-id")
    )
    serializer_class = BroadcastOutput
    filterset_class = BroadcastFilter
    permissions = {"GET": VIEW, "POST": "broadcaster.add_broadcast"}

    @extend_schema(request=BroadcastInput, responses={201: OneBroadcastOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Make a draft, and prepare it if it has an audience. Nothing is sent.

        Without lists: 400 `lists_required`. The default list is added, unless
        `skip_default_list` gives a reason and the key's role may leave it out
        (else 403 `default_list_locked`).
        """
        form = BroadcastInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        with transaction.atomic():
            made = broadcasts.create(
                name=given["name"],
                channel=given["channel_id"],
                actor=actor_of(request.user),
            )
            broadcast_changes.write(request, made, given)
        broadcast_changes.prepare(made)
        return Response(OneBroadcastOutput(made).data, status=201)


class OneBroadcast(OfBroadcasts):
    """One broadcast."""

    permissions = {"GET": VIEW, "PATCH": CHANGE}

    def get(self, request: Request, pk: int) -> Response:
        """Its status, its counts, and how its recipients were read."""
        return Response(OneBroadcastOutput(self.broadcast()).data)

    @extend_schema(request=BroadcastInput, responses=OneBroadcastOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given of a draft, which is prepared anew where it has to be.

        After the launch `opt_out_lists` may grow (409 `lists_only_grow`), `rate` and
        `hours` may change until the end, and the rest stands: 409 `not_a_draft`.
        """
        broadcast = self.broadcast()
        form = BroadcastInput(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            broadcast_changes.write(request, broadcast, form.validated_data)
        broadcast_changes.prepare(broadcast)
        return Response(OneBroadcastOutput(self.broadcast()).data)


class Duplicating(OfBroadcasts):
    """A copy."""

    permissions = {"POST": "broadcaster.add_broadcast"}

    @extend_schema(request=None, responses={201: OneBroadcastOutput})
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Make a draft like it, of any state: words, audience, lists and pace.

        The schedule is not copied, nor a reason for leaving out the default list, which
        is selected again.
        """
        actor = actor_of(request.user)
        made = duplicates.duplicate(self.broadcast(), actor=actor)
        return Response(OneBroadcastOutput(made).data, status=201)


class Recipients(ListModelMixin, OfBroadcasts):
    """Recipients in the order of the file; the suppressed read `Optout Number`."""

    queryset = OutgoingMessage.objects.none()
    serializer_class = RecipientOutput
    filter_backends = (KnownParameters,)
    filterset_class = RecipientQuery
    parser_classes = (CsvParser, MultiPartParser)
    permissions = {"GET": VIEW, "POST": CHANGE}

    def get_queryset(self) -> QuerySet[Any]:
        """The recipients of the broadcast that the URL names."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        found = all_broadcasts().filter(pk=self.kwargs["pk"])
        return recipients.of(_one(found))

    def get(self, request: Request, pk: int) -> Response:
        """A page of the recipients."""
        return self.list(request)

    @extend_schema(
        request={"text/csv": OpenApiTypes.BINARY, "multipart/form-data": UploadInput},
        responses={202: OneBroadcastOutput},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take a CSV file instead of the recipients before it; a repeat is the same.

        The body is the file itself, or a form whose field `file` holds it.
        """
        broadcast = _one(all_broadcasts().filter(pk=pk))
        file, name = _file(request)
        broadcasts.set_recipients(broadcast, file, file_name=name)
        broadcast_changes.prepare(broadcast)
        return Response(OneBroadcastOutput(broadcast).data, status=202)


def _one(found: QuerySet[Broadcast]) -> Broadcast:
    broadcast = found.first()
    if broadcast is None:
        raise Problem(404, "not_found", "There is no such broadcast.")
    return broadcast


def _file(request: Request) -> tuple[BinaryIO, str]:
    data = request.data
    given = data.get("file") if isinstance(data, dict) else None
    if isinstance(given, UploadedFile):
        return cast(BinaryIO, given.file), given.name or "recipients.csv"
    if given is None or isinstance(given, str):
        raise Problem(400, "file_required", "Send a CSV file.", pointer="file")
    return given, "API"


class Launching(OfBroadcasts):
    """The launch."""

    permissions = {"POST": SEND}

    @extend_schema(request=None, responses={202: OneBroadcastOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Launch once, at once or as soon as the recipients are read.

        A repeat changes nothing. What is missing is told by its own code (400).
        """
        broadcast = self.broadcast()
        preparing.launch(broadcast, actor=actor_of(request.user))
        return Response(OneBroadcastOutput(broadcast).data, status=202)


class Moving(OfBroadcasts):
    """Pause, resume, cancel: a repeat is the same, another state a conflict."""

    permissions = {"POST": SEND}
    move: Callable[[Broadcast], bool]
    after: BatchState

    @extend_schema(request=None, responses=OneBroadcastOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Move it; 409 `wrong_state` where its state does not allow that."""
        broadcast = self.broadcast()
        moved = type(self).move(broadcast)
        broadcast.refresh_from_db()
        if not moved and broadcast.batch.state != self.after:
            message = f"The broadcast is {broadcast.status}."
            raise Problem(409, "wrong_state", message)
        return Response(OneBroadcastOutput(broadcast).data)


class Pausing(Moving):
    """Hold what is not handed over yet."""

    move = staticmethod(broadcasts.pause)
    after = BatchState.PAUSED


class Resuming(Moving):
    """Go on sending."""

    move = staticmethod(broadcasts.resume)
    after = BatchState.RUNNING


class Cancelling(Moving):
    """End it for good; what was sent stays sent."""

    move = staticmethod(broadcasts.cancel)
    after = BatchState.CANCELLED
