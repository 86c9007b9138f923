"""Deciding what is under review: the person meant an opt-out, or did not."""

from django.db import transaction

from optout import addresses, entries, holds, ledger
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


def opt_out(hold: Hold, *, actor: Actor) -> entries.Outcome:
    """It was an opt-out: the person goes on the default list for that channel.

    The hold ends after the entry is there, so marketing is withheld all the while.
    """
    kind = AddressKind(hold.address_kind)
    request = entries.Request(
        addresses=(addresses.parse(hold.address, kind=kind),),
        list_ids=(default_list().pk,),
        channel_id=hold.channel_id,
        asked_at=hold.created_at,
        evidence=Evidence(text=hold.text),
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
