"""The forms of an import: the file, what its columns mean, and what to do with it."""

from typing import Any

from django import forms
from django.http import QueryDict

from optout.csv_files import MAX_BYTES, MAX_ROWS
from optout.forms import focus_first, offer
from optout.import_kinds import kind_of
from optout.imports import Choices
from optout.models import ALL_CHANNELS, ImportJob, active_channels, live_lists

COLUMN = "column-"
FILL, OVERWRITE = "fill", "overwrite"


class UploadForm(forms.Form):
    """A CSV file."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text="Comma, semicolon, tab or bar between cells; the first row names "
        f"the columns. Up to {MAX_BYTES // 1024**2} MB and {MAX_ROWS:,} rows.",
        error_messages={"empty": "The file is empty."},
    )


class ColumnsForm(forms.Form):
    """What each column is for, and the choices that the kind of import asks for."""

    channel = forms.TypedChoiceField(
        label="Channel",
        coerce=int,
        help_text="Where these people get nothing any more.",
    )
    existing = forms.ChoiceField(
        label="Contacts that are there already",
        choices=[
            (FILL, "Fill gaps: what is there stays"),
            (OVERWRITE, "Overwrite with what the file says"),
        ],
        widget=forms.RadioSelect,
    )
    add_marked = forms.BooleanField(
        label="Add people marked as opted out to an opt-out list",
        required=False,
        help_text="On all channels, before anything else is done. It takes a column"
        " for “Opted out”.",
    )
    list = forms.TypedChoiceField(
        label="Opt-out list", coerce=int, help_text="For people marked as opted out."
    )
    silent = forms.BooleanField(
        label="Do not post webhooks",
        required=False,
        help_text="Else the list's webhook is told of each person, a few each second.",
    )

    def __init__(self, job: ImportJob, data: QueryDict | None = None) -> None:
        """Offer the job's columns, as they were guessed or chosen last."""
        super().__init__(data, initial=_initial(job))
        kind = kind_of(job)
        for name in {"list", "channel", "existing", "add_marked", "silent"} - kind.asks:
            del self.fields[name]
        self._offer_places()
        self.columns = list(job.columns)
        for name, header in zip(job.columns, job.headers, strict=True):
            self.fields[COLUMN + name] = forms.ChoiceField(
                label=header or name,
                required=False,
                choices=kind.roles(),
                initial=job.mapping.get(name, ""),
            )
        focus_first(self, COLUMN + self.columns[0])

    def _offer_places(self) -> None:
        if "list" in self.fields:
            offer(self, "list", [(row.pk, row.name) for row in live_lists()])
        if "channel" in self.fields:
            channels = active_channels().values_list("channel_id", "name")
            offer(self, "channel", [(ALL_CHANNELS, "All channels"), *channels])

    @property
    def column_fields(self) -> Any:
        """The bound fields of the columns, from left to right."""
        return [self[COLUMN + name] for name in self.columns]

    @property
    def choice_fields(self) -> Any:
        """The bound fields of everything else."""
        return [bound for bound in self if not bound.name.startswith(COLUMN)]

    @property
    def mapping(self) -> dict[str, str]:
        """What each column is for."""
        return {name: self.cleaned_data[COLUMN + name] for name in self.columns}

    @property
    def chosen(self) -> Choices:
        """Everything else."""
        cleaned = self.cleaned_data
        return Choices(
            channel_id=cleaned.get("channel", ALL_CHANNELS),
            posts_webhooks=not cleaned.get("silent", False),
            adds_marked=cleaned.get("add_marked", False),
            overwrites=cleaned.get("existing") == OVERWRITE,
            list_id=cleaned.get("list"),
        )


def _initial(job: ImportJob) -> dict[str, Any]:
    return {
        "list": job.list_id,
        "channel": job.channel_id,
        "existing": OVERWRITE if job.overwrites else FILL,
        "add_marked": job.adds_marked,
        "silent": not job.posts_webhooks,
    }
