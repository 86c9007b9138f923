"""`/sequences/{id}/steps/`: the messages of a sequence, and when they follow."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster import steps
from broadcaster.api.base import Translating
from broadcaster.api.fields import chosen_hours
from broadcaster.api.sequences import CHANGE, VIEW
from broadcaster.api.step_serializers import (
    StepChangeInput,
    StepInput,
    StepOutput,
)
from broadcaster.broadcasts import Words
from broadcaster.models import Sequence, Step, all_sequences
from broadcaster.step_timing import Timing
from optout.api.idempotency import idempotent
from optout.api.problems import Problem

_WORDS = ("text", "subject", "html")


class _OfSteps(Translating):
    """A view of the steps of the sequence in the URL."""

    serializer_class = StepOutput

    def sequence(self) -> Sequence:
        """The sequence of the URL; raises a Problem."""
        found = all_sequences().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Problem(404, "not_found", "There is no such sequence.")
        return found

    def get_queryset(self) -> QuerySet[Any]:
        """The steps that are sent, in order."""
        if getattr(self, "swagger_fake_view", False):
            return Step.objects.none()
        return steps.live(self.sequence())


class StepCollection(ListModelMixin, _OfSteps):
    """The steps of a sequence, in order."""

    permissions = {"GET": VIEW, "POST": CHANGE}

    def get(self, request: Request, pk: int) -> Response:
        """A page of the steps."""
        return self.list(request)

    @extend_schema(request=StepInput, responses={201: StepOutput})
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Add a last step. While the sequence runs it counts at once."""
        form = StepInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        words = Words(**{name: given[name] for name in _WORDS})
        sequence = self.sequence()
        made = steps.add(sequence, words, _timing(given), name=given["name"])
        return Response(StepOutput(made).data, status=201)


class OneStep(_OfSteps):
    """One step."""

    lookup_url_kwarg = "step"
    permissions = {"PATCH": CHANGE, "DELETE": CHANGE}

    @extend_schema(request=StepChangeInput, responses=StepOutput)
    def patch(self, request: Request, pk: int, step: int) -> Response:
        """Change what is given; `position` moves it. What is queued keeps its words."""
        row: Step = self.get_object()
        form = StepChangeInput(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        with transaction.atomic():
            _change(row, given)
            if "position" in given:
                self._move(row, given["position"])
        return Response(StepOutput(self.get_object()).data)

    def _move(self, row: Step, position: int) -> None:
        ids = [one.pk for one in self.get_queryset() if one.pk != row.pk]
        ids.insert(position - 1, row.pk)
        steps.reorder(row.sequence, ids)

    def delete(self, request: Request, pk: int, step: int) -> Response:
        """Send it no more; who waits for it waits for the next one."""
        steps.archive(self.get_object())
        return Response(status=204)


def _change(row: Step, given: Mapping[str, Any]) -> None:
    """Write the words and the timing, those there are where none are given."""
    if not given.keys() - {"position"}:
        return
    kept, before = steps.words_of(row), steps.timing_of(row)
    words = Words(**{name: given.get(name, getattr(kept, name)) for name in _WORDS})
    timing = _timing(given, before)
    steps.change(row, words, timing, name=given.get("name", row.name))


def _timing(given: Mapping[str, Any], before: Timing | None = None) -> Timing:
    """When the step follows, by what is given or as it was."""
    was = before or Timing()
    return Timing(
        wait=timedelta(**given["wait"]) if "wait" in given else was.wait,
        at=given.get("at", was.at),
        zone=given.get("zone", was.zone),
        by_recipient=given.get("by_recipient", was.by_recipient),
        hours=chosen_hours(given["hours"]) if "hours" in given else was.hours,
    )
