"""`/opt-out-entries/`: one opt-out or removal at a time, and looking them up."""

from collections.abc import Iterable

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout import entries, lifts
from optout.access import lifting_power
from optout.actors import actor_of
from optout.api.base import ApiView, CollectionView
from optout.api.filtering import PAGING
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.api.serializers.entries import (
    AddressInput,
    EntryOutput,
    OptOutInput,
    OptOutOutput,
    Places,
    RemovalInput,
    RemovalOutput,
    RemovalReasonInput,
    read_address,
)
from optout.filters import EntryFilter
from optout.lifts import Power
from optout.models import ALL_CHANNELS, Entry, Reason, Source, Workspace

KEPT = {
    "legal_needs_admin": "Only an Admin may remove a legal entry.",
    "not_allowed": "Your role may not remove an entry that the person made.",
    "reason_required": "Give the reason: the person made this entry.",
}


class EntryQuery(EntryFilter):
    """As on the page, but for addresses: they would land in logs. See `search/`."""

    search = None


class EntryCollection(CollectionView):
    """Entries, live and ended."""

    queryset = Entry.objects.all()
    serializer_class = EntryOutput
    filterset_class = EntryQuery
    permissions = {"GET": "optout.view_entry", "POST": "optout.add_entry"}

    @extend_schema(
        request=OptOutInput, responses={201: OptOutOutput, 200: OptOutOutput}
    )
    @idempotent(atomic=False)
    def post(self, request: Request) -> Response:
        """Opt a person out. 200 when all entries were there already."""
        form = OptOutInput(
            data=request.data, context={"places": Places.load(request.user)}
        )
        form.is_valid(raise_exception=True)
        asked = form.asked()
        outcome = entries.opt_out(
            asked,
            source=Source.API,
            reason=Reason(form.validated_data["reason_code"]),
            actor=actor_of(request.user),
        )
        answer = {
            "state": outcome.state,
            "in_flight": outcome.in_flight,
            "entries": outcome.entries,
            "warnings": form.warnings(asked),
        }
        status = 201 if outcome.created else 200
        return Response(OptOutOutput(answer).data, status=status)


class OneEntry(ApiView):
    """One entry."""

    queryset = Entry.objects.all()
    serializer_class = EntryOutput
    permissions = {"GET": "optout.view_entry", "DELETE": "optout.lift_entry"}

    def query_names(self) -> set[str]:
        """Why it ends."""
        return set(RemovalReasonInput().fields)

    def get(self, request: Request, pk: int) -> Response:
        """The entry, also when it has ended."""
        return Response(EntryOutput(self.get_object()).data)

    @extend_schema(parameters=[RemovalReasonInput], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """End the entry; it stays as history. A repeat changes nothing."""
        entry = self.get_object()
        form = RemovalReasonInput(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        if entry.is_live:
            _lift([entry], form, request)
        return Response(status=204)


class EntryRemoval(ApiView):
    """Removal by address."""

    queryset = Entry.objects.all()
    permissions = {"POST": "optout.lift_entry"}

    @extend_schema(request=RemovalInput, responses=RemovalOutput)
    @idempotent(atomic=False)
    def post(self, request: Request) -> Response:
        """End a person's entries in these lists on this channel: all of them or none.

        Where there are none, nothing changes and `removed` is empty.
        """
        form = RemovalInput(
            data=request.data, context={"places": Places.load(request.user)}
        )
        form.is_valid(raise_exception=True)
        given = form.validated_data
        found = [
            entry
            for address in form.addresses()
            for entry in lifts.of_address(
                address.key, given["lists"], {given["channel_id"] or ALL_CHANNELS}
            )
        ]
        return Response(RemovalOutput({"removed": _lift(found, form, request)}).data)


def why_kept(entry: Entry, power: Power, *, has_reason: bool) -> str | None:
    """The code of what forbids to end this entry, a key of KEPT."""
    if not power.covers(entry):
        is_legal = entry.reason_code == Reason.LEGAL
        return "legal_needs_admin" if is_legal else "not_allowed"
    return "reason_required" if entry.is_guarded and not has_reason else None


def _lift(
    found: Iterable[Entry], form: RemovalReasonInput, request: Request
) -> list[Entry]:
    """End all of them, or raise the Problem of the first that must stay."""
    given = form.validated_data
    power = lifting_power(request.user)
    ids = []
    for entry in found:
        if code := why_kept(entry, power, has_reason="reason" in given):
            is_input = code == "reason_required"
            status, pointer = (400, "reason") if is_input else (403, "")
            raise Problem(status, code, KEPT[code], pointer=pointer, entry=entry.pk)
        ids.append(entry.pk)
    return lifts.lift(
        ids,
        source=Source.API,
        power=power,
        reason=given.get("reason", ""),
        note=given["note"],
        actor=actor_of(request.user),
    ).lifted


class EntrySearch(ApiView):
    """Look-up by address, which never stands in a URL."""

    queryset = Entry.objects.all()
    serializer_class = EntryOutput
    permissions = {"POST": "optout.view_entry"}

    def query_names(self) -> set[str]:
        """Paging, as for GET."""
        return PAGING

    @extend_schema(request=AddressInput, responses=EntryOutput(many=True))
    def post(self, request: Request) -> Response:
        """Every entry of an address, live and ended, newest first."""
        form = AddressInput(data=request.data)
        form.is_valid(raise_exception=True)
        region = form.validated_data.get("region") or Workspace.load().region
        raw = form.validated_data["address"]
        address = read_address(raw, region=region, field="address")
        found = Entry.objects.filter(key=address.key).order_by("-id")
        page = self.paginate_queryset(found)
        return self.get_paginated_response(EntryOutput(page, many=True).data)
