"""Opting out. With `lifts` and `list_deletion` the only writer of Entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from optout import answers, barrier, gate, ledger, locks, webhooks
from optout.actors import NOBODY, Actor, Evidence
from optout.addresses import Address
from optout.ledger import Fact
from optout.models import (
    ALL_CHANNELS,
    DeliveryEvent,
    Entry,
    LedgerKind,
    OptOutList,
    Reason,
    Source,
    live_entries,
    resolve,
)
from optout.prepared import Prepared, among, insert

CHUNK_KEYS = 500

Place = tuple[UUID, int, int]  # key, channel, list: the identity of a live entry


@dataclass(frozen=True, slots=True)
class Request:
    """One opt-out: a person's addresses, out of these lists, on one channel or all.

    `asked_at` is given where the person wrote or clicked: the provider's time, at
    most the time received. `answer_to` is the inbound event that gets the list's
    message back, once, on `answer_channel_id` (on `channel_id` unless given).
    """

    addresses: tuple[Address, ...]
    list_ids: tuple[int, ...]
    channel_id: int = ALL_CHANNELS
    asked_at: datetime | None = None
    evidence: Evidence = Evidence()
    answer_to: int | None = None
    answer_channel_id: int | None = None


@dataclass(slots=True)
class Outcome:
    """What became of a request: its live entries, and those that are new.

    `stale` are older than the person's own later START and changed nothing.
    `in_flight` are messages whose hand-over had begun before the opt-out.
    """

    entries: list[Entry] = field(default_factory=list)
    created: list[Entry] = field(default_factory=list)
    stale: list[Entry] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)

    @property
    def state(self) -> str:
        return "recorded" if self.in_flight else "effective"


def opt_out(
    request: Request,
    *,
    source: Source,
    reason: Reason,
    actor: Actor = NOBODY,
    wait_seconds: float = barrier.WAIT_SECONDS,
) -> Outcome:
    """Opt a person out, and wait until no send that began before is on its way.

    Once the outcome's state is `effective`, no provider call to these addresses is in
    progress or starts on a send that selects one of the lists. `recorded` turns
    effective by itself within the lease of the messages in flight. An entry that is
    there already is success without a second event, message or webhook. Raises
    GateClosed where the hashing key is not this database's: nobody would find the
    entry again.
    """
    return opt_out_many(
        [request], source=source, reason=reason, actor=actor, wait_seconds=wait_seconds
    )[0]


def opt_out_many(
    requests: Sequence[Request],
    *,
    source: Source,
    reason: Reason,
    actor: Actor = NOBODY,
    post_webhooks: bool = True,
    wait_seconds: float = barrier.WAIT_SECONDS,
) -> list[Outcome]:
    """`opt_out` for many, in transactions of at most 500 addresses; an outcome each."""
    gate.require_our_key()
    outcomes: list[Outcome] = []
    for chunk in _chunks(requests):
        with transaction.atomic(durable=True):
            found = _record(
                chunk,
                source=source,
                reason=reason,
                actor=actor,
                post_webhooks=post_webhooks,
            )
        keys = {address.key for request in chunk for address in request.addresses}
        in_flight = barrier.wait_for_sends(keys, seconds=wait_seconds)
        for outcome in found:
            outcome.in_flight = in_flight
        outcomes += found
    return outcomes


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one chunk of an import, and when the next webhook may go."""

    outcomes: list[Outcome]
    webhooks_until: datetime | None


def enter_imported(
    requests: Sequence[Request],
    *,
    actor: Actor,
    facts: Mapping[str, Any],
    post_after: datetime | None,
) -> Imported:
    """Opt out one chunk of an import, inside the transaction of its caller.

    No message goes out. Webhooks are paced from `post_after` on, None posts none. One
    ledger event with these `facts` tells of all. The caller sends at most 500 addresses
    and waits at the barrier after the commit.
    """
    keys = {address.key for request in requests for address in request.addresses}
    locks.lock_keys(keys)
    lists = resolve({pk for request in requests for pk in request.list_ids})
    source, reason = Source.IMPORT, Reason.IMPORTED
    register = _Register(keys, source=source, reason=reason, actor=actor)
    outcomes = [register.enter(request, lists) for request in requests]
    register.save_as_one(requests[0].list_ids[0], facts)
    if post_after is not None:
        people = [outcome.created for outcome in outcomes if outcome.created]
        post_after = webhooks.announce_paced(
            DeliveryEvent.OPTED_OUT, people, after=post_after
        )
    return Imported(outcomes, post_after)


def _chunks(requests: Sequence[Request]) -> Iterator[list[Request]]:
    chunk: list[Request] = []
    size = 0
    for request in requests:
        chunk.append(request)
        size += len(request.addresses)
        if size >= CHUNK_KEYS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _record(
    requests: Sequence[Request],
    *,
    source: Source,
    reason: Reason,
    actor: Actor,
    post_webhooks: bool,
) -> list[Outcome]:
    """Entries, ledger, webhook deliveries and list messages of one transaction."""
    keys = {address.key for request in requests for address in request.addresses}
    locks.lock_keys(keys)
    lists = resolve({pk for request in requests for pk in request.list_ids})
    register = _Register(keys, source=source, reason=reason, actor=actor)
    outcomes = [register.enter(request, lists) for request in requests]
    register.save()
    for request, outcome in zip(requests, outcomes, strict=True):
        if post_webhooks and outcome.created:
            webhooks.announce(DeliveryEvent.OPTED_OUT, outcome.created)
        if request.answer_to is not None and outcome.created:
            channel_id = request.answer_channel_id or request.channel_id
            answers.queue_list_message(
                outcome.created[0], channel_id, to=request.answer_to
            )
    return outcomes


class _Register:
    """The live entries of some keys as one transaction sees and changes them."""

    def __init__(
        self, keys: set[UUID], *, source: Source, reason: Reason, actor: Actor
    ) -> None:
        self.source, self.reason, self.actor = source, reason, actor
        self.now = timezone.now()
        self.live, self.came_back = _known(keys)
        self.new: list[Entry] = []
        self.asked_again: list[Entry] = []
        self.facts: list[Fact] = []

    def enter(self, request: Request, lists: dict[int, OptOutList]) -> Outcome:
        outcome = Outcome()
        chosen = dict.fromkeys(lists[pk] for pk in request.list_ids)
        for opt_out_list in chosen:
            for address in request.addresses:
                self._enter_one(request, opt_out_list, address, outcome)
        return outcome

    def _enter_one(
        self,
        request: Request,
        opt_out_list: OptOutList,
        address: Address,
        outcome: Outcome,
    ) -> None:
        place = (address.key, request.channel_id, opt_out_list.pk)
        known = self.live.get(place)
        fresh = self._build(request, opt_out_list, address)
        if known is not None:
            self._repeat(known, fresh, request)
            outcome.entries.append(known)
        elif _is_older(request.asked_at, self.came_back.get(place)):
            outcome.stale.append(fresh)
            self._note(LedgerKind.STALE, fresh, request)
        else:
            self.live[place] = fresh
            self.new.append(fresh)
            outcome.entries.append(fresh)
            outcome.created.append(fresh)
            self._note(LedgerKind.OPTED_OUT, fresh, request)

    def _build(
        self, request: Request, opt_out_list: OptOutList, address: Address
    ) -> Entry:
        evidence = request.evidence
        return Entry(
            list=opt_out_list,
            channel_id=request.channel_id,
            key=address.key,
            address_kind=address.kind,
            address=address.address,
            raw=address.raw[:400],
            source=self.source,
            reason_code=self.reason,
            tier=evidence.tier,
            wording=evidence.wording[:200],
            note=evidence.note,
            actor_id=self.actor.user_id,
            actor_label=self.actor.label,
            message_id=evidence.outgoing_id,
            created_at=self.now,
            updated_at=self.now,
            asked_at=request.asked_at,
        )

    def _repeat(self, known: Entry, fresh: Entry, request: Request) -> None:
        """The person's latest request counts against an older START that is late."""
        if request.asked_at and not _is_older(request.asked_at, known.asked_at):
            known.asked_at = request.asked_at
            known.updated_at = self.now
            if known.pk:
                self.asked_again.append(known)
        self._note(LedgerKind.REPEATED, known, request, raw=fresh.raw)

    def _note(
        self, kind: LedgerKind, entry: Entry, request: Request, raw: str = ""
    ) -> None:
        self.facts.append(
            Fact(
                kind,
                entry=entry,
                source=self.source,
                reason_code=self.reason,
                evidence=request.evidence,
                raw=raw,
            )
        )

    def save(self) -> None:
        insert(self.new)
        Entry.objects.bulk_update(self.asked_again, ["asked_at", "updated_at"])
        ledger.write(self.facts, actor=self.actor)

    def save_as_one(self, list_id: int, facts: Mapping[str, Any]) -> None:
        """The new entries, and one event that names all of them and all repeats."""
        insert(self.new)
        named = {name: self._ids_of(kind) for name, kind in _NAMED_IN_ONE.items()}
        one = Fact(
            LedgerKind.IMPORTED,
            source=self.source,
            reason_code=self.reason,
            list_id=list_id,
            facts={**facts, **named},
        )
        ledger.write([one], actor=self.actor)

    def _ids_of(self, kind: LedgerKind) -> list[int]:
        return [
            fact.entry.pk for fact in self.facts if fact.entry and fact.kind == kind
        ]


_NAMED_IN_ONE = {"entries": LedgerKind.OPTED_OUT, "repeated": LedgerKind.REPEATED}


def _place(entry: Entry) -> Place:
    return (entry.key, entry.channel_id, entry.list_id)


_HERE_BEFORE = """
SELECT id FROM optout_entry
WHERE key {among_keys} AND (back_at IS NOT NULL OR ended_at IS NULL)
"""
_here_before = Prepared(_HERE_BEFORE.format(among_keys=among("keys")))


def _known(keys: set[UUID]) -> tuple[dict[Place, Entry], dict[Place, datetime]]:
    """The live entries of these keys, and the person's latest START for each place.

    Most people were never here before: whole entries are read of the others alone.
    """
    known = [pk for (pk,) in _here_before.fetch_all({"keys": list(keys)})]
    if not known:
        return {}, {}
    rows = Entry.objects.filter(pk__in=known).order_by()
    live_ids: list[int] = []
    came_back: dict[Place, datetime] = {}
    for pk, key, channel_id, list_id, ended_at, back_at in rows.values_list(
        "pk", "key", "channel_id", "list_id", "ended_at", "back_at"
    ):
        place = (key, channel_id, list_id)
        if ended_at is None:
            live_ids.append(pk)
        if back_at is not None:
            came_back[place] = max(back_at, came_back.get(place, back_at))
    live = live_entries().select_related("list", "channel").in_bulk(live_ids)
    return {_place(entry): entry for entry in live.values()}, came_back


def _is_older(at: datetime | None, than: datetime | None) -> bool:
    """Strictly older: at the same time, opted out wins."""
    return at is not None and than is not None and at < than
