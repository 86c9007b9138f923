"""What uses a tag on this floor: asked before it is deleted."""

from broadcaster.models import AudienceKind, all_broadcasts, all_sequences
from optout.models import BatchState
from teambox.models import Tag


def of_tag(tag: Tag) -> list[str]:
    """Sequences that enrol who gets it, and broadcasts not launched yet to it."""
    enrolling = all_sequences().filter(enrol_tag=tag)
    going = enrolling.exclude(batch__state=BatchState.CANCELLED)
    drafts = all_broadcasts().filter(
        batch__state=BatchState.DRAFT, audience_kind=AudienceKind.CONTACTS
    )
    return [
        *(f"sequence “{row}”" for row in going),
        # Few rows, read whole: SQLite does not search in a JSON list.
        *(f"broadcast “{row}”" for row in drafts if _has(row.audience, tag)),
    ]


def _has(audience: dict[str, list[int]], tag: Tag) -> bool:
    return tag.pk in audience.get("tags", ())
