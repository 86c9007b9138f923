"""`/opt-out-entries/bulk/`, `/bulk-delete/` and `/check/`: up to 1,000 at once."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from optout import addresses, entries, gate, lifts
from optout.access import lifting_power
from optout.actors import Actor, actor_of
from optout.addresses import Address, InvalidAddress
from optout.api import problems
from optout.api.base import ApiView
from optout.api.idempotency import idempotent
from optout.api.serializers.entries import OptOutInput, Places
from optout.api.serializers.entries_bulk import (
    BulkOptOutInput,
    BulkOptOutOutput,
    BulkRemovalInput,
    BulkRemovalOutput,
    CheckInput,
    CheckOutput,
)
from optout.api.views.entries import why_kept
from optout.models import ALL_CHANNELS, Entry, ErrorCode, Hold, Reason, Source

Result = dict[str, Any]


class EntryBulk(ApiView):
    """Many opt-outs at once."""

    permissions = {"POST": "optout.bulk_entries"}

    @extend_schema(request=BulkOptOutInput, responses=BulkOptOutOutput)
    @idempotent(atomic=False)
    def post(self, request: Request) -> Response:
        """Opt many people out: a result for each item, in their order.

        A bad item is refused by itself and stops no other.
        """
        form = BulkOptOutInput(data=request.data)
        form.is_valid(raise_exception=True)
        batch = _OptOuts(Places.load(request.user))
        for item in form.validated_data["items"]:
            batch.add(item)
        batch.opt_out(actor_of(request.user))
        return Response(BulkOptOutOutput({"results": batch.results}).data)


class _OptOuts:
    """The items of one bulk request: read one by one, opted out together."""

    def __init__(self, places: Places) -> None:
        self._context = {"places": places}
        self._by_reason: dict[Reason, list[tuple[Result, entries.Request]]] = {}
        self.results: list[Result] = []

    def add(self, item: object) -> None:
        """Read one item; its result is filled in now, if it is bad, or later."""
        result: Result = {
            "result": "refused",
            "state": None,
            "entries": [],
            "warnings": [],
            "problem": None,
        }
        self.results.append(result)
        form = OptOutInput(data=item, context=self._context)
        try:
            form.is_valid(raise_exception=True)
            asked = form.asked()
        except APIException as error:
            result["problem"] = problems.document(error)
            return
        result["warnings"] = form.warnings(asked)
        reason = Reason(form.validated_data["reason_code"])
        self._by_reason.setdefault(reason, []).append((result, asked))

    def opt_out(self, actor: Actor) -> None:
        """Opt out what could be read, set-wise for each reason."""
        for reason, pairs in self._by_reason.items():
            outcomes = entries.opt_out_many(
                [asked for _result, asked in pairs],
                source=Source.API,
                reason=reason,
                actor=actor,
            )
            for (result, _asked), outcome in zip(pairs, outcomes, strict=True):
                result["result"] = "created" if outcome.created else "existed"
                result["state"] = outcome.state
                result["entries"] = [entry.pk for entry in outcome.entries]


class EntryBulkRemoval(ApiView):
    """Many removals at once."""

    permissions = {"POST": "optout.bulk_entries"}

    @extend_schema(request=BulkRemovalInput, responses=BulkRemovalOutput)
    @idempotent(atomic=False)
    def post(self, request: Request) -> Response:
        """End many entries: a result for each id, in their order.

        Entries that the persons made stay without a reason, legal ones without an
        Admin.
        """
        form = BulkRemovalInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        power = lifting_power(request.user)
        found = Entry.objects.in_bulk(given["ids"])
        kept = {
            entry.pk: "ended_before"
            if not entry.is_live
            else why_kept(entry, power, has_reason="reason" in given)
            for entry in found.values()
        }
        lifts.lift(
            [pk for pk, why in kept.items() if why is None],
            source=Source.API,
            power=power,
            reason=given.get("reason", ""),
            note=given["note"],
            actor=actor_of(request.user),
        )
        results = [
            {"id": pk, "result": (kept[pk] or "removed") if pk in kept else "not_found"}
            for pk in given["ids"]
        ]
        return Response(BulkRemovalOutput({"results": results}).data)


class EntryCheck(ApiView):
    """The gate's question for many addresses."""

    permissions = {"POST": "optout.view_entry"}

    @extend_schema(request=CheckInput, responses=CheckOutput)
    def post(self, request: Request) -> Response:
        """Tell which addresses may not be written to on a channel, and why."""
        places = Places.load(request.user)
        form = CheckInput(data=request.data, context={"places": places})
        form.is_valid(raise_exception=True)
        given = form.validated_data
        region = given.get("region") or places.region
        read = [_read(raw, region) for raw in given["addresses"]]
        found = gate.suppressed(
            channel_id=given["channel_id"] or ALL_CHANNELS,
            keys={address.key for address in read if isinstance(address, Address)},
            list_ids=given["lists"],
        )
        pairs = zip(given["addresses"], read, strict=True)
        results = [_result(raw, address, found) for raw, address in pairs]
        return Response(CheckOutput({"results": results}).data)


def _read(raw: str, region: str | None) -> Address | InvalidAddress:
    try:
        return addresses.parse(raw, region=region)
    except InvalidAddress as error:
        return error


def _result(
    raw: str, address: Address | InvalidAddress, found: Mapping[Any, Entry | Hold]
) -> Result:
    empty = dict.fromkeys(("code", "list", "entry", "source", "since"))
    result: Result = {"address": raw, "canonical": None, "suppressed": True, **empty}
    if isinstance(address, InvalidAddress):
        return result | {"code": address.code}
    result["canonical"] = address.address
    match found.get(address.key):
        case None:
            return result | {"suppressed": False}
        case Hold() as hold:
            code = ErrorCode.UNDER_REVIEW
            return result | {"code": code, "since": hold.created_at}
        case entry:
            return result | {
                "code": ErrorCode.OPTED_OUT,
                "list": entry.list_id,
                "entry": entry.pk,
                "source": entry.source,
                "since": entry.created_at,
            }
