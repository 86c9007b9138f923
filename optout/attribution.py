"""Which message made a person opt out, and who opted out because of a send."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet

from optout import spans
from optout.models import MARKETING, Entry, MessageState, OutgoingBatch, Source
from optout.prepared import Prepared, among

# An answer may come days later; after a week it speaks of something else.
WINDOW = timedelta(days=7)
# Providers tell whole seconds, and their clocks are not ours.
CLOCKS_DIFFER = timedelta(seconds=5)
# A clock that went wrong may tell any time; before this one nothing was sent.
_FIRST_SENDS = datetime(2000, 1, 1, tzinfo=UTC)

# What may have arrived: nobody answers what was withheld or refused.
_OUT = (
    MessageState.SENDING,
    MessageState.SENT,
    MessageState.DELIVERED,
    MessageState.READ,
    MessageState.UNKNOWN,
)

# By the key, the first column of the messages' unique index.
_LATEST = """
SELECT m.id
FROM optout_outgoingmessage m JOIN optout_outgoingbatch b ON b.id = m.batch_id
WHERE m.key = %(key)s AND m.channel_id = %(channel)s
  AND m.state {states} AND b.purpose {purposes}
  AND coalesce(m.sent_at, m.claimed_at) BETWEEN %(since)s AND %(until)s
ORDER BY coalesce(m.sent_at, m.claimed_at) DESC, m.id DESC LIMIT 1
"""
_latest = Prepared(_LATEST.format(states=among("states"), purposes=among("purposes")))


def answered_message(*, key: UUID, channel_id: int, at: datetime) -> int | None:
    """The marketing message that somebody who asks to be left alone `at` answers.

    The latest that was sent to the address on this channel within 7 days before.
    """
    if at < _FIRST_SENDS:
        return None
    found = _latest.fetch_all(
        {
            "key": key,
            "channel": channel_id,
            "states": [state.value for state in _OUT],
            "purposes": sorted(MARKETING),
            "since": at - WINDOW,
            "until": at + CLOCKS_DIFFER,
        }
    )
    return found[0][0] if found else None


def caused_by(batches: Collection[OutgoingBatch]) -> QuerySet[Entry]:
    """The entries that messages of these sends led to, by link or answer.

    Also those that ended since; one that moved with its list counts once. Costs by the
    opt-outs of the time these were sent in, not by their recipients.
    """
    found = spans.span([batch.pk for batch in batches])
    if found is None:
        return Entry.objects.none()
    return Entry.objects.filter(
        message__gte=found.first,
        message__lte=found.last,
        message__batch__in=batches,
    ).exclude(ended_source=Source.MOVE)


def caused_counts(batches: Collection[OutgoingBatch]) -> Mapping[int, int]:
    """How many recipients opted out because of each send, by the batch's id."""
    counts = dict.fromkeys((batch.pk for batch in batches), 0)
    rows = caused_by(batches).order_by().values_list("message__batch")
    return counts | dict(rows.annotate(Count("message", distinct=True)))
