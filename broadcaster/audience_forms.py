"""The forms of an audience: contacts, and another broadcast's recipients."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from broadcaster import contact_audiences, earlier_audiences
from broadcaster.contact_audiences import AudienceError
from broadcaster.earlier_audiences import Reached
from broadcaster.models import Broadcast
from optout.forms import offer
from teambox.contact_filters import ContactFilter
from teambox.models import Segment, Tag

FILTERS = ("opted_out", "channel_id", "seen", "owner", "seen_after", "seen_before")
DATES = ("seen_after", "seen_before")
MOST_BROADCASTS = 200
_FIELDS = {"query": "opted_out"}  # where a refusal of the whole query is shown


class ContactAudienceForm(forms.Form):
    """Tags, a segment and the filters of the contacts page, or everybody.

    Once it is valid `audience` is what `contact_audiences` keeps.
    """

    tags = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Who has any of these.",
    )
    segment = forms.ChoiceField(required=False)
    everybody = forms.BooleanField(label="Everybody: all contacts", required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        audience: Mapping[str, Any] | None = None,
    ) -> None:
        """Show what an audience has chosen, until there is `data`."""
        super().__init__(data, initial=_initial(audience or {}))
        self.audience: dict[str, Any] = {}
        offer(self, "tags", [(tag.pk, tag.name) for tag in Tag.objects.all()])
        segments = [(str(row.pk), row.name) for row in Segment.objects.all()]
        offer(self, "segment", [("", "Any segment"), *segments])
        fields = ContactFilter(QueryDict()).form.fields
        self.fields |= {name: fields[name] for name in FILTERS}
        for name in DATES:
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
            self.fields[name].help_text = ""
        self.fields["channel_id"].label = "Has a conversation on"
        self.fields["channel_id"].help_text = ""

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        """The bound fields of the filters."""
        return [self[name] for name in FILTERS]

    def clean(self) -> dict[str, Any]:
        """Read the audience; nothing chosen is refused, and so is a contradiction."""
        data = super().clean() or {}
        if self.errors:
            return data
        everybody = data["everybody"]
        given = {name: data[name] for name in ("tags", "segment")}
        given |= {"query": self._query(), "all": everybody}
        try:
            self.audience = contact_audiences.read(given)
        except AudienceError as error:
            self.add_error(_FIELDS.get(error.field, error.field), error.message)
        else:
            if everybody and not self.audience["all"]:
                message = "Everybody, or only some: untick one of both."
                self.add_error("everybody", message)
        return data

    def _query(self) -> str:
        query = QueryDict(mutable=True)
        query.update({name: str(self.data.get(name, "")) for name in FILTERS})
        return query.urlencode()


def _initial(audience: Mapping[str, Any]) -> dict[str, Any]:
    query = QueryDict(audience.get("query", ""))
    chosen = {name: str(query.get(name, "")) for name in FILTERS}
    days = {name: chosen[name][:10] for name in DATES}
    return {
        **chosen,
        **days,
        "tags": audience.get("tags", []),
        "segment": str(audience.get("segment") or ""),
        "everybody": audience.get("all", False),
    }


class EarlierAudienceForm(forms.Form):
    """A launched broadcast, and how far its messages have to have come."""

    broadcast = forms.TypedChoiceField(
        coerce=int, help_text="Launched ones to the same kind of address."
    )
    states = forms.MultipleChoiceField(
        label="Whom of its recipients",
        choices=Reached.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Who was withheld as “Optout Number” is never among them.",
    )

    def __init__(
        self,
        draft: Broadcast,
        data: QueryDict | None = None,
        *,
        audience: Mapping[str, Any] | None = None,
    ) -> None:
        """Offer what the draft may take its recipients from, as an audience chose."""
        super().__init__(data, initial={"states": [Reached.SENT], **(audience or {})})
        found = earlier_audiences.choosable(draft).order_by("-launched_at")
        self.rows = {row.pk: row for row in found[:MOST_BROADCASTS]}
        named = [(pk, _title(row)) for pk, row in self.rows.items()]
        offer(self, "broadcast", [("", "Choose a broadcast"), *named])

    @property
    def other(self) -> Broadcast:
        """The chosen broadcast."""
        return self.rows[self.cleaned_data["broadcast"]]


def _title(row: Broadcast) -> str:
    return f"{row} · {row.launched_at:%Y-%m-%d}"
