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

from broadcaster import audiences, broadcasts, preparing, readiness, recipients
from broadcaster.api.parsers import CsvParser
from broadcaster.api.serializers import (
    BroadcastInput,
    BroadcastOutput,
    OneBroadcastOutput,
    RecipientOutput,
    RecipientQuery,
    UploadInput,
)
from broadcaster.broadcasts import BroadcastError, Words
from broadcaster.models import Broadcast, all_broadcasts
from optout.actors import actor_of
from optout.api.base import ApiView, CollectionView
from optout.api.filtering import KnownParameters
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.csv_files import BadFile
from optout.models import BatchState, OutgoingMessage

_OF_THE_STATE = {"not_a_draft", "not_prepared"}
VIEW = "broadcaster.view_broadcast"
SEND = "optout.send_messages"


class Translating(ApiView):
    """Tells this floor's refusals as problem documents."""

    queryset = all_broadcasts()
    serializer_class: type[BaseSerializer[Any]] = BroadcastOutput

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal by the state of things is a conflict, else the input is wrong."""
        match exc:
            case BroadcastError():
                status = 409 if exc.code in _OF_THE_STATE else 400
                exc = Problem(status, exc.code, exc.message, pointer=exc.field)
            case BadFile():
                exc = Problem(400, exc.code, exc.message, pointer="recipients")
        return super().handle_exception(exc)

    def broadcast(self, pk: int) -> Broadcast:
        """The broadcast of the URL; raises Http404."""
        found: Broadcast = self.get_object()
        return found


class BroadcastCollection(Translating, CollectionView):
    """Broadcasts, newest first."""

    queryset = all_broadcasts().prefetch_related("batch__lists").order_by("-id")
    permissions = {"GET": VIEW, "POST": "broadcaster.add_broadcast"}

    @extend_schema(request=BroadcastInput, responses={201: OneBroadcastOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Make a draft, and prepare it if recipients are given. Nothing is sent.

        Without lists: 400 `lists_required`. The default list is added, unless
        `skip_default_list` gives a reason and the key's role may leave it out
        (else 403 `default_list_locked`).
        """
        form = BroadcastInput(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            made = _make(request, form.validated_data)
        _prepare(made)
        return Response(OneBroadcastOutput(made).data, status=201)


def _make(request: Request, given: dict[str, Any]) -> Broadcast:
    skip = _skip_reason(request, given["skip_default_list"])
    made = broadcasts.create(
        name=given["name"], channel=given["channel_id"], actor=actor_of(request.user)
    )
    broadcasts.set_lists(
        made,
        given["opt_out_lists"],
        skip_default=skip,
        unsubscribe_list_id=given["unsubscribe_list"],
    )
    broadcasts.write(
        made, Words(text=given["text"], subject=given["subject"], html=given["html"])
    )
    broadcasts.schedule(made, given["scheduled_at"])
    if given["recipients"]:
        file = audiences.rows_file(given["recipients"])
        broadcasts.set_recipients(made, file, file_name="API")
    return made


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


def _prepare(broadcast: Broadcast) -> None:
    """Read the recipients if nothing else is missing; the launch tells what is."""
    if not readiness.problems(broadcast):
        preparing.prepare(broadcast)


class OneBroadcast(Translating):
    """One broadcast."""

    serializer_class = OneBroadcastOutput
    permissions = {"GET": VIEW}

    def get(self, request: Request, pk: int) -> Response:
        """Its status, its counts, and how its recipients were read."""
        return Response(OneBroadcastOutput(self.broadcast(pk)).data)


class Recipients(ListModelMixin, Translating):
    """Recipients in the order of the file; the suppressed read `Optout Number`."""

    serializer_class = RecipientOutput
    filter_backends = (KnownParameters,)
    filterset_class = RecipientQuery
    parser_classes = (CsvParser, MultiPartParser)
    permissions = {"GET": VIEW, "POST": "broadcaster.change_broadcast"}

    def get_queryset(self) -> QuerySet[Any]:
        """The recipients of the broadcast that the URL names."""
        if getattr(self, "swagger_fake_view", False):
            return OutgoingMessage.objects.none()
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
        _prepare(broadcast)
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


class Launching(Translating):
    """The launch."""

    permissions = {"POST": SEND}

    @extend_schema(request=None, responses={202: OneBroadcastOutput})
    def post(self, request: Request, pk: int) -> Response:
        """Launch once, at once or as soon as the recipients are read.

        A repeat changes nothing. What is missing is told by its own code (400).
        """
        broadcast = self.broadcast(pk)
        preparing.launch(broadcast, actor=actor_of(request.user))
        return Response(OneBroadcastOutput(broadcast).data, status=202)


class Moving(Translating):
    """Pause, resume, cancel: a repeat is the same, another state a conflict."""

    permissions = {"POST": SEND}
    move: Callable[[Broadcast], bool]
    after: BatchState

    @extend_schema(request=None, responses=OneBroadcastOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Move it; 409 `wrong_state` where its state does not allow that."""
        broadcast = self.broadcast(pk)
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
