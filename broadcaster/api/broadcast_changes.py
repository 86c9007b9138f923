"""From what the API was given to the functions that write a broadcast."""

from typing import Any

from rest_framework.request import Request

from broadcaster import audiences, broadcasts, preparing, readiness, running_lists
from broadcaster.api.base import skip_reason
from broadcaster.api.fields import chosen_hours
from broadcaster.broadcasts import BroadcastError, Words
from broadcaster.contact_audiences import AudienceError
from broadcaster.models import Broadcast, all_broadcasts
from optout.models import BatchState

_WORDS = {"text", "subject", "html"}
_LISTS = {"opt_out_lists", "skip_default_list", "unsubscribe_list"}
_PACE = {"rate", "hours"}
# What may be changed while it is sent.
_OF_THE_RUN = {"opt_out_lists"} | _PACE


def write(request: Request, broadcast: Broadcast, given: dict[str, Any]) -> None:
    """Write what is given, all of it or nothing (the caller's transaction).

    Raises BroadcastError `not_a_draft` for what stands once it was launched, and as the
    functions of `broadcasts` do.
    """
    if broadcast.batch.state != BatchState.DRAFT:
        _write_running(broadcast, given)
        return
    if given.keys() & {"name", "channel_id"}:
        broadcasts.rename(
            broadcast,
            name=given.get("name", broadcast.name),
            channel=given.get("channel_id", broadcast.channel),
        )
    if given.keys() & _WORDS:
        was = {name: getattr(broadcast, name) for name in _WORDS}
        words = {name: given.get(name, was[name]) for name in _WORDS}
        broadcasts.write(broadcast, Words(**words))
    if given.keys() & _LISTS:
        _set_lists(request, broadcast, given)
    _set_audience(broadcast, given)
    if given.keys() & {"scheduled_at", "zone"}:
        at = given.get("scheduled_at", broadcast.scheduled_at)
        broadcasts.schedule(broadcast, at, zone=given.get("zone", broadcast.zone))
    _set_pace(broadcast, given)


def _write_running(broadcast: Broadcast, given: dict[str, Any]) -> None:
    if fixed := sorted(given.keys() - _OF_THE_RUN):
        message = "This broadcast was launched; it cannot be changed."
        raise BroadcastError("not_a_draft", message, fixed[0])
    if "opt_out_lists" in given:
        running_lists.select(broadcast, given["opt_out_lists"])
    _set_pace(broadcast, given)


def _set_lists(request: Request, broadcast: Broadcast, given: dict[str, Any]) -> None:
    """The selection that is given; what is not given stays as it is."""
    batch = broadcast.batch
    skip = skip_reason(request, given.get("skip_default_list"))
    lists = given.get("opt_out_lists")
    if lists is None:
        lists = [row.pk for row in batch.lists.all()]
        if "skip_default_list" not in given:
            skip = batch.skip_default_reason or None
    broadcasts.set_lists(
        broadcast,
        lists,
        skip_default=skip,
        unsubscribe_list_id=given.get("unsubscribe_list"),
    )


def _set_audience(broadcast: Broadcast, given: dict[str, Any]) -> None:
    if given.get("recipients"):
        file = audiences.rows_file(given["recipients"])
        broadcasts.set_recipients(broadcast, file, file_name="API")
    audience = given.get("audience")
    if audience is None:
        return
    if "broadcast" in audience:
        other = all_broadcasts().filter(pk=audience["broadcast"]).first()
        if other is None:
            message = "There is no such broadcast."
            raise AudienceError("unknown_broadcast", message, "broadcast")
        broadcasts.set_from_broadcast(broadcast, other, audience.get("states", ()))
        return
    segment = audience.get("segment")
    broadcasts.set_contacts(
        broadcast,
        {
            "tags": [tag.pk for tag in audience.get("tags", ())],
            "segment": segment.pk if segment else None,
            "query": audience.get("query", ""),
            "all": audience.get("all", False),
        },
    )


def _set_pace(broadcast: Broadcast, given: dict[str, Any]) -> None:
    if not given.keys() & _PACE:
        return
    batch = broadcast.batch
    hours = chosen_hours(given["hours"]) if "hours" in given else batch.hours
    broadcasts.set_pace(broadcast, rate=given.get("rate", batch.rate), hours=hours)


def prepare(broadcast: Broadcast) -> None:
    """Read the recipients if nothing else is missing; the launch tells what is."""
    if broadcast.is_editable and not readiness.problems(broadcast):
        preparing.prepare(broadcast)
