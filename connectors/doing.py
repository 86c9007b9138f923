"""Doing one planned action: its tokens are resolved, then the action table does it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form

from connectors import tokens
from connectors.models import Connector
from connectors.plans import PlannedAction
from optout import action_table, addresses
from optout.action_forms import ActionForm
from optout.action_table import ACTIONS, FAILED, Result, Situation, Whom
from optout.actors import Actor
from optout.addresses import Address, AddressKind, InvalidAddress
from optout.models import ALL_CHANNELS, Channel, Source, Workspace
from optout.refusals import Refused

Done = Result


@dataclass(frozen=True, slots=True)
class Context:
    """The run that an action belongs to. `data` is what tokens stand for.

    `once` is the action's own number in this run; `trail` are the connectors that led
    here. `had_begun` says that an earlier try began the action.
    """

    connector: Connector
    run_id: int
    received_at: datetime
    data: Mapping[str, Any]
    once: int
    trail: Sequence[int] = ()
    had_begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSituation(Situation):
    """A situation that a connector's run made: its own actions read its context."""

    context: Context


class ResolvingError(Refused):
    """A planned action that cannot be done with what came in."""


def is_repeatable(name: str) -> bool:
    """Whether doing it again has no second effect; one that is gone does nothing."""
    return name not in ACTIONS or ACTIONS[name].is_repeatable


def do(action: PlannedAction, context: Context) -> Done:
    """Do it; what fails is a result, save a failure of the database, which is raised.

    A missing attribute, an address that is none or a text that its setting does not
    take fail before anything is done.
    """

    def run(situation: Situation, settings: Mapping[str, Any]) -> Result:
        return action_table.perform(
            action.name, situation, settings, had_begun=context.had_begun
        )

    return _with_values(action, context, run)


def previewed(action: PlannedAction, context: Context) -> Done:
    """What `do` would do; nothing is changed, and nobody is called."""

    def tell(situation: Situation, settings: Mapping[str, Any]) -> Result:
        kind = ACTIONS[action.name]
        if kind.preview is None:
            return Result("would be done", kind.form.told([settings])[0])
        return kind.preview(situation, settings)

    return _with_values(action, context, tell)


def _with_values(
    action: PlannedAction,
    context: Context,
    act: Callable[[Situation, Mapping[str, Any]], Result],
) -> Done:
    if action.name not in ACTIONS:
        return Result(FAILED, "There is no such action any more.")
    try:
        situation, settings = _resolved(action, context)
        return act(situation, settings)
    except Refused as refused:
        return Result(FAILED, refused.message)


def _resolved(
    action: PlannedAction, context: Context
) -> tuple[RunSituation, dict[str, Any]]:
    kind = ACTIONS[action.name]
    form = kind.form()
    settings, values = _settings(form, action.settings, context.data)
    return (
        RunSituation(
            context=context,
            addresses=_addresses(kind.whom, action.whom, context.data),
            channel_id=action.whom.get("channel") or ALL_CHANNELS,
            source=Source.CONNECTOR,
            actor=Actor(label=f"connector “{context.connector.name}”"),
            asked_at=context.received_at,
            once=context.once,
            values=values,
        ),
        settings,
    )


# Settings


def _settings(
    form: ActionForm, planned: Mapping[str, Any], data: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings with their tokens resolved, and the variables of their words."""
    settings, values = dict(planned), dict[str, str]()
    for name, value in planned.items():
        if not isinstance(value, str) or name in form.own_tokens:
            continue
        if name in form.message_words:
            settings[name], of_words = tokens.as_variables(value, data)
            values |= of_words
        elif tokens.paths(value):
            settings[name] = _as_typed(form, name, tokens.resolve(value, data))
    return settings, values


def _as_typed(form: Form, name: str, text: str) -> str:
    """A resolved text, checked as if somebody had typed it into the action's form."""
    if name not in form.fields:
        return text
    field = form.fields[name]
    try:
        cleaned: str = field.clean(text)
    except ValidationError as error:
        raise ResolvingError(
            "bad_value", f"{field.label or name}: {error.messages[0]}", name
        ) from None
    return cleaned


# Whom


def _addresses(
    whom: Whom, planned: Mapping[str, Any], data: Mapping[str, Any]
) -> tuple[Address, ...]:
    if whom is Whom.NOBODY:
        return ()
    number = tokens.resolve(planned.get("number") or "", data).strip()
    email = tokens.resolve(planned.get("email") or "", data).strip()
    found = []
    if number:
        found.append(_address("Number", number, _phone_kind(planned)))
    if email:
        found.append(_address("Email", email, AddressKind.EMAIL))
    if not found:
        message = "Number and Email are both empty."
        raise ResolvingError("address_required", message, "number")
    return tuple(found)


def _phone_kind(planned: Mapping[str, Any]) -> AddressKind:
    """What stands for Number on the channel: a provider's id where it has those."""
    pk = planned.get("channel")
    channel = Channel.objects.filter(pk=pk).first() if pk else None
    is_opaque = channel and channel.address_kind == AddressKind.OPAQUE
    return AddressKind.OPAQUE if is_opaque else AddressKind.PHONE


def _address(label: str, text: str, kind: AddressKind) -> Address:
    try:
        return addresses.parse(text, kind=kind, region=Workspace.load().region or None)
    except InvalidAddress as error:
        shown = text if len(text) <= 60 else f"{text[:59]}…"
        raise ResolvingError(
            error.code, f"{label} “{shown}”: {error.message}", label.lower()
        ) from None
