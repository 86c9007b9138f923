"""The opt-out lists of a broadcast that was launched: they only grow."""

from collections.abc import Collection

from broadcaster import broadcasts
from broadcaster.broadcasts import BroadcastError
from broadcaster.models import Broadcast
from optout import selection
from optout.models import resolve


def select(broadcast: Broadcast, list_ids: Collection[int]) -> None:
    """Select these lists; the new ones count at once. A repeat changes nothing.

    Raises SelectionError for no list or an unknown one, and BroadcastError
    `lists_only_grow` where one that is selected is left out.
    """
    wanted = selection.known(list_ids)
    there = resolve(broadcast.batch.lists.values_list("id", flat=True))
    if left_out := set(there.values()) - set(wanted):
        names = ", ".join(sorted(row.name for row in left_out))
        message = f"After the launch the selection can only grow: {names} stays."
        raise BroadcastError("lists_only_grow", message, "opt_out_lists")
    for row in wanted:
        if row not in there.values():
            broadcasts.add_list(broadcast, row)
