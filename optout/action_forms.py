"""What an automation's builder chooses for an action: its settings, as a form."""

from collections.abc import Collection, Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from optout.models import LiftReason, OptOutList, Reason, live_lists, resolve

NOTE_CHARS = 300


class ActionForm(forms.Form):
    """The settings of one action. Pages draw it, programs fill it by name."""

    def settings(self) -> dict[str, Any]:
        """What was chosen, as JSON keeps it; asked of a valid form."""
        return dict(self.cleaned_data)

    @classmethod
    def chosen(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Kept settings as the form shows them when they are changed."""
        return dict(settings)

    @classmethod
    def told(cls, settings: Mapping[str, Any]) -> str:
        """The settings in a few words."""
        return ", ".join(str(value) for value in settings.values() if value)


class ListsForm(ActionForm):
    """Settings of an action on opt-out lists. A deleted one is followed to its heir."""

    lists = forms.ModelMultipleChoiceField(
        OptOutList.objects.none(),
        label="Opt-out lists",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the lists there are."""
        super().__init__(*args, **kwargs)
        lists = cast("forms.ModelMultipleChoiceField[OptOutList]", self.fields["lists"])
        lists.queryset = live_lists()

    def settings(self) -> dict[str, Any]:
        """The lists by their ids."""
        lists: QuerySet[OptOutList] = self.cleaned_data["lists"]
        return {**self.cleaned_data, "lists": sorted(row.pk for row in lists)}

    @classmethod
    def chosen(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The lists that stand in for the chosen ones today."""
        return {**settings, "lists": [row.pk for row in lists_of(settings)]}

    @classmethod
    def told(cls, settings: Mapping[str, Any]) -> str:
        """The names of the lists."""
        return names(lists_of(settings))


class AddForm(ListsForm):
    """Settings of adding to opt-out lists."""

    reason_code = forms.ChoiceField(
        label="Why",
        choices=[
            (Reason.PERSON.value, "The person asked"),
            (Reason.STAFF.value, "Staff decided"),
        ],
        initial=Reason.PERSON,
        help_text="What the person asked for takes a reason to be removed again.",
    )
    everywhere = forms.BooleanField(label="On all channels", required=False)

    @classmethod
    def told(cls, settings: Mapping[str, Any]) -> str:
        """The lists, and whether it counts for all channels."""
        where = " on all channels" if settings.get("everywhere") else ""
        return super().told(settings) + where


class RemoveForm(ListsForm):
    """Settings of removing from opt-out lists."""

    reason = forms.ChoiceField(
        label="Reason",
        choices=LiftReason.choices,
        initial=LiftReason.ASKED_IN_CHAT,
        help_text="Kept with each entry that this ends.",
    )
    note = forms.CharField(label="Note", required=False, max_length=NOTE_CHARS)
    lift_what_person_made = forms.BooleanField(
        label="Also what the person made",
        required=False,
        initial=True,
        help_text="Legal entries and spam complaints are always kept.",
    )

    def clean_note(self) -> str:
        """Other says it in words."""
        note: str = self.cleaned_data["note"]
        if self.cleaned_data.get("reason") == LiftReason.OTHER and not note:
            raise ValidationError("Say in a few words why.")
        return note

    @classmethod
    def told(cls, settings: Mapping[str, Any]) -> str:
        """The lists, the reason, and what is kept."""
        reason = LiftReason(settings["reason"]).label.lower()
        kept = "" if settings.get("lift_what_person_made") else ", not what they made"
        return f"{super().told(settings)} ({reason}{kept})"


def lists_of(settings: Mapping[str, Any]) -> list[OptOutList]:
    """The lists that stand in for those of the settings today, each once."""
    found = resolve(settings.get("lists", ()))
    return list({row.pk: row for row in found.values()}.values())


def names(lists: Collection[OptOutList]) -> str:
    """The lists as people read them."""
    return ", ".join(row.name for row in lists)
