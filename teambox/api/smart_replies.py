"""`/smart-replies/`."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout import action_table
from optout.api.base import ApiView, CollectionView
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.refusals import Refused
from teambox import smart_reply_building
from teambox.api.smart_reply_serializers import SmartReplyInput, SmartReplyOutput
from teambox.models import SmartReply
from teambox.smart_reply_building import Words

_ALL = SmartReply.objects.select_related("category").prefetch_related("actions")


class _Refusing(ApiView):
    """Tells this floor's refusals as problem documents."""

    queryset = _ALL.order_by("id")
    serializer_class = SmartReplyOutput

    def handle_exception(self, exc: Exception) -> Response:
        """A refused wish is wrong input."""
        if isinstance(exc, Refused):
            exc = Problem(400, exc.code, exc.message, pointer=exc.field)
        return super().handle_exception(exc)


class SmartReplyCollection(_Refusing, CollectionView):
    """The questions that are answered by themselves."""

    permissions = {"GET": "teambox.view_smartreply", "POST": "teambox.add_smartreply"}

    @extend_schema(request=SmartReplyInput, responses={201: SmartReplyOutput})
    @idempotent(atomic=True)
    def post(self, request: Request) -> Response:
        """Make a question with its answer and its actions, in order."""
        form = SmartReplyInput(data=request.data)
        form.is_valid(raise_exception=True)
        made = _write(SmartReply(), form.validated_data)
        return Response(SmartReplyOutput(_ALL.get(pk=made.pk)).data, status=201)


class OneSmartReply(_Refusing):
    """One question."""

    permissions = {
        "GET": "teambox.view_smartreply",
        "PATCH": "teambox.change_smartreply",
        "DELETE": "teambox.delete_smartreply",
    }

    def get(self, request: Request, pk: int) -> Response:
        """The question with its answer and its actions."""
        return Response(SmartReplyOutput(self.get_object()).data)

    @extend_schema(request=SmartReplyInput, responses=SmartReplyOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given. `phrasings` and `actions` replace all of theirs."""
        row = self.get_object()
        form = SmartReplyInput(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        _write(row, form.validated_data)
        return Response(SmartReplyOutput(self.get_object()).data)

    def delete(self, request: Request, pk: int) -> Response:
        """Delete the question; what it did stays in the threads."""
        smart_reply_building.delete(self.get_object())
        return Response(status=204)


def _write(row: SmartReply, given: dict[str, Any]) -> SmartReply:
    """Write what is given, all of it or nothing."""
    wanted = [
        (one.get("action", ""), one.get("settings", {}))
        for one in given.get("actions", ())
    ]
    _check_actions(wanted)
    words = Words(
        given.get("phrasings", row.phrasings),
        given.get("answer", row.answer),
        given.get("is_active", row.is_active),
    )
    with transaction.atomic():
        named = given.get("category")
        category = smart_reply_building.category_named(named) if named else row.category
        smart_reply_building.save(row, category, words)
        if "actions" in given:
            smart_reply_building.replace_actions(row, wanted)
    return row


def _check_actions(wanted: list[tuple[str, dict[str, Any]]]) -> None:
    """Refuse settings that an action does not take, and say which one's."""
    for number, (name, settings) in enumerate(wanted):
        try:
            action_table.checked(name, settings)
        except Refused as refused:
            inner = refused.field
            where = inner if inner == "action" else f"settings/{inner[:60]}"
            pointer = f"actions/{number}/{where}"
            raise Problem(400, refused.code, refused.message, pointer=pointer) from None
