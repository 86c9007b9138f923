"""Removing many entries at once: what is chosen, and the job that ends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from optout import lifts, listing, wake
from optout.actors import Actor
from optout.models import (
    GUARDED_REASONS,
    BulkRemoval,
    Entry,
    OptOutList,
    Reason,
    RemovalState,
    Source,
    live_entries,
)

AT_ONCE = 1000  # more than this is a job
CHUNK = 500
LEASE = timedelta(minutes=1)  # a chunk takes seconds

IS_GUARDED = Q(reason_code__in=GUARDED_REASONS) | Q(asked_at__isnull=False)


@dataclass(frozen=True, slots=True)
class Selection:
    """Live entries of a list: the ticked `ids`; without them all that match `query`.

    `query` is the page's query string, its filters. `upper_id` is the newest entry
    there was when they were shown: what was added since is not chosen.
    """

    opt_out_list: OptOutList
    upper_id: int
    query: str = ""
    ids: tuple[int, ...] | None = None

    def entries(self) -> QuerySet[Entry]:
        found = live_entries().filter(list=self.opt_out_list, pk__lte=self.upper_id)
        if self.ids is not None:
            return found.filter(pk__in=self.ids)
        return listing.filtered(QueryDict(self.query), found)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many entries a selection holds, and how many of them the persons made."""

    total: int
    guarded: int
    legal: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Why, and whether entries that the persons made, or the law, are meant too."""

    reason: str = ""
    note: str = ""
    include_guarded: bool = False
    include_legal: bool = False


def newest_id(opt_out_list: OptOutList) -> int:
    """The newest entry of the list now: what `Selection.upper_id` freezes."""
    newest = Entry.objects.filter(list=opt_out_list).aggregate(pk=Max("pk"))["pk"]
    return newest or 0


def preview(selection: Selection) -> Preview:
    """Count what would end and what stays unless it is meant too. Changes nothing."""
    counts = selection.entries().aggregate(
        total=Count("pk"),
        guarded=Count("pk", filter=IS_GUARDED),
        legal=Count("pk", filter=Q(reason_code=Reason.LEGAL)),
    )
    return Preview(**counts)


def begin(selection: Selection, decision: Decision, *, actor: Actor) -> BulkRemoval:
    """End the chosen entries: up to 1,000 before it returns, more by the pump."""
    total = selection.entries().count()
    is_job = total > AT_ONCE
    removal = BulkRemoval.objects.create(
        list=selection.opt_out_list,
        query=selection.query,
        ids=None if selection.ids is None else list(selection.ids),
        upper_id=selection.upper_id,
        below_id=selection.upper_id + 1,
        reason=decision.reason,
        note=decision.note,
        include_guarded=decision.include_guarded,
        include_legal=decision.include_legal,
        actor_id=actor.user_id,
        actor_label=actor.label,
        total=total,
        lease_until=None if is_job else timezone.now() + LEASE,
    )
    if is_job:
        wake.hint(wake.REMOVE_IN_BULK)
    while not is_job and _work_chunk(removal):
        pass
    return removal


def work_due() -> bool:
    """Do one chunk of a removal nobody works on; False when there is none."""
    removal = _claim()
    if removal is None:
        return False
    if _work_chunk(removal):
        _mine(removal).update(lease_until=None)
    return True


def running(opt_out_list: OptOutList) -> list[BulkRemoval]:
    """The removals of this list that are not done yet."""
    return list(
        BulkRemoval.objects.filter(list=opt_out_list, state=RemovalState.RUNNING)
    )


def put_back(removal: BulkRemoval, *, actor: Actor) -> list[Entry]:
    """Undo a removal that was done at once; entries that are live again stay so."""
    return lifts.put_back(removal.undo_ids, source=Source.PAGE, actor=actor)


def _claim() -> BulkRemoval | None:
    now = timezone.now()
    with transaction.atomic(durable=True):
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        waiting = BulkRemoval.objects.filter(free, state=RemovalState.RUNNING)
        rows = waiting.select_for_update(skip_locked=True).order_by("id")
        removal = rows.select_related(None).first()
        if removal is not None:
            removal.lease_until = now + LEASE
            removal.save(update_fields=["lease_until"])
    return removal


def _mine(removal: BulkRemoval) -> QuerySet[BulkRemoval]:
    """The row as long as the lease is ours: nobody writes over another's progress."""
    return BulkRemoval.objects.filter(
        pk=removal.pk, state=RemovalState.RUNNING, lease_until=removal.lease_until
    )


def _work_chunk(removal: BulkRemoval) -> bool:
    """End one chunk; False when nothing is left or another worker has taken over.

    The chunk is written down before it is worked on, so that a worker that takes over
    counts it once.
    """
    ids = removal.chunk or _next_ids(removal)
    if not ids:
        _finish(removal)
        return False
    if not _save(removal, chunk=ids, lease_until=timezone.now() + LEASE):
        return False
    lifted = _lift(removal, ids)
    done = _ended(ids, removal.frozen_at)
    undo = [*removal.undo_ids, *lifted] if removal.total <= AT_ONCE else []
    return _save(
        removal,
        chunk=[],
        below_id=min(ids),
        done=removal.done + done,
        kept=removal.kept + len(ids) - done,
        undo_ids=undo,
    )


def _next_ids(removal: BulkRemoval) -> list[int]:
    ids = None if removal.ids is None else tuple(removal.ids)
    selection = Selection(removal.list, removal.upper_id, removal.query, ids)
    left = selection.entries().filter(
        pk__lt=removal.below_id, updated_at__lte=removal.frozen_at
    )
    return list(left.order_by("-pk").values_list("pk", flat=True)[:CHUNK])


def _lift(removal: BulkRemoval, ids: Sequence[int]) -> list[int]:
    power = lifts.Power(guarded=removal.include_guarded, legal=removal.include_legal)
    ended = lifts.lift(
        ids,
        source=Source.PAGE,
        power=power,
        reason=removal.reason,
        note=removal.note,
        actor=Actor(removal.actor_id, removal.actor_label),
    )
    return [entry.pk for entry in ended.lifted]


def _ended(ids: Sequence[int], since: datetime) -> int:
    return Entry.objects.filter(pk__in=ids, ended_at__gte=since).count()


def _save(removal: BulkRemoval, **values: object) -> bool:
    if not _mine(removal).update(**values):
        return False
    for name, value in values.items():
        setattr(removal, name, value)
    return True


def _finish(removal: BulkRemoval) -> None:
    """What was asked for again meanwhile, or ended by others, counts as kept."""
    _save(
        removal,
        state=RemovalState.DONE,
        kept=max(0, removal.total - removal.done),
        finished_at=timezone.now(),
        lease_until=None,
    )
