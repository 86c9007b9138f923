"""What a message asks for by keyword, and doing it: opt out, come back, help, review.

Each request may be done twice with the effect of once: the process can stop between
its effect and the note that the event is done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.db import transaction

from optout import (
    addresses,
    answers,
    attribution,
    barrier,
    entries,
    gate,
    holds,
    keywords,
    ledger,
    lifts,
)
from optout.actors import Evidence
from optout.addresses import Address, AddressKind
from optout.keyword_rules import Match, Meaning
from optout.ledger import Fact
from optout.models import (
    ALL_CHANNELS,
    Channel,
    LedgerKind,
    OptOutList,
    Reason,
    Source,
    Workspace,
    default_list,
)
from optout.outbox import Recipient
from optout.prepared import Prepared, among
from teambox import keyword_answers
from teambox.models import InboundEvent, InboundOutcome


@dataclass(frozen=True, slots=True)
class Handled:
    """What a message did, the lists it speaks of, the rule and word that decided."""

    outcome: InboundOutcome
    lists: list[int] = field(default_factory=list)
    rule_id: str = ""
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A message with its reading."""

    event: InboundEvent
    address: Address
    match: Match

    @property
    def evidence(self) -> Evidence:
        """What the ledger keeps of it."""
        return Evidence(
            text=self.event.text,
            provider_message_id=self.event.provider_event_id,
            tier=self.match.tier or "",
            wording=self.match.word,
        )

    def answered(self) -> int | None:
        """The marketing message that this one answers, if it does."""
        return attribution.answered_message(
            key=self.address.key,
            channel_id=self.event.channel_id,
            at=self.event.asked_at,
        )

    def opt_out_list(self) -> OptOutList:
        """The list whose word was said, or the default list."""
        if self.match.list_id is None:
            return default_list()
        return OptOutList.objects.get(pk=self.match.list_id)

    def did(self, outcome: InboundOutcome, lists: list[int]) -> Handled:
        """The outcome, with the rule that decided; each list once."""
        match = self.match
        unique = list(dict.fromkeys(lists))
        return Handled(outcome, unique, match.rule_id, match.word)


def sender_address(channel: Channel, sender: str) -> Address:
    """The address that wrote; numbers carry their country code. Raises InvalidAddress.

    The workspace's region does not count: providers give numbers in full.
    """
    if channel.address_kind == AddressKind.PHONE:
        return addresses.parse_phone(sender, international=True)
    return addresses.parse(sender, kind=AddressKind(channel.address_kind))


def handle(event: InboundEvent) -> Handled:
    """Do what the message asks for. A repeat has no second effect and says the same.

    Raises InvalidAddress for a sender that is none, and GateClosed where the hashing
    key is not this database's.
    """
    gate.require_our_key()
    address = sender_address(event.channel, event.sender)
    asked = Asked(event, address, keywords.decide(event.channel, event.text))
    return _on_record(asked) or _act(asked)


_ON_RECORD: Mapping[LedgerKind, InboundOutcome] = {
    LedgerKind.OPTED_OUT: InboundOutcome.OPTED_OUT,
    LedgerKind.REPEATED: InboundOutcome.OPTED_OUT,
    LedgerKind.STALE: InboundOutcome.STALE,
    LedgerKind.HELD: InboundOutcome.REVIEW,
}


def _on_record(asked: Asked) -> Handled | None:
    """What an earlier try of this event committed before it stopped.

    Done again it would count against what staff did in between.
    """
    event = asked.event
    facts = _facts.fetch_all(
        {
            "key": asked.address.key,
            "everywhere": ALL_CHANNELS,
            "channel": event.channel_id,
            "kinds": [kind.value for kind in _ON_RECORD],
            "source": Source.KEYWORD.value,
            "since": event.received_at,
            "message": event.provider_event_id,
        }
    )
    for kind, list_id in facts:
        return asked.did(_ON_RECORD[kind], [list_id] if list_id else [])
    return None


_FACTS = """
SELECT e.kind, e.list_id
FROM optout_ledgerevent e JOIN optout_ledgerdetail d ON d.event_id = e.id
WHERE e.key = %(key)s AND e.channel_id IN (%(everywhere)s, %(channel)s)
  AND e.kind {kinds} AND e.source = %(source)s AND e.at >= %(since)s
  AND d.provider_message_id = %(message)s
ORDER BY e.id LIMIT 1
"""
_facts = Prepared(_FACTS.format(kinds=among("kinds")))


def _act(asked: Asked) -> Handled:
    if asked.match.review_reason:
        return _hold(asked, asked.match.review_reason)
    if asked.match.meaning is None:
        return asked.did(InboundOutcome.MESSAGE, [])
    return _ACTS[asked.match.meaning](asked)


def _opt_out(asked: Asked) -> Handled:
    """The list's message goes back from the entry's own transaction, if it is new."""
    event = asked.event
    request = entries.Request(
        addresses=(asked.address,),
        list_ids=(asked.opt_out_list().pk,),
        channel_id=ALL_CHANNELS if _counts_everywhere() else event.channel_id,
        asked_at=event.asked_at,
        evidence=replace(asked.evidence, outgoing_id=asked.answered()),
        answer_to=None if event.already_answered else event.pk,
        answer_channel_id=event.channel_id,
    )
    done = entries.opt_out(request, source=Source.KEYWORD, reason=Reason.PERSON)
    outcome = InboundOutcome.STALE if done.stale else InboundOutcome.OPTED_OUT
    return asked.did(outcome, [row.list_id for row in [*done.entries, *done.stale]])


def _come_back(asked: Asked) -> Handled:
    opt_out_list = asked.opt_out_list()
    found = lifts.come_back(
        address=asked.address,
        channel_id=asked.event.channel_id,
        list_id=opt_out_list.pk,
        asked_at=asked.event.asked_at,
        everywhere=_counts_everywhere(),
        evidence=asked.evidence,
    )
    if found.is_stale:
        return asked.did(InboundOutcome.STALE, [opt_out_list.pk])
    _answer(asked, keyword_answers.to_start(opt_out_list, found))
    if found.blocking:
        blocking = [entry.list_id for entry in found.blocking]
        return asked.did(InboundOutcome.STILL_OPTED_OUT, blocking)
    return asked.did(InboundOutcome.LIFTED, [opt_out_list.pk])


def _help(asked: Asked) -> Handled:
    _answer(asked, asked.event.channel.help_text)
    return asked.did(InboundOutcome.HELP, [])


def _hold(asked: Asked, reason: str) -> Handled:
    """Withhold marketing until somebody decides, also what is leaving just now."""
    with transaction.atomic():
        held = holds.hold(
            address=asked.address,
            channel_id=asked.event.channel_id,
            text=asked.event.text,
            reason=reason,
        )
        fact = Fact(
            LedgerKind.HELD, hold=held, source=Source.KEYWORD, evidence=asked.evidence
        )
        ledger.write([fact])
    barrier.wait_for_sends([asked.address.key])
    return asked.did(InboundOutcome.REVIEW, [])


_ACTS: Mapping[Meaning, Callable[[Asked], Handled]] = {
    Meaning.OPT_OUT: _opt_out,
    Meaning.LIFT: _come_back,
    Meaning.HELP: _help,
}


def _counts_everywhere() -> bool:
    """Whether what a person says on one channel counts for all of them."""
    return Workspace.load().person_opts_out_everywhere


def _answer(asked: Asked, text: str) -> None:
    """Write back once, unless there is nothing to say or the provider has spoken."""
    event = asked.event
    if not text or event.already_answered:
        return
    person = Recipient(key=asked.address.key, address=asked.address.address)
    answers.queue(person, event.channel, text, to=event.pk)
