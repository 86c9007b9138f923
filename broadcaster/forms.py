"""The input of the broadcaster's pages: shape alone, the rules stand in the flows."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.validators import MaxLengthValidator

from broadcaster.audiences import Role
from broadcaster.models import Broadcast
from optout.models import Channel, OptOutList, active_channels

MAX_TEXT = 4_096
MAX_HTML = 200_000
MAX_PASTED = 2_000_000


def channel_choices() -> list[tuple[object, str]]:
    """The active channels, each with its id and what it writes to."""
    rows = active_channels()
    return [
        ("", "Choose a channel"),
        *((c.pk, f"{c} · {c.pk} · {c.get_address_kind_display()}") for c in rows),
    ]


def _active_channel(text: str) -> Channel:
    return active_channels().get(pk=text)


class NameForm(forms.Form):
    """What a broadcast is called here, and which channel it leaves by."""

    name = forms.CharField(
        max_length=100, help_text="Only your team sees it, in lists and reports."
    )
    channel = forms.TypedChoiceField(choices=channel_choices, coerce=_active_channel)


class TextForm(forms.Form):
    """A message to phones."""

    text = forms.CharField(
        label="Message",
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 7}),
    )


class EmailForm(forms.Form):
    """An email: HTML, text or both."""

    subject = forms.CharField(required=False, max_length=200)
    html = forms.CharField(
        label="HTML",
        required=False,
        validators=[MaxLengthValidator(MAX_HTML)],
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text="The unsubscribe link is added at the end unless you place "
        "{{unsubscribe_link}} yourself.",
    )
    text = forms.CharField(
        label="Plain text",
        required=False,
        validators=[MaxLengthValidator(MAX_HTML)],
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Without one it is made from the HTML.",
    )


def message_form(
    broadcast: Broadcast, data: Mapping[str, Any] | None = None
) -> TextForm | EmailForm:
    """The form that fits the channel, filled from the draft."""
    form = EmailForm if broadcast.is_email else TextForm
    words = {"subject": broadcast.subject, "html": broadcast.html}
    return form(data, initial={**words, "text": broadcast.text})


class RecipientsForm(forms.Form):
    """A file or pasted addresses."""

    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text="Comma, semicolon, tab or bar between cells; the first row names "
        "the columns. Up to 200 MB and 1,000,000 rows.",
    )
    pasted = forms.CharField(
        label="Or paste addresses",
        required=False,
        validators=[MaxLengthValidator(MAX_PASTED)],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line, or separated by commas or semicolons.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse both or none."""
        data = super().clean() or {}
        given = [name for name in ("file", "pasted") if data.get(name)]
        if not self.errors and len(given) != 1:
            message = "Choose a file or paste addresses, one of both."
            self.add_error("file" if not given else "pasted", message)
        return data


class ColumnsForm(forms.Form):
    """What each column of the audience file is for."""

    def __init__(self, broadcast: Broadcast, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in broadcast.columns:
            self.fields[name] = forms.ChoiceField(
                label=name,
                choices=[
                    *((role.value, role.label) for role in Role if role != "variable"),
                    (Role.VARIABLE.value, "Variable {{" + name + "}}"),
                ],
                initial=broadcast.mapping.get(name, Role.VARIABLE),
            )


class ListsForm(forms.Form):
    """Which opt-out lists withhold recipients; the default list is locked."""

    lists = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    skip_default = forms.BooleanField(
        label="Leave out the default list", required=False
    )
    skip_reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=300,
        help_text="Kept with this broadcast and in the ledger.",
    )
    unsubscribe_list = forms.TypedChoiceField(
        label="The unsubscribe link adds to",
        coerce=int,
        help_text="One of the selected lists.",
    )

    def __init__(
        self, lists: Sequence[OptOutList], *args: Any, may_skip: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.pk, row.name) for row in lists]
        others = [(row.pk, row.name) for row in lists if not row.is_default]
        cast(forms.ChoiceField, self.fields["unsubscribe_list"]).choices = choices
        cast(forms.ChoiceField, self.fields["lists"]).choices = others
        if not may_skip:
            del self.fields["skip_default"], self.fields["skip_reason"]

    @property
    def skip_default_reason(self) -> str | None:
        """The reason for leaving out the default list; None keeps it in."""
        wanted = self.cleaned_data.get("skip_default")
        return self.cleaned_data.get("skip_reason", "") if wanted else None
