"""What a planned action is built with: whom it is about, and its settings, as a form.

The form is the action's own (`optout.action_table`). Its texts take tokens, so they
are checked as texts when the action is done; what is chosen from a list is chosen when
it is built. Where a smart reply knows whom it is about, a connector is told.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.db.models import QuerySet

from connectors import tokens
from connectors.plans import PlannedAction
from optout import action_table
from optout.action_forms import ActionForm
from optout.action_table import ACTIONS, Action, Place, SettingsError, Whom
from optout.models import Channel, active_channels

MAX_TEXT = 50_000
GUARDED = "lift_what_person_made"
_GONE = "This action is not there any more."
_LENGTHS = (MaxLengthValidator, MinLengthValidator)


class Builder(Protocol):
    """Who builds: a user, or the owner of an API key."""

    def has_perm(self, perm: str) -> bool:
        """Whether the builder has a permission."""
        ...


class PlannedForm(ActionForm):
    """The settings of an action in a connector; made for each kind by `form_for`."""

    kind: Action
    builder: Builder | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for whom it is about first, and take tokens in each text."""
        super().__init__(*args, **kwargs)
        if GUARDED in self.fields:
            self.fields[GUARDED].initial = False
        self.left_out = {
            name: self.fields.pop(name).initial for name in self.situational
        }
        whom = _whom_fields(self.kind.whom)
        self.whom = tuple(whom)
        self.fields = {**whom, **self.fields}
        for name, field in self.fields.items():
            if is_text(field):
                _take_tokens(name, field, self.takes_secrets)

    def clean(self) -> dict[str, Any]:
        """At least one address where somebody is meant; only what the builder may."""
        cleaned = super().clean() or self.cleaned_data
        missing = not (cleaned.get("number") or cleaned.get("email"))
        asked = "number" in self.fields
        if asked and missing and not {"number", "email"} & set(self.errors):
            self.add_error("number", "Give a number or an email.")
        may = self.builder is None or self.builder.has_perm("optout.lift_guarded_entry")
        if cleaned.get(GUARDED) and not may:
            self.add_error(GUARDED, "Your role may not remove what a person made.")
        return cleaned

    def planned(self, pk: str) -> PlannedAction:
        """The action as the plan keeps it; asked of a valid form."""
        whom = {name: self.cleaned_data.pop(name) for name in self.whom}
        if channel := whom.get("channel"):
            whom["channel"] = channel.pk
        self.cleaned_data.update(self.left_out)
        return PlannedAction(pk, self.kind.name, self.settings(), whom)


def is_text(field: forms.Field) -> bool:
    """Whether a field is free text, which may hold tokens."""
    return isinstance(field, forms.CharField)


def _take_tokens(name: str, field: forms.Field, with_secrets: bool) -> None:
    """Check its tokens instead of its length, which shows when they are resolved."""
    text = cast(forms.CharField, field)
    text.max_length = MAX_TEXT
    kept = [one for one in text.validators if not isinstance(one, _LENGTHS)]
    text.validators = [*kept, MaxLengthValidator(MAX_TEXT), _Tokens(name, with_secrets)]
    text.widget.attrs.pop("maxlength", None)
    text.widget.attrs["data-tokens"] = ""


class _Tokens:
    """A validator: each token of the text can be read."""

    def __init__(self, field: str, with_secrets: bool) -> None:
        self.field = field
        self.roots = tokens.WITH_SECRETS if with_secrets else tokens.ROOTS

    def __call__(self, text: str) -> None:
        try:
            tokens.check(text, field=self.field, roots=self.roots)
        except tokens.TokenError as error:
            raise ValidationError(error.message, code=error.code) from None


def _whom_fields(whom: Whom) -> dict[str, forms.Field]:
    if whom is Whom.NOBODY:
        return {}
    fields: dict[str, forms.Field] = {
        "number": forms.CharField(
            label="Number", required=False, help_text="Required if Email is empty."
        ),
        "email": forms.CharField(
            label="Email",
            required=False,
            help_text="Required if Number is empty. Where it may be missing: "
            "{{body.email|}}.",
        ),
    }
    if whom in (Whom.ON_CHANNEL, Whom.ON_CHANNEL_OR_ALL):
        is_all = whom is Whom.ON_CHANNEL_OR_ALL
        fields["channel"] = forms.ModelChoiceField(
            active_channels(),
            label="Channel",
            required=not is_all,
            empty_label="All channels" if is_all else "Choose a channel",
        )
    return fields


# Forms


def kinds() -> list[Action]:
    """The actions that a connector may do."""
    return action_table.of_place(Place.CONNECTOR)


def form_for(
    name: str,
    *,
    data: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    builder: Builder | None = None,
) -> PlannedForm:
    """The form of a kind of action. Raises SettingsError `unknown_action`.

    `builder` is asked for the permissions that some settings need.
    """
    kind = ACTIONS.get(name)
    if kind is None or Place.CONNECTOR not in kind.places:
        known = ", ".join(sorted(one.name for one in kinds()))
        raise SettingsError("unknown_action", f"Choose one of {known}.", "action")
    made: Any = type(
        "PlannedForm",
        (PlannedForm, kind.form),
        {"kind": kind, "builder": builder, "__module__": __name__},
    )
    return cast(PlannedForm, made(data, initial=dict(initial or {})))


def initial_of(action: PlannedAction) -> dict[str, Any]:
    """A kept action as its form shows it when it is changed."""
    kind = ACTIONS.get(action.name)
    chosen = kind.form.chosen(action.settings) if kind else dict(action.settings)
    return {**chosen, **action.whom}


def checked(
    name: str,
    whom: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    builder: Builder | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Whom and settings as they are kept; what is not given is as the form proposes.

    Raises SettingsError `unknown_action` and, with `whom.…` or `settings.…` as its
    field, `unknown_setting` and `bad_setting`.
    """
    proposed = form_for(name)
    _check_names(proposed, whom, settings)
    given = {key: field.initial for key, field in proposed.fields.items()}
    given |= {key: settings[key] for key in settings if key not in proposed.left_out}
    given |= whom
    if not given.get("channel"):  # All channels, as null or as its row 0
        given["channel"] = None
    form = form_for(name, data=given, builder=builder)
    for field, errors in form.errors.items():
        place = "whom" if field in proposed.whom else "settings"
        raise SettingsError("bad_setting", str(errors[0]), f"{place}.{field}")
    planned = form.planned("")
    return dict(planned.whom), dict(planned.settings)


def _check_names(
    form: PlannedForm, whom: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    known = {*form.fields} - {*form.whom} | {*form.left_out}
    strange = [f"whom.{key}" for key in whom if key not in form.whom]
    strange += [f"settings.{key}" for key in settings if key not in known]
    if strange:
        message = f"{form.kind.label} has no setting of this name."
        raise SettingsError("unknown_setting", message, strange[0])


# In words


def told(actions: Sequence[PlannedAction]) -> list[str]:
    """Each action in a few words, its tokens as people read them; few queries."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for number, action in enumerate(actions):
        by_kind[action.name].append(number)
    words = [""] * len(actions)
    channels = _channels(actions)
    for name, numbers in by_kind.items():
        some = [actions[number] for number in numbers]
        for number, text in zip(numbers, _told_kind(name, some), strict=True):
            parts = [_whom_in_words(actions[number].whom, channels), text]
            words[number] = " · ".join(part for part in parts if part)
    return words


def _told_kind(name: str, some: Sequence[PlannedAction]) -> list[str]:
    kind = ACTIONS.get(name)
    if kind is None:
        return [_GONE for _ in some]
    return [tokens.in_words(one) for one in kind.form.told([a.settings for a in some])]


def _channels(actions: Sequence[PlannedAction]) -> Mapping[int, Channel]:
    chosen = [pk for one in actions if (pk := one.whom.get("channel"))]
    found: QuerySet[Channel] = Channel.objects.filter(pk__in=chosen)
    return {row.pk: row for row in found}


def _whom_in_words(whom: Mapping[str, Any], channels: Mapping[int, Channel]) -> str:
    given = [whom[name] for name in ("number", "email") if whom.get(name)]
    text = " and ".join(tokens.in_words(one) for one in given)
    if "channel" not in whom:
        return text
    pk = whom["channel"]
    place = channels.get(pk, "a channel that is gone") if pk else "all channels"
    return f"{text} on {place}"
