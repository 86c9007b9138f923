"""What uses a tag on this floor: asked before it is deleted or merged."""

from django.db.models import QuerySet

from broadcaster import broadcasts, sequences
from broadcaster.models import AudienceKind, Broadcast, Sequence, all_broadcasts
from optout.models import BatchState
from teambox.models import Tag


def of_tag(tag: Tag) -> list[str]:
    """Sequences that enrol who gets it, and broadcasts not launched yet to it."""
    return [
        *(f"sequence “{row}”" for row in _enrolling(tag)),
        *(f"broadcast “{row}”" for row in _drafts_to(tag)),
    ]


def replace(old: Tag, new: Tag) -> None:
    """Let them use another one. A sequence enrols who gets that one from now on."""
    newest = sequences.newest_tagging()
    _enrolling(old).update(enrol_tag=new, enrol_tag_after=newest)
    for row in _drafts_to(old):
        tags = {*row.audience["tags"], new.pk} - {old.pk}
        broadcasts.set_contacts(row, {**row.audience, "tags": sorted(tags)})


def _enrolling(tag: Tag) -> QuerySet[Sequence]:
    found = Sequence.objects.filter(enrol_tag=tag)
    return found.exclude(batch__state=BatchState.CANCELLED)


def _drafts_to(tag: Tag) -> list[Broadcast]:
    """Few rows, read whole: SQLite does not search in a JSON list."""
    drafts = all_broadcasts().filter(
        batch__state=BatchState.DRAFT, audience_kind=AudienceKind.CONTACTS
    )
    return [row for row in drafts if tag.pk in row.audience.get("tags", ())]
