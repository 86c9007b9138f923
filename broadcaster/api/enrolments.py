"""`/sequences/{id}/enrolments/`: who is on the way through a sequence."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster import enrolments
from broadcaster.api.base import SEND, Translating
from broadcaster.api.enrolment_serializers import (
    EnrolmentFilter,
    EnrolmentInput,
    EnrolmentOutput,
    EnrolmentsInput,
    EnrolmentsOutput,
    UnenrolOutput,
)
from broadcaster.api.fields import PersonInput, person_of
from broadcaster.api.sequences import VIEW, OfSequences
from broadcaster.models import Enrolment, EnrolmentSource, Sequence, all_sequences
from optout.actors import actor_of
from optout.api import problems
from optout.api.filtering import KnownParameters
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.models import Workspace
from optout.outbox import Recipient

Result = dict[str, Any]


class EnrolmentCollection(ListModelMixin, Translating):
    """Enrolments, newest first; who opted out reads `Optout Number`."""

    serializer_class = EnrolmentOutput
    filter_backends = (KnownParameters,)
    filterset_class = EnrolmentFilter
    permissions = {"GET": VIEW, "POST": SEND}

    def get_queryset(self) -> QuerySet[Any]:
        """The enrolments of the sequence that the URL names."""
        if getattr(self, "swagger_fake_view", False):
            return Enrolment.objects.none()
        return self._sequence().enrolments.order_by("-id")

    def _sequence(self) -> Sequence:
        found = all_sequences().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Problem(404, "not_found", "There is no such sequence.")
        return found

    def get(self, request: Request, pk: int) -> Response:
        """A page of the enrolments."""
        return self.list(request)

    @extend_schema(request=EnrolmentsInput, responses=EnrolmentsOutput)
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Enrol people: a result for each item, in their order.

        A bad item is refused by itself and stops no other. Who was there before is
        enrolled again by the sequence's own rule. 409 `ended` after its end.
        """
        form = EnrolmentsInput(data=request.data)
        form.is_valid(raise_exception=True)
        batch = _Enrolling(self._sequence())
        for item in form.validated_data["items"]:
            batch.add(item)
        with transaction.atomic():
            batch.enrol(request)
        return Response(EnrolmentsOutput({"results": batch.results}).data)


class _Enrolling:
    """The items of one request: read one by one, enrolled together."""

    def __init__(self, sequence: Sequence) -> None:
        self._sequence, self._channel = sequence, sequence.channel
        self._region = Workspace.load().region
        self._read: list[tuple[Result, Recipient]] = []
        self.results: list[Result] = []

    def add(self, item: object) -> None:
        """Read one item; its result is filled in now, if it is bad, or later."""
        result: Result = {"result": "refused", "enrolment": None, "problem": None}
        self.results.append(result)
        form = EnrolmentInput(data=item)
        try:
            form.is_valid(raise_exception=True)
            address = person_of(form.validated_data, self._channel, self._region)
        except APIException as error:
            result["problem"] = problems.document(error)
            return
        variables = form.validated_data["variables"]
        person = Recipient(address.key, address.address, variables)
        self._read.append((result, person))

    def enrol(self, request: Request) -> None:
        """Enrol who could be read."""
        done = enrolments.enrol_many(
            self._sequence,
            [person for _result, person in self._read],
            source=EnrolmentSource.API,
            actor=actor_of(request.user),
        )
        for (result, _person), one in zip(self._read, done, strict=True):
            result["result"] = one.result.value.replace(" ", "_")
            result["enrolment"] = one.enrolment.pk


class Unenrolling(OfSequences):
    """Taking a person out of a sequence."""

    permissions = {"POST": "broadcaster.change_enrolment"}

    @extend_schema(request=PersonInput, responses=UnenrolOutput)
    def post(self, request: Request, pk: int) -> Response:
        """End a person's enrolment. A repeat, or a stranger, changes nothing.

        A message that is queued is withdrawn; one that is leaving now still arrives.
        """
        row = self.sequence()
        form = PersonInput(data=request.data)
        form.is_valid(raise_exception=True)
        region = Workspace.load().region
        address = person_of(form.validated_data, row.channel, region)
        ended = enrolments.unenrol(row, [address.key], actor=actor_of(request.user))
        return Response(UnenrolOutput({"unenrolled": ended}).data)
