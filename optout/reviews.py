"""The review queue: unclear requests, and deciding what the person meant."""

from django.db import transaction
from django.db.models import QuerySet

from optout import addresses, attribution, entries, holds, ledger
from optout.actors import Actor, Evidence
from optout.addresses import AddressKind
from optout.ledger import Fact
from optout.models import (
    Hold,
    HoldState,
    LedgerKind,
    Reason,
    Source,
    default_list,
)

COUNTED_TO = 100


def waiting() -> QuerySet[Hold]:
    """What nobody has decided yet, the oldest request first."""
    rows = Hold.objects.filter(state=HoldState.WAITING).select_related("channel")
    return rows.order_by("created_at", "id")


def waiting_count() -> int:
    """How many wait, counted up to `COUNTED_TO`."""
    return waiting()[:COUNTED_TO].count()


def identical(hold: Hold) -> QuerySet[Hold]:
    """What waits with the same words, in either case; this one is among them."""
    return waiting().filter(text__iexact=hold.text)


def opt_out(hold: Hold, *, actor: Actor) -> entries.Outcome:
    """It was an opt-out: the person goes on the default list for that channel.

    The hold ends after the entry is there, so marketing is withheld all the while.
    """
    kind = AddressKind(hold.address_kind)
    answered = attribution.answered_message(
        key=hold.key, channel_id=hold.channel_id, at=hold.created_at
    )
    request = entries.Request(
        addresses=(addresses.parse(hold.address, kind=kind),),
        list_ids=(default_list().pk,),
        channel_id=hold.channel_id,
        asked_at=hold.created_at,
        evidence=Evidence(text=hold.text, outgoing_id=answered),
    )
    outcome = entries.opt_out(
        request, source=Source.REVIEW, reason=Reason.PERSON, actor=actor
    )
    holds.decide(hold, state=HoldState.OPTED_OUT, actor=actor)
    return outcome


def dismiss(hold: Hold, *, actor: Actor, note: str = "") -> bool:
    """It was none: marketing may go on. False when it was decided before."""
    with transaction.atomic():
        dismissed = holds.decide(
            hold, state=HoldState.DISMISSED, actor=actor, note=note
        )
        if dismissed:
            fact = Fact(LedgerKind.DISMISSED, hold=hold, source=Source.REVIEW)
            ledger.write([fact], actor=actor)
    return dismissed
