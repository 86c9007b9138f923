"""`/sequences/`: making and changing them, letting them run, their report."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from broadcaster import sequence_reports, sequences
from broadcaster.api.base import SEND, Translating, skip_reason
from broadcaster.api.sequence_serializers import (
    ENDED,
    OneSequenceOutput,
    SequenceChangeInput,
    SequenceFilter,
    SequenceInput,
    SequenceOutput,
    SequenceReportOutput,
)
from broadcaster.models import Sequence, all_sequences
from optout.actors import Actor, actor_of
from optout.api.base import CollectionView
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.models import BatchState

VIEW = "broadcaster.view_sequence"
CHANGE = "broadcaster.change_sequence"
_LISTS = {"opt_out_lists", "skip_default_list", "unsubscribe_list"}


class OfSequences(Translating):
    """A view of sequences, with what their answers show."""

    queryset = all_sequences().select_related("enrol_tag")
    serializer_class: type[BaseSerializer[Any]] = OneSequenceOutput

    def sequence(self) -> Sequence:
        """The sequence of the URL; raises Http404."""
        found: Sequence = self.get_object()
        return found


class SequenceCollection(OfSequences, CollectionView):
    """Sequences, newest first."""

    queryset = (
        all_sequences()
        .select_related("enrol_tag")
        .prefetch_related("batch__lists")
        .order_by("-id")
    )
    serializer_class = SequenceOutput
    filterset_class = SequenceFilter
    permissions = {"GET": VIEW, "POST": "broadcaster.add_sequence"}

    @extend_schema(request=SequenceInput, responses={201: OneSequenceOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Make a draft without steps. Nothing is sent before its start.

        Without lists: 400 `lists_required`. The default list is added, unless
        `skip_default_list` gives a reason and the key's role may leave it out
        (else 403 `default_list_locked`).
        """
        form = SequenceInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        with transaction.atomic():
            made = sequences.create(
                name=given["name"],
                channel=given["channel_id"],
                actor=actor_of(request.user),
            )
            _write(request, made, given)
        return Response(OneSequenceOutput(made).data, status=201)


class OneSequence(OfSequences):
    """One sequence."""

    permissions = {"GET": VIEW, "PATCH": CHANGE}

    def get(self, request: Request, pk: int) -> Response:
        """The sequence, and how many enrolments are where."""
        return Response(OneSequenceOutput(self.sequence()).data)

    @extend_schema(request=SequenceChangeInput, responses=OneSequenceOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given, at any time but after the end (409 `ended`).

        `opt_out_lists` replaces the selection, which counts from the next step on; the
        default list is in it unless `skip_default_list` says otherwise each time.
        """
        row = self.sequence()
        form = SequenceChangeInput(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            _write(request, row, form.validated_data)
        return Response(OneSequenceOutput(self.sequence()).data)


def _write(request: Request, row: Sequence, given: dict[str, Any]) -> None:
    """Write what is given, all of it or nothing."""
    sequences.change(
        row,
        name=given.get("name", row.name),
        description=given.get("description", row.description),
        stop_on_reply=given.get("stop_on_reply", row.stop_on_reply),
        re_enrolment=given.get("re_enrolment", row.re_enrolment),
        enrol_tag=given.get("enrol_tag", row.enrol_tag),
    )
    if _LISTS & given.keys():
        _set_lists(request, row, given)


def _set_lists(request: Request, row: Sequence, given: dict[str, Any]) -> None:
    """The selection that is given; what is not given stays as it is."""
    skip = skip_reason(request, given.get("skip_default_list"))
    lists = given.get("opt_out_lists")
    if lists is None:
        lists = [one.pk for one in row.batch.lists.all()]
        if "skip_default_list" not in given:
            skip = row.batch.skip_default_reason or None
    sequences.set_lists(
        row,
        lists,
        actor=actor_of(request.user),
        skip_default=skip,
        unsubscribe_list_id=given.get("unsubscribe_list"),
    )


class _Moving(OfSequences):
    """Start, pause, resume, end: a repeat is the same, another state a conflict."""

    permissions = {"POST": SEND}
    move: Callable[..., bool]
    after: BatchState

    @extend_schema(request=None, responses=OneSequenceOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Move it; 409 `wrong_state` where its state does not allow that."""
        row = self.sequence()
        actor: Actor = actor_of(request.user)
        moved = type(self).move(row, actor=actor)
        row = self.sequence()
        if not moved and row.state != self.after:
            state = ENDED if row.is_ended else row.state
            raise Problem(409, "wrong_state", f"The sequence is {state}.")
        return Response(OneSequenceOutput(row).data)


class Starting(_Moving):
    """Let a draft run. What is missing is told by its own code (400)."""

    move = staticmethod(sequences.start)
    after = BatchState.RUNNING


class Pausing(_Moving):
    """Nobody moves on, and nothing leaves."""

    move = staticmethod(sequences.pause)
    after = BatchState.PAUSED


class Resuming(_Moving):
    """Go on; who replied meanwhile gets nothing more."""

    move = staticmethod(sequences.resume)
    after = BatchState.RUNNING


class Ending(_Moving):
    """End it for good, and everybody's enrolment with it."""

    move = staticmethod(sequences.end)
    after = BatchState.CANCELLED


class SequenceReport(OfSequences):
    """What became of a sequence, by step."""

    permissions = {"GET": VIEW}

    @extend_schema(responses=SequenceReportOutput)
    def get(self, request: Request, pk: int) -> Response:
        """Enrolments by state, a row for each step, and the funnel."""
        row = self.sequence()
        steps = sequence_reports.by_step(row)
        found = {
            "counts": sequence_reports.counts(row),
            "steps": steps,
            "funnel": sequence_reports.funnel(row, steps),
        }
        return Response(SequenceReportOutput(found).data)
