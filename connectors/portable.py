"""A connector as a JSON document: exported without secrets, loaded by names.

Lists, channels, sequences, broadcasts, agents and connectors stand in it by their
names: their ids are others elsewhere.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.db import transaction
from django.db.models import QuerySet

from connectors import action_settings, building, door_settings, plans
from connectors.action_settings import Builder, PlannedForm
from connectors.conditions import ConditionError, Filter
from connectors.models import Connector
from connectors.plan_checks import BuildError
from connectors.plans import Plan, PlannedAction, Step, new_id
from optout.actors import Actor
from optout.refusals import Refused

FORMAT = "optout-connector/1"
MAX_PROBLEMS = 20


class LoadError(BuildError):
    """A document that cannot be loaded; `problems` says all that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        shown = " ".join(problems[:MAX_PROBLEMS])
        super().__init__("bad_document", shown, "document")
        self.problems = problems


def export(connector: Connector) -> dict[str, Any]:
    """The document of a connector. Its URL, signature and secrets are not in it."""
    plan = building.current_plan(connector)
    return {
        "format": FORMAT,
        "name": connector.name,
        "description": connector.description,
        "posts_per_minute": connector.posts_per_minute,
        "keep_days": connector.keep_days,
        "response": connector.response,
        "secrets": list(connector.secrets.values_list("name", flat=True)),
        "steps": [_step(step) for step in plan.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "filter": step.filter.as_json(),
        "delay_seconds": int(step.delay.total_seconds()),
        "actions": [_action(one) for one in step.actions],
    }


def _action(action: PlannedAction) -> dict[str, Any]:
    form = action_settings.form_for(action.name)
    chosen = action_settings.initial_of(action)
    named = {key: _names(form, key, value) for key, value in chosen.items()}
    return {
        "name": action.name,
        "whom": {key: named[key] for key in form.whom},
        "settings": {key: named[key] for key in named if key in _own(form)},
    }


def _own(form: PlannedForm) -> set[str]:
    return {*form.fields} - {*form.whom}


def _names(form: PlannedForm, key: str, value: Any) -> Any:
    """What a document says for a value: the names of rows, else the value itself."""
    field = form.fields.get(key)
    if not isinstance(field, forms.ModelChoiceField) or value in (None, ""):
        return value
    many = isinstance(field, forms.ModelMultipleChoiceField)
    rows = _rows(field).model._default_manager.in_bulk(value if many else [value])
    names = [str(row) for row in rows.values()]
    return names if many else next(iter(names), None)


def _rows(field: "forms.ModelChoiceField[Any]") -> QuerySet[Any]:
    return cast("QuerySet[Any]", field.queryset)


# Loading


def load(
    document: Any, *, name: str = "", actor: Actor, builder: Builder | None = None
) -> Connector:
    """Make a connector of a document, switched off, with a URL of its own.

    `name` instead of the document's. Raises LoadError with everything that is wrong,
    and BuildError as `building` does; nothing is made then. Its secrets are asked for
    by name: until they are there, requests that use them are refused.
    """
    given = _checked(document)
    problems: list[str] = []
    steps = [
        _loaded_step(number, raw, problems, builder)
        for number, raw in enumerate(given["steps"], start=1)
    ]
    if problems:
        raise LoadError(problems)
    with transaction.atomic():
        made = building.create(
            name=name or given["name"], description=given["description"], actor=actor
        )
        for secret in given["secrets"]:
            door_settings.name_secret(made, str(secret))
        building.save_plan(made, Plan(tuple(steps)), actor=actor)
        door_settings.set_response(made, given["response"])
        door_settings.set_limits(
            made,
            posts_per_minute=given["posts_per_minute"],
            keep_days=given["keep_days"],
        )
    return made


_TYPES: Mapping[str, tuple[type, Any]] = {
    "name": (str, ""),
    "description": (str, ""),
    "posts_per_minute": (int, 600),
    "keep_days": (int, 90),
    "response": (dict, {}),
    "secrets": (list, []),
    "steps": (list, []),
}


def _checked(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise LoadError([f"This is no document of a connector: {FORMAT}."])
    given = {key: document.get(key, default) for key, (_, default) in _TYPES.items()}
    wrong = [
        f"“{key}” is not what it should be."
        for key, (kind, _) in _TYPES.items()
        if not isinstance(given[key], kind) or isinstance(given[key], bool)
    ]
    strange = [f"“{str(key)[:40]}” is unknown." for key in {*document} - {*_TYPES}]
    wrong += [one for one in strange if "format" not in one]
    if len(given["steps"]) > plans.MAX_STEPS:
        wrong.append(f"A connector has at most {plans.MAX_STEPS} steps.")
    if wrong:
        raise LoadError(wrong)
    return given


def _loaded_step(
    number: int, raw: Any, problems: list[str], builder: Builder | None
) -> Step:
    where = f"Step {number}"
    if not isinstance(raw, dict) or not isinstance(raw.get("actions", []), list):
        problems.append(f"{where} is no step.")
        return Step(new_id())
    seconds = raw.get("delay_seconds", 0)
    if not isinstance(seconds, int) or not 0 <= seconds <= 400 * 86_400:
        problems.append(f"{where}: its wait is a number of seconds.")
        seconds = 0
    asked = Filter()
    try:
        asked = Filter.check(raw.get("filter", {}))
    except ConditionError as error:
        problems.append(f"{where}, filter: {error.message}")
    actions = [
        _loaded_action(f"{where}, action {place}", one, problems, builder)
        for place, one in enumerate(raw.get("actions", []), start=1)
    ]
    return Step(
        new_id(),
        str(raw.get("name", "")),
        asked,
        timedelta(seconds=seconds),
        tuple(one for one in actions if one),
    )


def _loaded_action(
    where: str, raw: Any, problems: list[str], builder: Builder | None
) -> PlannedAction | None:
    try:
        name, whom, settings = _parts(raw)
        form = action_settings.form_for(name)
        whom = {key: _ids(form, key, value) for key, value in whom.items()}
        settings = {key: _ids(form, key, value) for key, value in settings.items()}
        kept = action_settings.checked(name, whom, settings, builder=builder)
    except Refused as refused:
        problems.append(f"{where}: {refused.message}")
        return None
    return PlannedAction(new_id(), name, settings=kept[1], whom=kept[0])


def _parts(raw: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    parts = raw if isinstance(raw, dict) else {}
    name, whom = parts.get("name"), parts.get("whom", {})
    settings = parts.get("settings", {})
    is_fine = isinstance(whom, dict) and isinstance(settings, dict)
    if not isinstance(name, str) or not is_fine:
        raise LoadError(["It is no action."])
    return name, whom, settings


def _ids(form: PlannedForm, key: str, value: Any) -> Any:
    """The rows of these names. Raises LoadError for names that are not here."""
    field = form.fields.get(key)
    if not isinstance(field, forms.ModelChoiceField) or value in (None, ""):
        return value
    here = {str(row): row.pk for row in _rows(field)}
    many = isinstance(field, forms.ModelMultipleChoiceField)
    names = value if many and isinstance(value, list) else [value]
    if missing := [str(one)[:60] for one in names if str(one) not in here]:
        what = _rows(field).model._meta.verbose_name
        shown = ", ".join(f"“{one}”" for one in missing)
        raise LoadError([f"There is no {what} {shown} here."])
    ids = [here[str(one)] for one in names]
    return ids if many else ids[0]
