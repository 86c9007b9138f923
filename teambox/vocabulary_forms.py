"""The forms of what contacts are sorted by: attributes, tags, segments."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from optout.forms import ProseField, focus_first
from teambox import contacts, segments, vocabulary
from teambox.contact_forms import RefusableForm
from teambox.models import AttributeKind, ContactAttribute, Segment, Tag


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


class AttributeForm(RefusableForm):
    """An attribute to make, or one whose label and choices change."""

    label = forms.CharField(label="Label", max_length=vocabulary.MAX_LABEL)
    kind = forms.ChoiceField(label="Kind", choices=AttributeKind.choices)
    choices = ProseField(
        label="Choices",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line.",
    )
    name = forms.SlugField(
        label="Name in files",
        required=False,
        max_length=vocabulary.MAX_NAME,
        help_text="Also in {{name}}. Made from the label if empty; it never changes.",
    )

    def __init__(
        self, *args: Any, attribute: ContactAttribute | None = None, **kwargs: Any
    ) -> None:
        """Name and kind are asked for once: there are values of them."""
        super().__init__(*args, **kwargs)
        self.attribute = attribute
        del self.fields["choices"].widget.attrs["maxlength"]
        focus_first(self, "label")
        if attribute is None:
            return
        del self.fields["name"], self.fields["kind"]
        self.initial["label"] = attribute.label
        self.initial["choices"] = "\n".join(attribute.choices)
        if attribute.kind != AttributeKind.CHOICE:
            del self.fields["choices"]

    def store(self) -> bool:
        """Write it; False with errors where it is refused."""
        return self.obey(self._write)

    def _write(self) -> None:
        label = self.cleaned_data["label"]
        choices = _lines(self.cleaned_data.get("choices", ""))
        if self.attribute:
            vocabulary.change_attribute(self.attribute, label=label, choices=choices)
            return
        self.attribute = vocabulary.make_attribute(
            label=label,
            name=self.cleaned_data["name"],
            kind=AttributeKind(self.cleaned_data["kind"]),
            choices=choices,
        )


class RenameTagForm(RefusableForm):
    """A tag's new name; where another tag has it, the two become one if one says so."""

    name = forms.CharField(label="Name", max_length=contacts.MAX_TAG)
    merge = forms.BooleanField(label="Merge this tag into it", required=False)

    def __init__(self, *args: Any, tag: Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tag = tag
        self.other: Tag | None = None
        self.initial["name"] = tag.name
        focus_first(self, "name")

    def clean(self) -> dict[str, Any]:
        """Ask before two tags become one."""
        cleaned = super().clean() or self.cleaned_data
        name = " ".join(cleaned.get("name", "").split())
        self.other = vocabulary.tag_named(name, but=self.tag)
        if self.other and not cleaned.get("merge"):
            message = f"There is a tag “{self.other}” already."
            self.add_error("name", ValidationError(message, code="name_taken"))
        return cleaned

    def store(self) -> bool:
        """Rename or merge; False with errors where it is refused."""
        return self.obey(self._write)

    def _write(self) -> None:
        if self.other:
            vocabulary.merge_tags(self.tag, self.other)
        else:
            vocabulary.rename_tag(self.tag, self.cleaned_data["name"])


class SegmentForm(RefusableForm):
    """The name of a segment."""

    name = forms.CharField(label="Name", max_length=segments.MAX_NAME)

    def __init__(self, *args: Any, segment: Segment | None = None, **kw: Any) -> None:
        """Fill in the name of a segment that exists."""
        super().__init__(*args, **kw)
        focus_first(self, "name")
        if segment:
            self.initial["name"] = segment.name
