"""The forms of smart replies: the rules stand in `smart_reply_building`."""

from collections.abc import Callable
from typing import Any, cast

from django import forms

from optout.action_forms import RowsField
from optout.forms import ProseField
from optout.models import Channel, active_channels
from optout.refusals import Refused
from teambox import smart_reply_building
from teambox.models import (
    ANSWER_CHARS,
    NAME_CHARS,
    SmartReply,
    SmartReplyCategory,
    SmartReplySettings,
)
from teambox.smart_reply_building import Words

MAX_TRIED = 1_600
NEW_CATEGORY = "new"


class LinesField(ProseField):
    """Short texts, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        """Room for a few of them."""
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Kept lines as the text to edit."""
        return "\n".join(value) if isinstance(value, list) else value


def lines(text: str) -> list[str]:
    """What stands on each line that is not empty."""
    return [line for line in text.splitlines() if line.strip()]


class _Stored(forms.Form):
    """A form whose refusals by the rules stand at their fields."""

    def stored(self, write: Callable[[], object]) -> bool:
        """Write; False with the error where that is refused."""
        try:
            write()
        except Refused as refused:
            field = refused.field if refused.field in self.fields else None
            self.add_error(field, refused.message)
            return False
        return True


class CategoryForm(_Stored):
    """A category, new or changed."""

    name = forms.CharField(label="Category", max_length=NAME_CHARS)
    intents = LinesField(
        label="Intents",
        required=False,
        help_text="Words that name the topic, one a line. Where one occurs in a "
        "message, the questions of this category come first.",
    )
    is_active = forms.BooleanField(label="Active", required=False, initial=True)

    def __init__(
        self, *args: Any, instance: SmartReplyCategory | None = None, **kwargs: Any
    ) -> None:
        """Filled from the category there is."""
        self.instance = instance or SmartReplyCategory()
        if instance is not None:
            columns = ("name", "intents", "is_active")
            kwargs["initial"] = {name: getattr(instance, name) for name in columns}
        super().__init__(*args, **kwargs)

    def store(self) -> bool:
        """Write it; False with errors where the rules refuse."""
        given = self.cleaned_data
        return self.stored(
            lambda: smart_reply_building.save_category(
                self.instance,
                name=given["name"],
                intents=lines(given["intents"]),
                is_active=given["is_active"],
            )
        )


class QuestionForm(_Stored):
    """A question with its answer; its actions are built on their own."""

    category = forms.ChoiceField(label="Category")
    new_category = forms.CharField(
        label="Name of the new category", max_length=NAME_CHARS, required=False
    )
    phrasings = LinesField(
        label="Question",
        help_text="Each way to ask it on a line of its own. A message asks it if it "
        "holds all words of a line, in any order.",
    )
    answer = ProseField(
        label="Answer",
        required=False,
        max_length=ANSWER_CHARS,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    is_active = forms.BooleanField(label="Active", required=False, initial=True)

    def __init__(
        self,
        *args: Any,
        instance: SmartReply | None = None,
        category: str = "",
        **kwargs: Any,
    ) -> None:
        """Filled from the question there is; offers the categories and a new one."""
        self.instance = instance or SmartReply()
        kwargs["initial"] = {"category": category}
        if instance is not None:
            columns = ("phrasings", "answer", "is_active")
            kwargs["initial"] = {name: getattr(instance, name) for name in columns}
            kwargs["initial"]["category"] = instance.category_id
        super().__init__(*args, **kwargs)
        rows = SmartReplyCategory.objects.values_list("id", "name")
        choices = [*((str(pk), name) for pk, name in rows), (NEW_CATEGORY, "New …")]
        cast(forms.ChoiceField, self.fields["category"]).choices = choices
        names = ", ".join(
            f"{{{{{name}}}}}" for name in smart_reply_building.variables()
        )
        self.fields["answer"].help_text = (
            f"Sent after the actions. May hold {names}, and a fallback: "
            "{{name|there}}."
        )

    def clean(self) -> dict[str, Any]:
        """A new category needs its name."""
        cleaned = super().clean() or self.cleaned_data
        is_new = cleaned.get("category") == NEW_CATEGORY
        if is_new and not cleaned.get("new_category"):
            self.add_error("new_category", "Give the new category a name.")
        return cleaned

    def store(self) -> bool:
        """Write it; False with errors where the rules refuse."""
        return self.stored(self._write)

    def _write(self) -> None:
        given = self.cleaned_data
        words = Words(lines(given["phrasings"]), given["answer"], given["is_active"])
        smart_reply_building.save(self.instance, self._category(), words)

    def _category(self) -> SmartReplyCategory:
        chosen = self.cleaned_data["category"]
        if chosen == NEW_CATEGORY:
            return smart_reply_building.category_named(
                self.cleaned_data["new_category"]
            )
        return SmartReplyCategory.objects.get(pk=chosen)


class SettingsForm(_Stored):
    """What holds for all smart replies."""

    is_on = forms.BooleanField(label="Smart replies are on", required=False)
    default_reply = ProseField(
        label="Default reply",
        required=False,
        max_length=ANSWER_CHARS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The answer where no question matches. Without one, none is sent.",
    )
    off_channels = RowsField(
        active_channels(), label="Off on these channels", required=False
    )

    def __init__(self, *args: Any, instance: SmartReplySettings, **kwargs: Any) -> None:
        """Filled from the settings there are."""
        self.instance = instance
        kwargs["initial"] = {
            "is_on": instance.is_on,
            "default_reply": instance.default_reply,
            "off_channels": instance.off_channels.all(),
        }
        super().__init__(*args, **kwargs)

    def store(self) -> bool:
        """Write them; False with errors where the rules refuse."""
        return self.stored(
            lambda: smart_reply_building.save_settings(
                self.instance,
                is_on=self.cleaned_data["is_on"],
                default_reply=self.cleaned_data["default_reply"],
                off_channels=list(self.cleaned_data["off_channels"]),
            )
        )


class TrialForm(forms.Form):
    """A message to try, on a channel."""

    text = forms.CharField(
        label="Message",
        max_length=MAX_TRIED,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "No more offers"}),
    )
    channel = forms.ModelChoiceField(
        active_channels(), label="Channel", required=False, empty_label=None
    )

    @property
    def chosen_channel(self) -> Channel | None:
        """The channel, the first one unless another was chosen."""
        chosen: Channel | None = self.cleaned_data.get("channel")
        return chosen or active_channels().first()
