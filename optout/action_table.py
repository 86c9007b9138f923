"""The action table: what smart replies and connectors may do, from every floor.

An app's `actions` module registers its own with `@action("name")`; the modules are
found as the admin's are.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import InterfaceError, OperationalError

from optout.action_forms import ActionForm
from optout.actors import Actor
from optout.addresses import Address
from optout.models import ALL_CHANNELS, Source
from optout.refusals import Refused

logger = logging.getLogger(__name__)

FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Situation:
    """Whom an action is about: addresses on a channel, and which automation acts.

    `addresses` are one person's; none where the action is about nobody. `asked_at` is
    when it was asked for: the time of the person's message, which `message_id` names,
    or that of another system's input. `once` is a number that this action has in this
    situation alone: what may be done only once (a message) is known by it. `values`
    are variables of words beside the contact's.
    """

    addresses: tuple[Address, ...] = ()
    channel_id: int = ALL_CHANNELS
    source: Source = Source.SMART_REPLY
    actor: Actor = Actor(label="automation")
    text: str = ""
    asked_at: datetime | None = None
    message_id: str = ""
    once: int = 0
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        """The first address, or the only one."""
        return self.addresses[0]


@dataclass(frozen=True, slots=True)
class Result:
    """What an action did, in words people read: `added`, `kept`, `Optout Number`, …

    `output` is what later steps of a connector may use of it.
    """

    outcome: str
    detail: str = ""
    output: Mapping[str, Any] | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it did not do what it is there for."""
        return self.outcome == FAILED

    def __str__(self) -> str:
        return f"{self.outcome}: {self.detail}" if self.detail else self.outcome


# Anything that knows a situation, of this floor or of a floor above.
Run = Callable[[Any, Mapping[str, Any]], Result]


class Whom(StrEnum):
    """What an action has to be told where no message says whom it is about."""

    NOBODY = "nobody"
    PERSON = "person"
    ON_CHANNEL = "on_channel"
    ON_CHANNEL_OR_ALL = "on_channel_or_all"


class Place(StrEnum):
    """Where an action may be used."""

    SMART_REPLY = "smart_reply"
    CONNECTOR = "connector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing an automation can do; its settings are chosen when it is built.

    `runs_while_held`: also while an agent holds the conversation. `is_answer`: it
    writes to the person, and is silent where answers are. `is_repeatable`: doing it
    again has no second effect, so that it may be done again after a crash. `preview`
    tells what it would do and changes nothing.
    """

    name: str
    label: str
    run: Run
    form: type[ActionForm]
    icon: str = "zap"
    runs_while_held: bool = False
    is_answer: bool = False
    is_repeatable: bool = True
    whom: Whom = Whom.PERSON
    places: frozenset[Place] = frozenset(Place)
    preview: Run | None = None


class SettingsError(Refused):
    """Settings that an action does not take."""


ACTIONS: dict[str, Action] = {}


def action(
    name: str, *, label: str, form: type[ActionForm], **more: Any
) -> Callable[[Run], Run]:
    """Put a function into the action table under `name`; a second one is an error."""

    def register(run: Run) -> Run:
        if name in ACTIONS:
            raise ValueError(f"There is an action {name} already.")
        ACTIONS[name] = Action(name=name, label=label, run=run, form=form, **more)
        return run

    return register


def checked(name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they are kept; what is not given is as the form proposes it.

    Raises SettingsError `unknown_action` and, with the setting as its field,
    `unknown_setting` and `bad_setting`.
    """
    if name not in ACTIONS:
        known = ", ".join(sorted(ACTIONS))
        raise SettingsError("unknown_action", f"Choose one of {known}.", "action")
    form = ACTIONS[name].form
    proposed = form()
    if unknown := next((key for key in raw if key not in proposed.fields), None):
        message = f"{ACTIONS[name].label} has no setting of this name."
        raise SettingsError("unknown_setting", message, unknown)
    given = form({key: proposed[key].initial for key in proposed.fields} | dict(raw))
    for name_of_field, errors in given.errors.items():
        raise SettingsError("bad_setting", str(errors[0]), name_of_field)
    return given.settings()


def of_place(place: Place) -> list[Action]:
    """The actions that may be used there, in the order they were registered."""
    return [action for action in ACTIONS.values() if place in action.places]


def perform(
    name: str,
    situation: Situation,
    settings: Mapping[str, Any],
    *,
    had_begun: bool = False,
) -> Result:
    """Do an action; a failure is a result, save that of the database, which is raised.

    `had_begun` says that an earlier try began it and nobody knows how it ended.
    """
    action = ACTIONS.get(name)
    if action is None:
        return Result(FAILED, "There is no such action any more.")
    if had_begun and not action.is_repeatable:
        return Result(FAILED, "The worker stopped while it ran.")
    try:
        return action.run(situation, settings)
    except (OperationalError, InterfaceError):  # it is tried again later
        raise
    except Refused as refused:
        return Result(FAILED, refused.message)
    except Exception as error:  # whatever it is, the other actions go on
        logger.exception("Action %s of %s failed", name, situation.actor.label)
        return Result(FAILED, f"{type(error).__name__}: {error}"[:300])
