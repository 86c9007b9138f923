"""The forms of the connectors' pages."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from connectors import blueprints, inputs
from connectors.models import (
    DESCRIPTION_CHARS,
    NAME_CHARS,
    Connector,
    SignatureKind,
)
from connectors.plans import MAX_DELAY, STEP_NAME_CHARS
from optout import strict_json
from optout.refusals import Refused

MAX_INPUT_CHARS = 262_144
EXAMPLE = '{\n  "phone": "+34655000111",\n  "status": "unsubscribed"\n}'
_CODE = {"rows": 10, "spellcheck": "false", "class": "mono"}


def refuse(form: forms.Form, refused: Refused) -> None:
    """Tell a refusal at its field, if the form has it."""
    form.add_error(
        refused.field if refused.field in form.fields else None, refused.message
    )


class NameForm(forms.Form):
    """Name and description."""

    name = forms.CharField(max_length=NAME_CHARS)
    description = forms.CharField(
        max_length=DESCRIPTION_CHARS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class NewForm(NameForm):
    """A new connector: empty, or with the steps of a template."""

    start = forms.ChoiceField(
        label="Start with", widget=forms.RadioSelect, initial="empty"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the templates that there are."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["start"]
        field.choices = [
            ("empty", "No steps: I build them myself"),
            *(
                (one.key, f"{one.label}: {one.description}")
                for one in blueprints.BLUEPRINTS
            ),
        ]


class StepForm(forms.Form):
    """What a step is called."""

    name = forms.CharField(
        max_length=STEP_NAME_CHARS,
        required=False,
        help_text="Without a name it is called by its number.",
    )


class DelayForm(forms.Form):
    """How long a step waits before its actions."""

    days = forms.IntegerField(min_value=0, max_value=MAX_DELAY.days, required=False)
    hours = forms.IntegerField(min_value=0, max_value=23, required=False)
    minutes = forms.IntegerField(min_value=0, max_value=59, required=False)

    @staticmethod
    def chosen(delay: timedelta) -> dict[str, int]:
        """A wait as the form shows it."""
        minutes = delay.seconds // 60
        return {"days": delay.days, "hours": minutes // 60, "minutes": minutes % 60}

    def clean(self) -> dict[str, Any]:
        """Refuse a wait that is too long."""
        if not self.errors and self.delay > MAX_DELAY:
            raise ValidationError(f"A step waits at most {MAX_DELAY.days} days.")
        return self.cleaned_data

    @property
    def delay(self) -> timedelta:
        """What was chosen; asked of a valid form."""
        given = {name: value or 0 for name, value in self.cleaned_data.items()}
        return timedelta(**given)


class InputForm(forms.Form):
    """An input typed as JSON."""

    body = forms.CharField(
        label="Input as JSON",
        max_length=MAX_INPUT_CHARS,
        widget=forms.Textarea(attrs=_CODE),
    )

    def clean_body(self) -> Any:
        """The JSON's value; says where it cannot be read."""
        try:
            body = strict_json.read(self.cleaned_data["body"].encode())
            inputs.check({"body": body})
        except strict_json.NotJSON as error:
            raise ValidationError(str(error)) from None
        except inputs.InputError as error:
            raise ValidationError(error.message) from None
        return body


# Settings


class SignatureForm(forms.Form):
    """How a sender shows that it knows more than the URL."""

    kind = forms.ChoiceField(
        label="Signature check",
        choices=SignatureKind.choices,
        widget=forms.RadioSelect,
        help_text="With a check, an unsigned post is refused, even with the URL.",
    )
    header = forms.CharField(
        label="Header",
        required=False,
        help_text="For a secret in a header, such as X-Shop-Secret.",
    )
    secret = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Leave it empty to have one made. It is shown once.",
    )

    def clean(self) -> dict[str, Any]:
        """A header is needed where the secret stands in one."""
        given = self.cleaned_data
        if given.get("kind") == SignatureKind.HEADER and not given.get("header"):
            self.add_error("header", "Name the header that holds the secret.")
        return given


class ResponseForm(forms.Form):
    """What a sender reads instead of the usual answer."""

    USUAL = ""
    kind = forms.ChoiceField(
        label="Answer",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (USUAL, "The usual one: 202 with the number of the run"),
            ("json", "JSON of my own"),
            ("text", "Text of my own"),
        ],
    )
    status = forms.IntegerField(min_value=200, max_value=299, required=False)
    body = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "data-tokens": ""}),
        help_text="What is missing in an input is left empty.",
    )

    @staticmethod
    def chosen(connector: Connector) -> dict[str, Any]:
        """The present answer as the form shows it."""
        return {"kind": "", "status": 200, "body": "", **connector.response}

    @property
    def response(self) -> dict[str, Any]:
        """The answer as it is kept; nothing for the usual one."""
        given = self.cleaned_data
        if not given["kind"]:
            return {}
        return {**given, "status": given["status"] or 200}


class LimitsForm(forms.Form):
    """How much may come in, and how long runs are kept."""

    posts_per_minute = forms.IntegerField(
        label="Posts a minute",
        min_value=1,
        max_value=60_000,
        help_text="More are answered 429 and not stored.",
    )
    keep_days = forms.IntegerField(
        label="Days runs are kept",
        min_value=1,
        max_value=3_650,
        help_text="The newest five stay as samples.",
    )


class SecretForm(forms.Form):
    """A value that HTTP requests use."""

    name = forms.CharField(
        max_length=30, help_text="Letters, digits and underscores, such as API_KEY."
    )
    value = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Nobody can read it again.",
    )


class DeleteForm(forms.Form):
    """Deleting a connector whose runs may still wait."""

    cancel_runs = forms.BooleanField(required=False)

    def __init__(self, *args: Any, waiting: int, **kwargs: Any) -> None:
        """Ask about the runs only where some wait."""
        super().__init__(*args, **kwargs)
        noun = "run that still waits" if waiting == 1 else "runs that still wait"
        self.fields["cancel_runs"].label = f"Cancel the {waiting:,} {noun}"
        if not waiting:
            del self.fields["cancel_runs"]
