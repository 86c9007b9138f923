"""What an automation's builder chooses for an action: its settings, as a form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from optout import row_ids
from optout.models import (
    LiftReason,
    OptOutList,
    Reason,
    default_list,
    live_lists,
    resolve,
)

NOTE_CHARS = 300


class ActionForm(forms.Form):
    """The settings of one action. Pages draw it, programs fill it by name.

    `situational` are those that ask for what a connector is told otherwise. Of the
    texts, `message_words` are filled in per recipient when the message is sent, and
    `own_tokens` are resolved by the action itself; `takes_secrets` where it may.
    """

    situational: tuple[str, ...] = ()
    message_words: tuple[str, ...] = ()
    own_tokens: tuple[str, ...] = ()
    takes_secrets = False

    def settings(self) -> dict[str, Any]:
        """What was chosen, as JSON keeps it; asked of a valid form."""
        return dict(self.cleaned_data)

    @classmethod
    def chosen(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Kept settings as the form shows them when they are changed."""
        return dict(settings)

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The settings of some actions of this kind, each in a few words."""
        return [", ".join(str(one) for one in row.values() if one) for row in many]


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Some rows, ticked. What no database takes as an id is no row of ours."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        """The rows; refuses an id that is none before the database sees it."""
        for pk in value if isinstance(value, list | tuple) else ():
            if row_ids.read(str(pk)) is None:
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(message, params={"pk": str(pk)[:20]})
        return super().clean(value)


class ListsForm(ActionForm):
    """Settings of an action on opt-out lists. A deleted one is followed to its heir."""

    lists = RowsField(OptOutList.objects.none(), label="Opt-out lists")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the lists there are."""
        super().__init__(*args, **kwargs)
        cast(RowsField, self.fields["lists"]).queryset = live_lists()

    def settings(self) -> dict[str, Any]:
        """The lists by their ids."""
        lists: QuerySet[OptOutList] = self.cleaned_data["lists"]
        return {**self.cleaned_data, "lists": sorted(row.pk for row in lists)}

    @classmethod
    def chosen(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The lists that stand in for the chosen ones today."""
        return {**settings, "lists": [row.pk for row in lists_of(settings)]}

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The names of the lists, read at once, and what else was chosen."""
        found = resolve({pk for row in many for pk in row["lists"]})
        return [
            cls.in_words(row, names(found[pk] for pk in row["lists"] if pk in found))
            for row in many
        ]

    @classmethod
    def in_words(cls, settings: Mapping[str, Any], lists: str) -> str:
        """The settings with the names of their lists."""
        return lists


class AddForm(ListsForm):
    """Settings of adding to opt-out lists."""

    situational = ("everywhere",)

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
    def in_words(cls, settings: Mapping[str, Any], lists: str) -> str:
        """The lists, and whether it counts for all channels."""
        return lists + (" on all channels" if settings.get("everywhere") else "")


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
    def in_words(cls, settings: Mapping[str, Any], lists: str) -> str:
        """The lists, the reason, and what is kept."""
        reason = LiftReason(settings["reason"]).label.lower()
        kept = "" if settings.get("lift_what_person_made") else ", not what they made"
        return f"{lists} ({reason}{kept})"


class LockedDefault(forms.CheckboxSelectMultiple):
    """Lists to tick, the default list ticked for good."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As the framework does; a browser sends nothing of a disabled box."""
        option = super().create_option(*args, **kwargs)
        if option["value"].instance.is_default:
            option["attrs"] |= {"checked": True, "disabled": True}
        return option


class SendingForm(ListsForm):
    """Settings of an action that sends: the default list is always selected."""

    lists = RowsField(
        OptOutList.objects.none(),
        label="Opt-out lists",
        required=False,
        widget=LockedDefault,
        help_text="Who is on one of them gets nothing: the result is Optout Number. "
        "The default list always counts.",
    )

    def settings(self) -> dict[str, Any]:
        """The lists by their ids, the default list among them."""
        kept = super().settings()
        return {**kept, "lists": sorted({default_list().pk, *kept["lists"]})}


def lists_of(settings: Mapping[str, Any]) -> list[OptOutList]:
    """The lists that stand in for those of the settings today, each once."""
    found = resolve(settings.get("lists", ()))
    return list({row.pk: row for row in found.values()}.values())


def names(lists: Iterable[OptOutList]) -> str:
    """The lists as people read them, each once."""
    return ", ".join(dict.fromkeys(row.name for row in lists))
