"""The opt-out's half of the send gate: wait for what may be leaving right now."""

import time
from collections.abc import Collection
from uuid import UUID

from optout import handover

WAIT_SECONDS = 2.0
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


def wait_for_sends(
    keys: Collection[UUID], *, seconds: float = WAIT_SECONDS
) -> list[int]:
    """Wait until no message to these keys is being handed over; ids of those left.

    Call it after the entries are committed. Messages marked later have read the
    entries before their provider call, so the ones found at the start are all.
    """
    left = handover.on_their_way(keys)
    give_up_at = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while left and time.monotonic() < give_up_at:
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        left = handover.still_on_their_way(left)
    return sorted(left)
