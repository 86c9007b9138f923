"""What every API view of this floor is made of."""

from collections.abc import Mapping

from rest_framework.request import Request
from rest_framework.response import Response

from optout.api.base import ApiView
from optout.api.problems import Problem
from optout.csv_files import BadFile
from optout.refusals import Refused

SEND = "optout.send_messages"

# Refused by the state of things: a conflict. Else the input is wrong.
_OF_THE_STATE = (
    "already",
    "archived",
    "ended",
    "lists_only_grow",
    "not_a_draft",
    "not_prepared",
    "too_many_steps",
)
_STATUSES = dict.fromkeys(_OF_THE_STATE, 409) | {"too_many_tests": 429}


class Translating(ApiView):
    """Tells this floor's refusals as problem documents."""

    # What a refusal names → the field of the request that says it.
    pointers: Mapping[str, str] = {}

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal by the state of things is a conflict, else the input is wrong."""
        match exc:
            case BadFile():
                exc = Problem(400, exc.code, exc.message, pointer="recipients")
            case Refused():
                status = _STATUSES.get(exc.code, 400)
                pointer = self.pointers.get(exc.field, exc.field)
                exc = Problem(status, exc.code, exc.message, pointer=pointer)
        return super().handle_exception(exc)


def skip_reason(request: Request, asked: Mapping[str, str] | None) -> str | None:
    """Why the default list is left out, None for not; 403 for who may not do that."""
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
