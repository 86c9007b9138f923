"""The append-only record: one event per fact, its plaintext in a detail row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from optout.actors import NOBODY, Actor, Evidence
from optout.models import Entry, Hold, LedgerDetail, LedgerEvent, LedgerKind
from optout.prepared import insert


@dataclass(frozen=True, slots=True)
class Fact:
    """One event to write; `entry` or `hold` gives address and place, if it has one."""

    kind: LedgerKind
    entry: Entry | None = None
    hold: Hold | None = None
    source: str = ""
    reason_code: str = ""
    evidence: Evidence = Evidence()
    facts: dict[str, Any] = field(default_factory=dict)
    list_id: int | None = None
    raw: str = ""


def write(facts: Sequence[Fact], *, actor: Actor = NOBODY) -> None:
    """Append the facts, inside the transaction of what they tell."""
    events = [_event(fact, actor) for fact in facts]
    insert(events)
    insert(
        [
            _detail(event, fact)
            for event, fact in zip(events, facts, strict=True)
            if fact.entry or fact.hold
        ]
    )


def _event(fact: Fact, actor: Actor) -> LedgerEvent:
    return LedgerEvent(
        at=timezone.now(),
        kind=fact.kind,
        source=fact.source,
        reason_code=fact.reason_code,
        actor=actor.label,
        facts=_seen(fact.evidence) | fact.facts,
        **_place(fact),
    )


def _seen(evidence: Evidence) -> dict[str, Any]:
    """The rule that understood the person, and the message that led to it."""
    seen = {"tier": evidence.tier, "outgoing": evidence.outgoing_id}
    return {name: value for name, value in seen.items() if value}


def _place(fact: Fact) -> dict[str, Any]:
    if fact.hold:
        return {"key": fact.hold.key, "channel_id": fact.hold.channel_id}
    if fact.entry is None:
        return {"list_id": fact.list_id}
    return {
        "key": fact.entry.key,
        "list_id": fact.entry.list_id,
        "channel_id": fact.entry.channel_id,
        "entry_id": fact.entry.pk,
    }


def _detail(event: LedgerEvent, fact: Fact) -> LedgerDetail:
    evidence = fact.evidence
    subject = fact.entry or fact.hold
    return LedgerDetail(
        event=event,
        address=subject.address if subject else "",
        raw=fact.raw or (fact.entry.raw if fact.entry else ""),
        text=evidence.text,
        provider_message_id=evidence.provider_message_id,
        ip=evidence.ip,
        user_agent=evidence.user_agent[:400],
        note=evidence.note,
    )
