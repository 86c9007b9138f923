"""What a launch does to a draft that is ready, and what it promises then."""

from typing import Any

from django.db.models import Count
from django.utils import timezone

from broadcaster.models import Broadcast
from optout import outbox, selection, withholding
from optout.actors import Actor
from optout.models import ErrorCode, MessageState, OutgoingBatch


def start(row: Broadcast, actor: Actor) -> None:
    """Withhold who opted out, keep the counts, and let the batch run.

    Within the transaction that holds the broadcast's lock.
    """
    withholding.withhold(row.batch)
    OutgoingBatch.objects.filter(pk=row.batch_id).update(starts_at=row.scheduled_at)
    if row.batch.skip_default_reason:
        selection.note_default_skipped(row.batch, actor=actor)
    row.at_launch = _counts(row.batch)
    row.launched_at = timezone.now()
    row.save(update_fields=["launched_at", "at_launch"])
    outbox.start(row.batch)


def _counts(batch: OutgoingBatch) -> dict[str, Any]:
    """What was really withheld, each person once: by list, and under review."""
    total = batch.messages.count()
    withheld = batch.messages.filter(state=MessageState.SUPPRESSED).order_by()
    listed = withheld.filter(error_code=ErrorCode.OPTED_OUT)
    by_list = dict(listed.values_list("entry__list").annotate(Count("id")))
    under_review = withheld.filter(error_code=ErrorCode.UNDER_REVIEW).count()
    gone = sum(by_list.values()) + under_review
    return {
        "total": total,
        "to_send": total - gone,
        "withheld": gone,
        "under_review": under_review,
        "by_list": {str(pk): count for pk, count in by_list.items()},
    }
