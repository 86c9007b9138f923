"""Ending entries, by staff or by the person's own START, and putting them back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from optout import barrier, ledger, locks, webhooks
from optout.actors import NO_EVIDENCE, NOBODY, Actor, Evidence
from optout.addresses import Address
from optout.ledger import Fact
from optout.models import (
    ALL_CHANNELS,
    DeliveryEvent,
    Entry,
    LedgerKind,
    Reason,
    Source,
    live_entries,
    replacement_of,
)

CHUNK = 500


@dataclass(slots=True)
class Lifted:
    """Entries that ended, and those that were kept because of who wanted them."""

    lifted: list[Entry] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Power:
    """What the one who lifts may end: entries the person made, legal entries, ….

    `asked_before` is when the person asked for the way back, where that is known: what
    the person asked for at that time or later stays, and what comes in late and was
    asked for before it does not count.
    """

    guarded: bool = False
    legal: bool = False
    complaints: bool = True
    asked_before: datetime | None = None

    def covers(self, entry: Entry) -> bool:
        if entry.reason_code == Reason.LEGAL:
            return self.legal
        if entry.reason_code == Reason.COMPLAINT and not self.complaints:
            return False
        if entry.asked_at and self.asked_before:
            return self.guarded and entry.asked_at < self.asked_before
        return self.guarded or not entry.is_guarded


def lift(
    entry_ids: Iterable[int],
    *,
    source: Source,
    power: Power,
    reason: str = "",
    note: str = "",
    actor: Actor = NOBODY,
    post_webhooks: bool = True,
    webhooks_after: datetime | None = None,
) -> Lifted:
    """End live entries; ended ones are left alone, those past the power are kept.

    An entry that the person made needs a reason: without one it is kept too. With
    `webhooks_after` what the lists post is paced from then on; without `post_webhooks`
    they post nothing.
    """
    ids = sorted(set(entry_ids))
    done = Lifted()
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic(durable=True):
            part = _lift_chunk(ids[start : start + CHUNK], power, reason)
            ending = _Ending(
                source=source,
                reason=reason,
                note=note,
                actor=actor,
                back_at=power.asked_before,
                evidence=Evidence(note=note),
                post_webhooks=post_webhooks,
                webhooks_after=webhooks_after,
            )
            ending.apply(part.lifted)
        done.lifted += part.lifted
        done.kept += part.kept
    return done


def of_address(
    key: UUID, list_ids: Collection[int], channels: Collection[int]
) -> list[Entry]:
    """The live entries of an address in these lists on these channels."""
    return [row for row in _live(key, channels) if row.list_id in set(list_ids)]


def _lift_chunk(ids: Sequence[int], power: Power, reason: str) -> Lifted:
    keys = set(Entry.objects.filter(pk__in=ids).values_list("key", flat=True))
    locks.lock_keys(keys)
    part = Lifted()
    live = live_entries().filter(pk__in=ids).select_related("list", "channel")
    for entry in live.order_by("id"):
        allowed = power.covers(entry) and (bool(reason) or not entry.is_guarded)
        (part.lifted if allowed else part.kept).append(entry)
    return part


@dataclass(frozen=True, slots=True)
class _Ending:
    """How some entries end: the same columns, ledger facts and webhooks for all."""

    source: Source
    reason: str = ""
    note: str = ""
    actor: Actor = NOBODY
    back_at: datetime | None = None
    evidence: Evidence = Evidence()
    post_webhooks: bool = True
    webhooks_after: datetime | None = None

    def apply(self, entries: Sequence[Entry]) -> None:
        now = timezone.now()
        said = (self.source, self.reason, self.note, self.actor.label, self.back_at)
        ended = dict(zip(_ENDED, (now, now, *said), strict=True))
        Entry.objects.filter(pk__in=[entry.pk for entry in entries]).update(**ended)
        for entry in entries:
            vars(entry).update(ended)
        ledger.write([self._fact(entry) for entry in entries], actor=self.actor)
        if self.post_webhooks:
            self._announce([entry for entry in entries if entry.list.webhook_on_lift])

    def _announce(self, entries: Sequence[Entry]) -> None:
        if self.webhooks_after is None:
            webhooks.announce_each(DeliveryEvent.LIFTED, entries)
            return
        each = [[entry] for entry in entries]
        webhooks.announce_paced(DeliveryEvent.LIFTED, each, after=self.webhooks_after)

    def _fact(self, entry: Entry) -> Fact:
        return Fact(
            LedgerKind.LIFTED,
            entry=entry,
            source=self.source,
            reason_code=self.reason,
            evidence=self.evidence,
        )


_ENDED = (
    "ended_at",
    "updated_at",
    "ended_source",
    "ended_reason",
    "ended_note",
    "ended_label",
    "back_at",
)


@dataclass(slots=True)
class ComeBack:
    """What a person's START did: what ended, and what still blocks this channel."""

    lifted: list[Entry] = field(default_factory=list)
    blocking: list[Entry] = field(default_factory=list)
    is_stale: bool = False


def come_back(
    *,
    address: Address,
    channel_id: int,
    list_id: int,
    asked_at: datetime,
    everywhere: bool = False,
    source: Source = Source.KEYWORD,
    evidence: Evidence = NO_EVIDENCE,
) -> ComeBack:
    """End what the person made in this list on this channel, if START is the later.

    Where it finds nothing to end it leaves a watermark, so that an older STOP that
    arrives late is known to be older. What staff, complaint or law put there stays.
    """
    channels = {channel_id} | ({ALL_CHANNELS} if everywhere else set())
    with transaction.atomic(durable=True):
        locks.lock_keys([address.key])
        mine = [row for row in _live(address.key, channels) if row.list_id == list_id]
        wanted = [entry for entry in mine if entry.reason_code == Reason.PERSON]
        ended = [entry for entry in wanted if _is_earlier(entry, asked_at)]
        _Ending(source=source, back_at=asked_at, evidence=evidence).apply(ended)
        for place in channels - {entry.channel_id for entry in mine}:
            _leave_watermark(address, place, list_id, asked_at, source)
        blocking = list(_live(address.key, {channel_id, ALL_CHANNELS}))
    return ComeBack(ended, blocking, is_stale=len(ended) < len(wanted))


def _live(key: UUID, channels: Collection[int]) -> list[Entry]:
    found = live_entries().filter(key=key, channel_id__in=channels)
    return list(found.select_related("list", "channel").order_by("id"))


def _is_earlier(entry: Entry, asked_at: datetime) -> bool:
    """Strictly: at the same time, opted out wins. Staff write down what was said."""
    return (entry.asked_at or entry.created_at) < asked_at


def _leave_watermark(
    address: Address, channel_id: int, list_id: int, asked_at: datetime, source: Source
) -> None:
    place = Entry.objects.filter(key=address.key, channel=channel_id, list=list_id)
    known = place.aggregate(at=Max("back_at"))["at"]
    if known is not None and known >= asked_at:
        return
    now = timezone.now()
    Entry.objects.create(
        list_id=list_id,
        channel_id=channel_id,
        key=address.key,
        address_kind=address.kind,
        address=address.address,
        raw=address.raw[:400],
        source=source,
        reason_code=Reason.PERSON,
        created_at=now,
        updated_at=now,
        ended_at=now,
        ended_source=source,
        back_at=asked_at,
    )


def put_back(
    entry_ids: Collection[int], *, source: Source, actor: Actor = NOBODY
) -> list[Entry]:
    """Make ended entries live again with their original date and source.

    Where the place has a live entry already, nothing changes. Sends no message; waits
    for messages on their way as an opt-out does.
    """
    ended = list(Entry.objects.filter(pk__in=entry_ids).exclude(ended_at=None))
    keys = {entry.key for entry in ended}
    with transaction.atomic(durable=True):
        locks.lock_keys(keys)
        back = [entry for entry in ended if _revive(entry)]
        facts = [
            Fact(LedgerKind.PUT_BACK, entry=entry, source=source) for entry in back
        ]
        ledger.write(facts, actor=actor)
        told = [entry for entry in back if entry.list.webhook_on_lift]
        webhooks.announce_each(DeliveryEvent.OPTED_OUT, told)
    barrier.wait_for_sends(keys)
    return back


def _revive(entry: Entry) -> bool:
    entry.list = replacement_of(entry.list)
    place = {"key": entry.key, "channel": entry.channel_id, "list": entry.list_id}
    if live_entries().filter(**place).exists():
        return False
    entry.ended_at = entry.back_at = None
    entry.ended_source = entry.ended_reason = ""
    entry.ended_note = entry.ended_label = ""
    entry.updated_at = timezone.now()
    entry.save(update_fields=[*_ENDED, "list"])
    return True
