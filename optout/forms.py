"""The forms of an opt-out list: made or changed, and deleted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from optout import egress, lists
from optout.lists import ListError, Words
from optout.models import (
    OptOutList,
    default_list,
    live_lists,
)

NOTE_CHARS = 300

_MAIN = ("name", "description", "keyword", "message", "webhook_url")
_MORE = ("aliases", "start_keyword", "webhook_on_lift", "public_name")


if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[OptOutList]
else:
    _ModelForm = forms.ModelForm  # has no type argument when it runs


def focus_first(form: forms.BaseForm, name: str) -> None:
    """In a fresh form; in one with errors the first error gets the focus."""
    if not form.is_bound:
        form.fields[name].widget.attrs["autofocus"] = True


def offer(form: forms.Form, name: str, choices: Iterable[tuple[Any, str]]) -> None:
    """Set what a choice field offers, once the form is made."""
    cast(forms.ChoiceField, form.fields[name]).choices = list(choices)


class ProseField(forms.CharField):
    """Text of several lines; a line break counts once, as it does on the page."""

    def to_python(self, value: Any) -> str:
        """Browsers send CR LF for each line break that they counted as one."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if text else ""


class ListForm(_ModelForm):
    """A list with its words, new or changed; `store` writes it."""

    keyword = forms.CharField(
        label="Opt-out keyword",
        max_length=50,
        help_text="A person who writes this, and nothing else, is put on the list.",
    )
    description = ProseField(
        label="Opt-out description",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    message = ProseField(
        label="Opt-out message",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Sent once to a person who opted out by a message.",
    )
    webhook_url = forms.CharField(
        label="Webhook URL",
        required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://", "inputmode": "url"}),
        help_text="Gets a POST for each opt-out from this list.",
    )
    aliases = ProseField(
        label="Aliases",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="More keywords, in any language, one a line.",
    )
    start_keyword = forms.CharField(
        label="Start keyword",
        max_length=50,
        required=False,
        help_text="The list's own way back. START always ends the default list's.",
    )

    field_order = [*_MAIN, *_MORE]

    class Meta:
        model = OptOutList
        fields = ["name", "description", "message", "webhook_url"]
        fields += ["webhook_on_lift", "public_name"]
        labels = {
            "name": "Opt-out list name",
            "webhook_on_lift": "Post removals too",
            "public_name": "Public name",
        }
        help_texts = {
            "webhook_on_lift": "The webhook also tells when an entry is removed.",
            "public_name": (
                "The name people see on the preference page. "
                "Without one the list is not shown there."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Fill in the words of a list that exists."""
        super().__init__(*args, **kwargs)
        focus_first(self, "name")
        if self.instance.pk:
            self.initial.setdefault("keyword", self.instance.keyword)
            self.initial.setdefault("aliases", "\n".join(self.instance.aliases))
            self.initial.setdefault("start_keyword", self.instance.start_keyword)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in _MAIN]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in _MORE]

    @property
    def shows_more(self) -> bool:
        return any(bound.errors or bound.value() for bound in self.more_fields)

    @property
    def words(self) -> Words:
        """The list's words as typed; only of a form that was cleaned."""
        lines = self.cleaned_data.get("aliases", "").splitlines()
        return Words(
            keyword=self.cleaned_data.get("keyword", ""),
            aliases=tuple(filter(None, map(str.strip, lines))),
            start_keyword=self.cleaned_data.get("start_keyword", ""),
        )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        same = live_lists().filter(name__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError("Another opt-out list has this name.")
        return name

    def clean_webhook_url(self) -> str:
        url: str = self.cleaned_data["webhook_url"]
        try:
            return egress.check_url(url) if url else ""
        except egress.Refused as error:
            raise ValidationError(error.message, code=error.code) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "keyword" in cleaned:
            existing = self.instance if self.instance.pk else None
            try:
                lists.check_words(self.words, existing)
            except ListError as error:
                self._refuse(error)
        return cleaned

    def store(self) -> bool:
        """Write the list; False with errors when a word or name was taken meanwhile."""
        try:
            lists.save(self.instance, self.words)
        except ListError as error:
            self._refuse(error)
        except IntegrityError:
            self.add_error("name", "Another opt-out list has taken this name or word.")
        return self.is_valid()

    def _refuse(self, error: ListError) -> None:
        field = error.field if error.field in self.fields else None
        self.add_error(field, ValidationError(error.message, code=error.code))


_MOVE = ("move", "Move them to another list")
_REMOVE = ("remove", "Remove them: these people can be written to again")


class DeletionForm(forms.Form):
    """What becomes of the entries of a list that is deleted."""

    what = forms.ChoiceField(
        label="What becomes of its entries?",
        choices=[_MOVE, _REMOVE],
        initial=_MOVE[0],
        widget=forms.RadioSelect,
    )
    move_to = forms.ModelChoiceField(
        OptOutList.objects.none(), label="Move to", required=False, empty_label=None
    )
    reason = forms.CharField(label="Reason", required=False, max_length=NOTE_CHARS)
    typed_name = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(
        self, *args: Any, opt_out_list: OptOutList, may_remove: bool, **kwargs: Any
    ) -> None:
        """Offer the other lists; removing the entries only to who may do it."""
        super().__init__(*args, **kwargs)
        self.opt_out_list = opt_out_list
        self.may_remove = may_remove
        others = live_lists().exclude(pk=opt_out_list.pk)
        move_to = cast("forms.ModelChoiceField[OptOutList]", self.fields["move_to"])
        move_to.queryset = others
        move_to.initial = default_list()
        self.fields["typed_name"].label = f"Type the list's name: {opt_out_list.name}"
        if not may_remove:
            offer(self, "what", [_MOVE])
            del self.fields["reason"], self.fields["typed_name"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("what") == _REMOVE[0]:
            if not cleaned.get("reason"):
                self.add_error("reason", "Give the reason for removing the entries.")
            if cleaned.get("typed_name") != self.opt_out_list.name:
                self.add_error("typed_name", "This is not the name of the list.")
        elif cleaned.get("what") == _MOVE[0] and not cleaned.get("move_to"):
            self.add_error("move_to", "Choose the list to move to.")
        return cleaned

    @property
    def target(self) -> OptOutList | None:
        """The list the entries move to; None where they are removed."""
        is_move = self.cleaned_data["what"] == _MOVE[0]
        return self.cleaned_data["move_to"] if is_move else None
