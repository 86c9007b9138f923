"""Making and editing a broadcast, launching it once, stopping it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.db import transaction

from broadcaster import (
    audiences,
    contact_audiences,
    earlier_audiences,
    launching,
    readiness,
)
from broadcaster.audiences import Role
from broadcaster.models import AudienceKind, Broadcast, Stage, all_broadcasts
from optout import outbox, selection, withholding
from optout.actors import Actor
from optout.addresses import AddressKind
from optout.csv_files import Dialect
from optout.models import (
    BatchState,
    Channel,
    OptOutList,
    OutgoingBatch,
    Purpose,
    SendingHours,
    Workspace,
    default_list,
)
from optout.refusals import Refused


class BroadcastError(Refused):
    """A wish that the broadcast's state or content refuses."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a broadcast says; a phone channel has the text alone."""

    text: str = ""
    subject: str = ""
    html: str = ""


def create(*, name: str, channel: Channel, actor: Actor) -> Broadcast:
    """A new draft; its batch selects the default list and links to it."""
    default = default_list()
    with transaction.atomic():
        batch = outbox.open_batch(
            channel=channel,
            purpose=Purpose.BROADCAST,
            label=name,
            lists=[default],
            unsubscribe_list=default,
            state=BatchState.DRAFT,
            created_by_id=actor.user_id,
        )
        return Broadcast.objects.create(
            name=name,
            batch=batch,
            created_by_id=actor.user_id,
            created_label=actor.label,
        )


# Editing a draft


def _change(broadcast: Broadcast, change: Callable[[Broadcast], None]) -> None:
    """Apply a change to a draft under its lock. Raises BroadcastError `not_a_draft`."""
    with transaction.atomic():
        row = locked(broadcast)
        if not row.is_editable:
            raise BroadcastError(
                "not_a_draft", "This broadcast was launched; it cannot be changed."
            )
        change(row)
        row.save()
    broadcast.refresh_from_db()


def locked(broadcast: Broadcast) -> Broadcast:
    """The broadcast as it is now, nobody else's to change until the commit."""
    rows = all_broadcasts().select_for_update(of=("self",))
    return rows.get(pk=broadcast.pk)


def unprepare(row: Broadcast) -> None:
    """A draft again: what was prepared of it does not count any more."""
    row.stage = Stage.DRAFT
    row.attempt += 1
    row.lease_until = None
    row.launch_when_ready = False
    row.error = ""
    row.rows_read = row.rows_invalid = row.rows_marked = row.rows_duplicate = 0
    row.last_id = 0


def rename(broadcast: Broadcast, *, name: str, channel: Channel) -> None:
    """Change name and channel; another channel asks for preparing anew."""

    def change(row: Broadcast) -> None:
        row.name = name
        if row.batch.channel_id != channel.pk:
            unprepare(row)
        batch = OutgoingBatch.objects.filter(pk=row.batch_id)
        batch.update(channel=channel, label=name)

    _change(broadcast, change)


def write(broadcast: Broadcast, words: Words) -> None:
    """Change the words; other words ask for preparing anew."""

    def change(row: Broadcast) -> None:
        if words != Words(text=row.text, subject=row.subject, html=row.html):
            unprepare(row)
        row.text, row.subject, row.html = words.text, words.subject, words.html

    _change(broadcast, change)


def set_recipients(broadcast: Broadcast, file: BinaryIO, *, file_name: str) -> None:
    """Take another audience file, read through to its end first.

    Raises BadFile naming what is wrong; the recipients before it then stay.
    """
    kind = AddressKind(broadcast.channel.address_kind)
    region = Workspace.load().region
    found = audiences.examine(file, kind=kind, region=region)
    file.seek(0)

    def take(row: Broadcast) -> None:
        row.recipients.save("recipients.csv", File(file), save=False)
        row.file_name = file_name[:200]
        row.encoding, row.delimiter = found.dialect.encoding, found.dialect.delimiter
        row.columns, row.mapping = found.columns, found.mapping
        row.row_count = found.row_count

    _set_audience(broadcast, AudienceKind.FILE, {}, take)


def set_contacts(broadcast: Broadcast, audience: Mapping[str, Any]) -> None:
    """Write to contacts, as `contact_audiences` keeps them, instead of those before.

    A repeat asks for preparing anew: others may be meant now. Raises AudienceError.
    """
    _set_audience(broadcast, AudienceKind.CONTACTS, contact_audiences.read(audience))


def set_from_broadcast(
    broadcast: Broadcast, other: Broadcast, states: Collection[str]
) -> None:
    """Write to those whom another one came so far with, else as `set_contacts`."""
    chosen = earlier_audiences.read(broadcast, other, states)
    _set_audience(broadcast, AudienceKind.BROADCAST, chosen)


def _set_audience(
    broadcast: Broadcast,
    kind: AudienceKind,
    audience: dict[str, Any],
    take: Callable[[Broadcast], None] = lambda _: None,
) -> None:
    before = broadcast.recipients.name

    def change(row: Broadcast) -> None:
        unprepare(row)
        row.audience_kind, row.audience = kind, audience
        row.recipients = row.marked_import = None
        row.file_name = row.encoding = row.delimiter = ""
        row.columns, row.mapping, row.row_count = [], {}, 0
        take(row)

    _change(broadcast, change)
    if before:
        broadcast.recipients.storage.delete(before)


def map_columns(broadcast: Broadcast, mapping: Mapping[str, str]) -> None:
    """Say what each column is for. Raises BroadcastError `no_address_column`."""
    role = audiences.role_for(broadcast.channel.address_kind)
    if list(mapping.values()).count(role) != 1:
        raise BroadcastError(
            "no_address_column",
            f"Choose the one column that holds the {role.label.lower()}.",
        )

    def change(row: Broadcast) -> None:
        chosen = {name: Role(mapping[name]).value for name in row.columns}
        if chosen != row.mapping:
            unprepare(row)
            row.marked_import = None
        row.mapping = chosen

    _change(broadcast, change)


def set_lists(
    broadcast: Broadcast,
    list_ids: Collection[int],
    *,
    skip_default: str | None = None,
    unsubscribe_list_id: int | None = None,
) -> None:
    """Select the opt-out lists, and which of them an unsubscribe link adds to.

    The gate is asked at the launch, so nothing is prepared anew. Without a choice the
    link leads to the default list, or to the first. Raises SelectionError, and
    BroadcastError `unsubscribe_list` for one that is not selected.
    """
    lists = selection.choose(list_ids, skip_default=skip_default)
    link = selection.link_among(lists, unsubscribe_list_id, refuse=BroadcastError)

    def change(row: Broadcast) -> None:
        selection.set_lists(row.batch, lists, may_shrink=True)
        OutgoingBatch.objects.filter(pk=row.batch_id).update(
            unsubscribe_list=link, skip_default_reason=(skip_default or "").strip()
        )

    _change(broadcast, change)


def add_list(broadcast: Broadcast, opt_out_list: OptOutList) -> None:
    """Select one more list, before the launch or after it: a selection may grow."""
    selection.set_lists(broadcast.batch, [opt_out_list], may_shrink=False)
    if broadcast.batch.state != BatchState.DRAFT:
        withholding.withhold(broadcast.batch)


def schedule(broadcast: Broadcast, at: datetime | None, zone: str = "") -> None:
    """When sending begins after the launch; None for at once.

    `zone` is the IANA name of the time zone it was chosen in and is shown in.
    """

    def change(row: Broadcast) -> None:
        row.scheduled_at = at
        row.zone = zone if at else ""

    _change(broadcast, change)


def set_pace(
    broadcast: Broadcast, *, rate: int | None, hours: SendingHours | None
) -> None:
    """Messages a second and hours of the day, until it has ended; None for no limit.

    Counts for what is claimed from now on. Raises BroadcastError `bad_rate` (field
    `rate`) for more than the channel sends, and `ended`.
    """
    most = broadcast.channel.rate
    if rate is not None and not 1 <= rate <= most:
        message = f"From 1 to {most} messages a second, as fast as the channel is."
        raise BroadcastError("bad_rate", message, "rate")
    going = OutgoingBatch.objects.filter(pk=broadcast.batch_id, finished_at=None)
    if not going.update(rate=rate, hours=hours):
        raise BroadcastError("ended", "This broadcast has ended.")
    broadcast.batch.refresh_from_db()


# Launching and stopping


def launch(broadcast: Broadcast, *, actor: Actor, seen: int | None = None) -> bool:
    """Withhold who opted out, then let it run; a second call changes nothing.

    One that is still being prepared launches as soon as it is ready: False until
    then. `seen` is the attempt whose counts somebody agreed to. Raises BroadcastError
    for a draft that is not prepared, lacks something, or is another one than was seen.
    """
    with transaction.atomic():
        row = locked(broadcast)
        if row.is_editable:
            _require_seen(row, seen)
            _note_launch(row, actor)
            if row.stage == Stage.READY:
                launching.start(row, actor)
    broadcast.refresh_from_db()
    return broadcast.batch.state != BatchState.DRAFT


def _require_seen(row: Broadcast, seen: int | None) -> None:
    if seen is not None and seen != row.attempt:
        message = "This broadcast was changed since you saw its counts. Look again."
        raise BroadcastError("changed", message)


def _note_launch(row: Broadcast, actor: Actor) -> None:
    if row.stage == Stage.DRAFT:
        raise BroadcastError("not_prepared", "The recipients are not prepared yet.")
    if wrong := readiness.problems(row):
        raise BroadcastError(wrong[0].code, wrong[0].message)
    row.launch_when_ready = True
    row.launched_label = actor.label
    row.save(update_fields=["launch_when_ready", "launched_label"])


def pause(broadcast: Broadcast) -> bool:
    """Hold what is not handed over yet; False when it does not run."""
    return outbox.pause(broadcast.batch)


def resume(broadcast: Broadcast) -> bool:
    """Go on; False when it is not paused."""
    return outbox.resume(broadcast.batch)


def cancel(broadcast: Broadcast) -> bool:
    """End a launched broadcast, or discard a draft; what was sent stays sent."""
    with transaction.atomic():
        row = locked(broadcast)
        if row.is_editable:
            unprepare(row)
            row.save()
        return outbox.cancel(row.batch)


# The audience file


@contextmanager
def open_recipients(broadcast: Broadcast) -> Iterator[BinaryIO]:
    """The audience file from its beginning, as bytes."""
    with broadcast.recipients.storage.open(str(broadcast.recipients)) as stored:
        yield cast(BinaryIO, stored.file)


def dialect_of(broadcast: Broadcast) -> Dialect:
    """How the audience file is written."""
    return Dialect(broadcast.encoding, broadcast.delimiter)
