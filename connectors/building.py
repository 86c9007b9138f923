"""Building a connector: making, naming and deleting one, its URL, switch and steps."""

import secrets

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from connectors import plan_checks, plans, rerunning
from connectors.models import (
    DESCRIPTION_CHARS,
    NAME_CHARS,
    Connector,
    Run,
    RunState,
    Version,
    token_digest,
)
from connectors.plan_checks import BuildError
from connectors.plans import Plan
from optout.actors import Actor

__all__ = [
    "BuildError",
    "create",
    "current_plan",
    "delete",
    "leading_to",
    "new_url",
    "rename",
    "runs_ahead",
    "save_plan",
    "switch",
    "version_number",
]

TOKEN_BYTES = 32
DELETED_AT_ONCE = 500
_AHEAD = (RunState.QUEUED, RunState.RUNNING, RunState.WAITING)


def create(*, name: str, description: str = "", actor: Actor) -> Connector:
    """A connector without steps, switched off, with a secret URL of its own.

    Raises BuildError as `rename` does.
    """
    made = Connector(created_by_id=actor.user_id)
    _set_token(made)
    with transaction.atomic():
        rename(made, name=name, description=description)
        _next_version(made, Plan(), number=1, actor=actor)
    return made


def rename(connector: Connector, *, name: str, description: str = "") -> None:
    """Write name and description.

    Raises BuildError `name_required`, `name_too_long`, `name_taken` and
    `description_too_long`, with the field.
    """
    connector.name = " ".join(name.split())
    connector.description = description.strip()
    if not connector.name:
        raise BuildError("name_required", "Give it a name.", "name")
    if len(connector.name) > NAME_CHARS:
        message = f"A name has at most {NAME_CHARS} characters."
        raise BuildError("name_too_long", message, "name")
    if len(connector.description) > DESCRIPTION_CHARS:
        message = f"A description has at most {DESCRIPTION_CHARS} characters."
        raise BuildError("description_too_long", message, "description")
    _save_named(connector)


def _save_named(connector: Connector) -> None:
    only = None if connector._state.adding else ["name", "description"]
    try:
        with transaction.atomic():
            connector.save(update_fields=only)
    except IntegrityError:
        message = "There is a connector of this name."
        raise BuildError("name_taken", message, "name") from None


def new_url(connector: Connector) -> None:
    """Give it another secret URL; the old one is unknown from now on."""
    _set_token(connector)
    connector.save(update_fields=["token", "token_digest"])


def _set_token(connector: Connector) -> None:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connector.token = {"token": token}
    connector.token_digest = token_digest(token)


def switch(connector: Connector, on: bool) -> None:
    """Run what comes in from now on, or hold it. Raises BuildError `no_actions`."""
    if on and not any(current_plan(connector).actions()):
        message = "There is nothing to do yet: add a step with an action first."
        raise BuildError("no_actions", message)
    connector.is_active = on
    connector.save(update_fields=["is_active"])


# Steps


def current_plan(connector: Connector) -> Plan:
    """The steps that the next run takes."""
    return plans.read(connector.version.steps) if connector.version else Plan()


def version_number(connector: Connector) -> int:
    """The number of its present steps; what an edit says that it is based on."""
    return connector.version.number if connector.version else 0


def save_plan(
    connector: Connector,
    plan: Plan,
    *,
    actor: Actor,
    based_on: int | None = None,
    builder: User | None = None,
) -> Version:
    """Make the plan the connector's next version; an unchanged one makes none.

    `based_on` is the number of the version that was seen when it was edited: if
    somebody saved another meanwhile, this raises BuildError `changed_meanwhile`.
    `builder` is asked for the permissions that some settings need. Raises BuildError
    as `plan_checks.check` does, with the place as the field; nothing is changed then.
    """
    with transaction.atomic():
        row = Connector.objects.select_for_update().get(pk=connector.pk)
        number = version_number(row)
        if based_on is not None and based_on != number:
            raise _changed_meanwhile(row)
        before = current_plan(row)
        if row.version is not None and plan == before:
            return row.version
        plan_checks.check(row, plan, before=before, builder=builder)
        made = _next_version(row, plan, number=number + 1, actor=actor)
    connector.version = made
    return made


def _changed_meanwhile(connector: Connector) -> BuildError:
    who = connector.version.actor_label if connector.version else ""
    message = (
        f"The steps were changed meanwhile{f' by {who}' if who else ''}. Nothing of"
        " yours is lost: look at them, then save again."
    )
    return BuildError("changed_meanwhile", message)


def _next_version(
    connector: Connector, plan: Plan, *, number: int, actor: Actor
) -> Version:
    made = Version.objects.create(
        connector=connector,
        number=number,
        steps=plans.write(plan),
        actor_label=actor.label,
    )
    connector.version = made
    connector.save(update_fields=["version"])
    return made


# Deleting


def runs_ahead(connector: Connector) -> int:
    """How many of its runs are still to do something."""
    return connector.runs.filter(state__in=_AHEAD).count()


def leading_to(connector: Connector) -> list[Connector]:
    """The connectors whose steps go to this one."""
    others = Connector.objects.exclude(pk=connector.pk).select_related("version")
    return [
        other
        for other in others
        if connector.pk
        in [plan_checks.target_of(one) for one in current_plan(other).actions()]
    ]


def delete(connector: Connector, *, cancel_runs: bool = False) -> None:
    """Delete it with its steps and runs; what these did stays where they did it.

    Raises BuildError `runs_ahead` while some are still to do something, unless they
    are to be cancelled, and `running` while one is at work.
    """
    with transaction.atomic():
        row = Connector.objects.select_for_update().get(pk=connector.pk)
        ahead = runs_ahead(row)
        if ahead and not cancel_runs:
            message = f"{ahead:,} of its runs still wait. Cancel them with it, or wait."
            raise BuildError("runs_ahead", message, "cancel_runs")
        _stop(row)
    _forget_runs(row)
    row.delete()


def _stop(connector: Connector) -> None:
    """Let nothing come in and no run begin."""
    _set_token(connector)
    connector.is_active = False
    connector.save(update_fields=["token", "token_digest", "is_active"])
    rerunning.cancel(connector.runs.all())
    if connector.runs.filter(state=RunState.RUNNING).exists():
        message = "One of its runs is at work. Try again in a minute."
        raise BuildError("running", message, "cancel_runs")


def _forget_runs(connector: Connector) -> None:
    """In chunks, so that no transaction is long; children elsewhere stay."""
    while found := list(connector.runs.values_list("pk", flat=True)[:DELETED_AT_ONCE]):
        Run.objects.filter(pk__in=found).delete()
