"""Rows that the benches of single paths share: channels, lists, batches, entries."""

from django.db import connection

from optout import outbox
from optout.models import (
    Channel,
    OptOutList,
    OutgoingBatch,
    Purpose,
    default_list,
)

LISTS = 3
RATE = 10_000  # the most that a channel may be given: pace is not what is measured

_FILL = """
INSERT INTO optout_entry (list_id, channel_id, key, address_kind, address, raw, source,
    reason_code, tier, wording, note, actor_label, created_at, updated_at,
    ended_source, ended_reason, ended_note, ended_label)
SELECT %(list)s, 0, md5('bench ' || n)::uuid, 'phone', '+349' || n, '', 'import',
    'imported', '', '', '', '', now(), now(), '', '', '', ''
FROM generate_series(%(first)s, %(last)s) AS n
ON CONFLICT DO NOTHING
"""


def channel(channel_id: int, kind: str, address_kind: str = "phone") -> Channel:
    """A channel at full speed, made once."""
    found, _ = Channel.objects.get_or_create(
        channel_id=channel_id,
        defaults={
            "name": f"Bench {channel_id}",
            "kind": kind,
            "address_kind": address_kind,
            "rate": RATE,
        },
    )
    return found


def lists() -> list[OptOutList]:
    """The default list and two more, as a send of a shop with some topics selects."""
    named = (f"Bench {number}" for number in range(1, LISTS))
    made = [
        OptOutList.objects.get_or_create(name=name, defaults={"message": "You left."})
        for name in named
    ]
    return [default_list(), *(row for row, _ in made)]


def batch(on: Channel) -> OutgoingBatch:
    """A running marketing send that selects the three lists."""
    return outbox.open_batch(channel=on, purpose=Purpose.API, lists=lists())


def fill(entries: int) -> None:
    """Live entries, evenly in the three lists; made-up keys `md5('bench ' || n)`."""
    share = entries // LISTS
    with connection.cursor() as cursor:
        for number, row in enumerate(lists()):
            first = number * share
            place = {"list": row.pk, "first": first, "last": first + share - 1}
            cursor.execute(_FILL, place)
        cursor.execute("VACUUM ANALYZE optout_entry")
