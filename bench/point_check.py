"""One point check, "may I write to this address?", against `select 1`.

Both go through Django's cursor, one after another on one connection, 10 % of the
addresses on a list. `gate.verdict` is what the sender asks for each message,
`gate.suppressed` what the API asks for the addresses it is given.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from django.db import connection

from bench import scene
from bench.table import MICROSECONDS, Note, Row, Target
from bench.timing import Variant, interleave
from optout import gate

ENTRIES = 100_000
CHECKS = 100  # in a turn
TURNS = 41
HIT_EVERY = 10

Check = Callable[[uuid.UUID], object]


def lines(scale: float) -> Iterator[Row | Note]:
    """The sender's check has a target; the API's stands beside it."""
    entries = max(int(ENTRIES * scale), 1_000 * CHECKS // 10)
    scene.fill(entries)
    batch = scene.batch(scene.channel(801, "sandbox"))
    lists = [row.pk for row in scene.lists()]
    keys = [_key(n if n % HIT_EVERY == 0 else entries + n) for n in range(CHECKS)]
    seconds = interleave(
        {
            "select 1": _asking(_select_1, keys),
            "verdict": _asking(
                lambda key: gate.verdict(
                    batch_id=batch.pk, channel_id=batch.channel_id, key=key
                ),
                keys,
            ),
            "suppressed": _asking(
                lambda key: gate.suppressed(
                    channel_id=batch.channel_id, keys=[key], list_ids=lists
                ),
                keys,
            ),
        },
        repeats=TURNS,
    )
    row = partial(
        Row,
        theirs=seconds["select 1"] / CHECKS,
        compared_with="`select 1`, Django's cursor",
        unit=MICROSECONDS,
    )
    yield row(
        "the sender's point check", seconds["verdict"] / CHECKS, target=Target(2.2)
    )
    yield row("the API's point check, one address", seconds["suppressed"] / CHECKS)


def _asking(check: Check, keys: Sequence[uuid.UUID]) -> Variant:
    def run() -> None:
        for key in keys:
            check(key)

    return Variant(run)


def _select_1(_: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _key(number: int) -> uuid.UUID:
    digest = hashlib.md5(f"bench {number}".encode(), usedforsecurity=False)
    return uuid.UUID(digest.hexdigest())
