"""`/reviews/`: the review queue."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout import reviews
from optout.actors import actor_of
from optout.api.base import ApiView, CollectionView
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.models import Hold, HoldState
from teambox import review
from teambox.api.conversation_serializers import (
    DismissInput,
    DismissOutput,
    ReviewOutput,
)
from teambox.conversation_filters import ReviewFilter

_MAY_DECIDE = "optout.decide_reviews"


class ReviewCollection(CollectionView):
    """Unclear requests, newest first."""

    queryset = Hold.objects.order_by("-id")
    serializer_class = ReviewOutput
    filterset_class = ReviewFilter
    permissions = {"GET": _MAY_DECIDE}


class OptingOut(ApiView):
    """Requests that were opt-outs."""

    queryset = Hold.objects.select_related("channel")
    serializer_class = ReviewOutput
    permissions = {"POST": _MAY_DECIDE}

    @extend_schema(request=None, responses=ReviewOutput)
    @idempotent(atomic=False)
    def post(self, request: Request, pk: int) -> Response:
        """It was an opt-out. 409 `decided` where somebody decided before."""
        hold = _waiting(self.get_object())
        review.opt_out(hold, actor=actor_of(request.user))
        return Response(ReviewOutput(self.get_object()).data)


class Dismissing(ApiView):
    """Requests that were none."""

    queryset = Hold.objects.select_related("channel")
    serializer_class = DismissOutput
    permissions = {"POST": _MAY_DECIDE}

    @extend_schema(request=DismissInput, responses=DismissOutput)
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """It was none, and marketing goes on. 409 `decided` as above."""
        hold = _waiting(self.get_object())
        form = DismissInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        chosen = list(reviews.identical(hold)) if given["identical"] else [hold]
        actor = actor_of(request.user)
        count = review.dismiss(chosen, actor=actor, note=given["note"])
        return Response(DismissOutput({"dismissed": count}).data)


def _waiting(hold: Hold) -> Hold:
    if hold.state != HoldState.WAITING:
        message = f"{hold.decided_by or 'Somebody'} has decided this already."
        raise Problem(409, "decided", message)
    return hold
