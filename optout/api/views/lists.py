"""`/opt-out-lists/`."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout import list_deletion, webhooks
from optout.actors import actor_of
from optout.api.base import ApiView, CollectionView
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.api.serializers.lists import (
    DeletionQuery,
    ListInput,
    ListOutput,
    NewListOutput,
    OneListOutput,
    SecretOutput,
)
from optout.models import OptOutList, live_lists


class ListCollection(CollectionView):
    """The opt-out lists that can be selected."""

    queryset = live_lists().order_by("id")
    serializer_class = ListOutput
    permissions = {"GET": "optout.view_optoutlist", "POST": "optout.add_optoutlist"}

    @extend_schema(request=ListInput, responses={201: NewListOutput})
    @idempotent(atomic=False)  # its URL is resolved: no network in a transaction
    def post(self, request: Request) -> Response:
        """Make a list. The answer shows the webhook's signing secret, this once."""
        form = ListInput(data=request.data)
        form.is_valid(raise_exception=True)
        made = form.save_list()
        return Response(NewListOutput(live_lists().get(pk=made.pk)).data, status=201)


class OneList(ApiView):
    """One opt-out list."""

    queryset = live_lists()
    serializer_class = OneListOutput
    permissions = {
        "GET": "optout.view_optoutlist",
        "PATCH": "optout.change_optoutlist",
        "DELETE": "optout.delete_optoutlist",
    }

    def get_queryset(self) -> QuerySet[OptOutList]:
        """Deleted lists are not there."""
        return live_lists()

    def query_names(self) -> set[str]:
        """What DELETE is told."""
        return set(DeletionQuery().fields) if self.request.method == "DELETE" else set()

    def get(self, request: Request, pk: int) -> Response:
        """The list with the exact number of its entries."""
        return Response(OneListOutput(self.get_object()).data)

    @extend_schema(request=ListInput, responses=OneListOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given. `aliases` replaces all aliases."""
        form = ListInput(self.get_object(), data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        form.save_list()
        return Response(OneListOutput(self.get_object()).data)

    @extend_schema(parameters=[DeletionQuery], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete the list: its entries move to another list, or end with a reason.

        Saying neither is refused with 409, which tells how many people it is about.
        The default list cannot be deleted (403).
        """
        opt_out_list = self.get_object()
        form = DeletionQuery(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        list_deletion.delete(
            opt_out_list,
            move_to=_target(opt_out_list, form.validated_data),
            reason=_reason(request, form.validated_data),
            actor=actor_of(request.user),
        )
        return Response(status=204)


def _target(opt_out_list: OptOutList, asked: dict[str, Any]) -> OptOutList | None:
    """The list to move to, or None to end the entries; refuses neither and both."""
    if opt_out_list.is_default:
        return None  # refused, with its own code
    if "move_to" in asked and "remove_entries" in asked:
        raise Problem(
            400, "invalid", "Move the entries or remove them.", pointer="move_to"
        )
    if "move_to" in asked:
        return _live(asked["move_to"])
    if "remove_entries" not in asked:
        raise _undecided(opt_out_list)
    return None


def _live(list_id: int) -> OptOutList:
    target = live_lists().filter(pk=list_id).first()
    if target is None:
        message = f"There is no opt-out list {list_id}."
        raise Problem(400, "unknown_list", message, pointer="move_to")
    return target


def _undecided(opt_out_list: OptOutList) -> Problem:
    preview = list_deletion.preview(opt_out_list)
    return Problem(
        409,
        "entries_need_a_decision",
        "Say where the entries go: ?move_to={id}, or ?remove_entries=true&reason=…",
        entries=preview.entries,
        on_no_other_list=preview.on_no_other_list,
    )


def _reason(request: Request, asked: dict[str, Any]) -> str:
    """The reason for ending the entries, which takes a permission of its own."""
    reason: str = asked.get("reason", "")
    if "remove_entries" not in asked:
        return reason
    if not request.user.has_perm("optout.delete_list_entries"):
        message = "Only an Admin may delete a list together with its entries."
        raise Problem(403, "not_allowed", message)
    if not reason:
        message = "Give the reason for removing the entries."
        raise Problem(400, "reason_required", message, pointer="reason")
    return reason


class Secret(ApiView):
    """The signing secret of a list's webhook."""

    queryset = live_lists()
    serializer_class = SecretOutput
    permissions = {"POST": "optout.change_optoutlist"}

    @extend_schema(request=None, responses=SecretOutput)
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Make a new signing secret and show it this once."""
        return Response({"webhook_secret": webhooks.rotate_secret(self.get_object())})
