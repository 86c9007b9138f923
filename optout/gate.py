"""The one question before a send: who of these may not be written to, and why?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from optout import addresses
from optout.models import (
    ALL_CHANNELS,
    Entry,
    Hold,
    HoldState,
    OptOutList,
    Workspace,
    live_entries,
)
from optout.prepared import Prepared


class GateClosed(Exception):
    """Nothing may be sent at all: the hashing key is not the one of this database."""


_trusted_fingerprint: str | None = None


def require_our_key() -> None:
    """Fail closed where the hashing key is another one: every key would miss its entry.

    The key's fingerprint was written down when the database was migrated.
    """
    global _trusted_fingerprint
    ours = addresses.fingerprint()
    if ours == _trusted_fingerprint:
        return
    if Workspace.load().hash_key_fingerprint != ours:
        raise GateClosed("OPTOUT_HASH_KEY is not the key this database was made with.")
    _trusted_fingerprint = ours


def forget_trust() -> None:
    """Ask the database again at the next question, as a new process would."""
    global _trusted_fingerprint
    _trusted_fingerprint = None


def selected_lists(list_ids: Collection[int]) -> set[int]:
    """The chosen lists and, for deleted ones, those that replaced them one by one."""
    found: set[int] = set()
    left = set(list_ids)
    while left:
        found |= left
        after = OptOutList.objects.filter(pk__in=left, replaced_by__isnull=False)
        left = {row.replaced_by_id for row in after if row.replaced_by_id} - found
    return found


def suppressed(
    *, channel_id: int, keys: Collection[UUID], list_ids: Collection[int]
) -> Mapping[UUID, Entry | Hold]:
    """Which keys are withheld on this channel by these lists, and by what.

    An entry goes before a hold, the oldest entry first. Nothing is written.
    """
    require_our_key()
    entries = live_entries().filter(
        key__in=keys,
        channel_id__in=(ALL_CHANNELS, channel_id),
        list_id__in=selected_lists(list_ids),
    )
    holds = Hold.objects.filter(
        key__in=keys, channel_id=channel_id, state=HoldState.WAITING
    )
    found: dict[UUID, Entry | Hold] = {hold.key: hold for hold in holds}
    newest_first = entries.select_related("list", "channel").order_by("-id")
    return found | {entry.key: entry for entry in newest_first}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one message, read in one fresh snapshot."""

    batch_state: str
    has_lists: bool
    entry_id: int | None
    hold_id: int | None


# One round trip: the sender asks it between its mark and the provider call. A list
# that is gone counts together with the one that replaced it, and so on.
_VERDICT = Prepared(
    "gate_verdict",
    """
SELECT
    (SELECT state FROM optout_outgoingbatch WHERE id = %(batch)s),
    EXISTS (SELECT 1 FROM optout_outgoingbatch_lists
            WHERE outgoingbatch_id = %(batch)s),
    (SELECT min(e.id) FROM optout_entry e
     WHERE e.key = %(key)s AND e.channel_id IN (0, %(channel)s) AND e.ended_at IS NULL
       AND e.list_id IN (
           WITH RECURSIVE selected AS (
               SELECT l.id, l.replaced_by_id
               FROM optout_outgoingbatch_lists s
               JOIN optout_optoutlist l ON l.id = s.optoutlist_id
               WHERE s.outgoingbatch_id = %(batch)s
               UNION
               SELECT l.id, l.replaced_by_id
               FROM selected JOIN optout_optoutlist l ON l.id = selected.replaced_by_id
           )
           SELECT id FROM selected)),
    (SELECT h.id FROM optout_hold h
     WHERE h.key = %(key)s AND h.channel_id = %(channel)s AND h.state = 'waiting')
""",
    batch="bigint",
    channel="integer",
    key="uuid",
)


def verdict(*, batch_id: int, channel_id: int, key: UUID) -> Verdict:
    """The check right before a provider call, by the batch's lists as they are now."""
    require_our_key()
    state, lists, entry_id, hold_id = _VERDICT.fetch_one(
        {"batch": batch_id, "channel": channel_id, "key": db_key(key)}
    )
    return Verdict(state or "", bool(lists), entry_id, hold_id)


def db_key(key: UUID) -> Any:
    """A key as a raw statement's parameter on the engine in use."""
    return key if connection.features.has_native_uuid_field else key.hex
