"""The one question before a send: who of these may not be written to, and why?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from optout import addresses
from optout.models import (
    Entry,
    Hold,
    OptOutList,
    Workspace,
)
from optout.prepared import Prepared, among


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
        gone = OptOutList.objects.filter(pk__in=left, replaced_by__isnull=False)
        left = set(gone.values_list("replaced_by_id", flat=True)) - found
    return found


# Most people are on no list at all: the statement is short, and what the lists are
# today is asked, and whole rows are read, of the others alone.
_WITHHELD = """
SELECT e.id, e.list_id, NULL FROM optout_entry e
WHERE e.key {among_keys} AND e.channel_id IN (0, %(channel)s) AND e.ended_at IS NULL
UNION ALL
SELECT NULL, NULL, h.id FROM optout_hold h
WHERE h.key {among_keys} AND h.channel_id = %(channel)s AND h.state = 'waiting'
"""
_withheld = Prepared(_WITHHELD.format(among_keys=among("keys")))


def suppressed(
    *, channel_id: int, keys: Collection[UUID], list_ids: Collection[int]
) -> Mapping[UUID, Entry | Hold]:
    """Which keys are withheld on this channel by these lists, and by what.

    An entry goes before a hold, the oldest entry first. Nothing is written.
    """
    require_our_key()
    rows = _withheld.fetch_all({"channel": channel_id, "keys": list(keys)})
    if not rows:
        return {}
    lists = set(list_ids)
    if not lists.issuperset(list_id for _, list_id, _ in rows if list_id):
        lists = selected_lists(list_ids)
    holds = Hold.objects.in_bulk([hold_id for _, _, hold_id in rows if hold_id])
    found: dict[UUID, Entry | Hold] = {hold.key: hold for hold in holds.values()}
    entry_ids = [entry_id for entry_id, list_id, _ in rows if list_id in lists]
    newest_first = Entry.objects.filter(pk__in=entry_ids).order_by("-id")
    return found | {entry.key: entry for entry in newest_first}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one message, read in one fresh snapshot."""

    batch_state: str
    has_lists: bool
    entry_id: int | None
    hold_id: int | None


# One round trip for the many who are on no list: whether any entry is live on this
# channel costs less than whether it is on a list of this batch.
_WITH_ANY_ENTRY = Prepared("""
SELECT
    (SELECT state FROM optout_outgoingbatch WHERE id = %(batch)s),
    EXISTS (SELECT 1 FROM optout_outgoingbatch_lists
            WHERE outgoingbatch_id = %(batch)s),
    EXISTS (SELECT 1 FROM optout_entry
            WHERE key = %(key)s AND channel_id IN (0, %(channel)s)
              AND ended_at IS NULL),
    (SELECT id FROM optout_hold
     WHERE key = %(key)s AND channel_id = %(channel)s AND state = 'waiting')
""")
# The whole question. A list that is gone counts together with the one that replaced
# it, and so on.
_VERDICT = Prepared("""
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
""")


def verdict(*, batch_id: int, channel_id: int, key: UUID) -> Verdict:
    """The check right before a provider call, by the batch's lists as they are now."""
    require_our_key()
    asked = {"batch": batch_id, "channel": channel_id, "key": key}
    state, has_lists, has_entry, hold_id = _WITH_ANY_ENTRY.fetch_one(asked)
    if not has_entry:
        return Verdict(state or "", bool(has_lists), None, hold_id)
    state, has_lists, entry_id, hold_id = _VERDICT.fetch_one(asked)
    return Verdict(state or "", bool(has_lists), entry_id, hold_id)
