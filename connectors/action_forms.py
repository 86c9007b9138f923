"""What a builder chooses for the actions of this floor."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from connectors import tokens
from connectors.models import Connector
from optout import egress
from optout.action_forms import ActionForm
from optout.forms import ProseField
from teambox.models import ContactAttribute

MAX_BODY = 50_000
ATTRIBUTE = "attribute_"
_ANSWER = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,29}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_URL_CHARS = 60


class HttpRequestForm(ActionForm):
    """Settings of an HTTP request. Its texts take secrets, too."""

    own_tokens = ("url", "headers", "body")
    takes_secrets = True

    method = forms.ChoiceField(
        label="Method", choices=[(one, one) for one in METHODS], initial="POST"
    )
    url = forms.CharField(label="URL", help_text="Values in it are percent-encoded.")
    headers = ProseField(
        label="Headers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line: Authorization: Bearer {{secrets.API_KEY}}. Secrets are "
        "kept in the connector's settings.",
    )
    body_kind = forms.ChoiceField(
        label="Body",
        choices=[
            ("none", "None"),
            ("json", "JSON"),
            ("form", "Form, a field a line: name=value"),
            ("text", "Text"),
        ],
        initial="json",
    )
    body = ProseField(
        label="Content",
        required=False,
        max_length=MAX_BODY,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text='In JSON, attributes stand in quotes: {"id": "{{body.id}}"}.',
    )
    answer = forms.CharField(
        label="Name of the answer",
        initial="answer",
        help_text="Later steps read {{responses.answer.status}} and "
        "{{responses.answer.body}}.",
    )

    def clean_url(self) -> str:
        """A URL that may be called; one with attributes is checked when it is."""
        url: str = self.cleaned_data["url"].strip()
        if tokens.paths(url):
            return url
        try:
            return egress.check_url(url)
        except egress.EgressError as error:
            raise ValidationError(error.message) from None

    def clean_headers(self) -> str:
        """A name and a value on each line."""
        text: str = self.cleaned_data["headers"]
        for line in header_lines(text):
            if ":" not in line:
                raise ValidationError(f"“{line[:40]}” is no header: Name: value.")
        return text

    def clean_body(self) -> str:
        """JSON that can be read, if it is to be JSON."""
        text: str = self.cleaned_data["body"]
        if self.cleaned_data.get("body_kind") == "json" and text.strip():
            try:
                json.loads(text)
            except (ValueError, RecursionError):
                raise ValidationError(
                    "This is no JSON. Attributes stand in quotes."
                ) from None
        return text

    def clean_answer(self) -> str:
        """A name that a token can hold."""
        name: str = self.cleaned_data["answer"]
        if not _ANSWER.fullmatch(name):
            raise ValidationError("Up to 30 letters, digits and underscores.")
        return name

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """Method and URL."""
        return [f"{row['method']} {row['url'][:_URL_CHARS]}" for row in many]


def header_lines(text: str) -> Iterable[str]:
    """The lines that are not empty."""
    return (line for line in text.splitlines() if line.strip())


class GoToForm(ActionForm):
    """Settings of going to another connector."""

    connector = forms.ModelChoiceField(
        Connector.objects.all(),
        label="Connector",
        empty_label="Choose a connector",
        help_text="A run of it starts with what came in.",
    )

    def settings(self) -> dict[str, Any]:
        """The connector by its id."""
        return {"connector": self.cleaned_data["connector"].pk}

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """The names, read at once."""
        found = Connector.objects.in_bulk([row["connector"] for row in many])
        return [
            f"“{found[row['connector']]}”"
            if row["connector"] in found
            else "one that is gone"
            for row in many
        ]


class ContactForm(ActionForm):
    """Settings of creating or updating a contact: what goes into which attribute."""

    name = forms.CharField(
        label="Name", required=False, help_text="Empty values change nothing."
    )
    tags = forms.CharField(
        label="Tags to add", required=False, help_text="With commas between them."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the attributes that contacts have today."""
        super().__init__(*args, **kwargs)
        for row in ContactAttribute.objects.all():
            self.fields[f"{ATTRIBUTE}{row.name}"] = forms.CharField(
                label=row.label, required=False
            )

    def settings(self) -> dict[str, Any]:
        """What is filled in."""
        return {name: text for name, text in self.cleaned_data.items() if text}

    @classmethod
    def told(cls, many: Sequence[Mapping[str, Any]]) -> list[str]:
        """Which facts are written."""
        return [
            ", ".join(name.removeprefix(ATTRIBUTE) for name in row) or "addresses alone"
            for row in many
        ]
