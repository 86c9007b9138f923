"""Holds: marketing to an address waits until somebody decides an unclear request."""

from django.db import transaction
from django.utils import timezone

from optout import locks
from optout.actors import Actor
from optout.addresses import Address
from optout.models import Hold, HoldState


def hold(*, address: Address, channel_id: int, text: str, reason: str) -> Hold:
    """Withhold marketing to this address on this channel; a repeat keeps the first."""
    with transaction.atomic():
        locks.lock_keys([address.key])
        found, _ = Hold.objects.get_or_create(
            key=address.key,
            channel_id=channel_id,
            state=HoldState.WAITING,
            defaults={
                "address_kind": address.kind,
                "address": address.address,
                "text": text,
                "reason": reason,
            },
        )
    return found


def decide(row: Hold, *, state: HoldState, actor: Actor, note: str = "") -> bool:
    """End a hold as opted out or dismissed; False when it was decided before."""
    decided = Hold.objects.filter(pk=row.pk, state=HoldState.WAITING).update(
        state=state,
        decided_at=timezone.now(),
        decided_by=actor.label,
        decision_note=note,
    )
    return bool(decided)
