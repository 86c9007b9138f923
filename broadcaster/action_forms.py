"""What an automation's builder chooses for the actions of this floor."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.db.models import Model, QuerySet

from broadcaster.models import Broadcast, all_broadcasts, all_sequences
from broadcaster.models import Sequence as Steps
from optout.action_forms import ActionForm
from optout.models import BatchState

GONE = "one that is gone"


class _RowForm(ActionForm):
    """One row to choose; the others cannot be chosen any more."""

    row: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what there is today."""
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Any]", self.fields[self.row])
        field.queryset = self.offered()

    @classmethod
    def offered(cls) -> QuerySet[Any]:
        """The rows that may be chosen."""
        raise NotImplementedError

    @classmethod
    def named(cls, row: Any) -> str:
        """A row as people read it in a list of actions."""
        return f"“{row}”"

    def settings(self) -> dict[str, Any]:
        """The row by its id."""
        row: Model | None = self.cleaned_data[self.row]
        return {self.row: row.pk if row else None}

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The names, read at once."""
        chosen = [row[cls.row] for row in many if row[cls.row]]
        found = {row.pk: cls.named(row) for row in cls._rows(chosen)}
        return [found.get(row[cls.row], GONE) for row in many]

    @classmethod
    def _rows(cls, ids: Iterable[int]) -> QuerySet[Any]:
        raise NotImplementedError


class EnrolForm(_RowForm):
    """Settings of enrolling: the sequence."""

    row = "sequence"
    sequence = forms.ModelChoiceField(
        Steps.objects.none(), label="Sequence", empty_label="Choose a sequence"
    )

    @classmethod
    def offered(cls) -> QuerySet[Steps]:
        """Sequences that have not ended."""
        return all_sequences().exclude(batch__state=BatchState.CANCELLED)

    @classmethod
    def named(cls, row: Steps) -> str:
        """Whether it has ended."""
        return f"“{row}”, which has ended" if row.is_ended else f"“{row}”"

    @classmethod
    def _rows(cls, ids: Iterable[int]) -> QuerySet[Steps]:
        return all_sequences().filter(pk__in=ids)


class UnenrolForm(EnrolForm):
    """Settings of unenrolling: a sequence, or all of them."""

    sequence = forms.ModelChoiceField(
        Steps.objects.none(),
        label="Sequence",
        required=False,
        empty_label="All sequences",
    )

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The names, or all."""
        names = super().told(many)
        return [
            name if row[cls.row] else "all sequences"
            for row, name in zip(many, names, strict=True)
        ]


class StartBroadcastForm(_RowForm):
    """Settings of starting a broadcast: one that was not launched."""

    row = "broadcast"
    broadcast = forms.ModelChoiceField(
        Broadcast.objects.none(), label="Broadcast", empty_label="Choose a broadcast"
    )

    @classmethod
    def offered(cls) -> QuerySet[Broadcast]:
        """Drafts, prepared or not."""
        return all_broadcasts().filter(batch__state=BatchState.DRAFT)

    @classmethod
    def named(cls, row: Broadcast) -> str:
        """Whether it was started."""
        is_over = row.batch.state != BatchState.DRAFT
        return f"“{row}”, which was launched" if is_over else f"“{row}”"

    @classmethod
    def _rows(cls, ids: Iterable[int]) -> QuerySet[Broadcast]:
        return all_broadcasts().filter(pk__in=ids)
