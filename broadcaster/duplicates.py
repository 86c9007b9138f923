"""A draft like another broadcast: its words, recipients, lists and pace."""

from collections.abc import Collection

from django.core.files import File
from django.db import transaction

from broadcaster import broadcasts
from broadcaster.models import Broadcast
from optout.actors import Actor
from optout.models import OutgoingBatch, default_list

_COPIED = (
    "subject",
    "text",
    "html",
    "audience_kind",
    "audience",
    "file_name",
    "encoding",
    "delimiter",
    "columns",
    "mapping",
    "row_count",
)


def duplicate(broadcast: Broadcast, *, actor: Actor) -> Broadcast:
    """A new draft, “Copy of …”. Nothing of it is prepared or scheduled.

    The default list is selected, also where the other left it out: a reason counts for
    one broadcast. A repeat makes another copy.
    """
    name = f"Copy of {broadcast.name}"[: _longest_name()].rstrip()
    with transaction.atomic():
        made = broadcasts.create(name=name, channel=broadcast.channel, actor=actor)
        _copy_sending(broadcast.batch, made.batch)
        for field in _COPIED:
            setattr(made, field, getattr(broadcast, field))
        made.save()
        if broadcast.recipients:
            _copy_file(broadcast, made)
    return made


def _longest_name() -> int:
    return int(Broadcast._meta.get_field("name").max_length or 0)


def _copy_sending(batch: OutgoingBatch, to: OutgoingBatch) -> None:
    """Lists, the list of the unsubscribe link, and the pace."""
    lists = [row.pk for row in batch.lists.all()]
    to.lists.add(*batch.lists.all())
    to.unsubscribe_list_id = _link(batch.unsubscribe_list_id, lists)
    to.rate, to.hours = batch.rate, batch.hours
    to.save(update_fields=["unsubscribe_list", "rate", "hours"])


def _link(chosen: int | None, lists: Collection[int]) -> int:
    return chosen if chosen is not None and chosen in lists else default_list().pk


def _copy_file(broadcast: Broadcast, to: Broadcast) -> None:
    with broadcasts.open_recipients(broadcast) as file:
        to.recipients.save("recipients.csv", File(file))
