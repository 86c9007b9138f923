"""The routes of the pages where connectors are built."""

from django.urls import URLPattern, path

from connectors.views import (
    builder,
    connectors,
    portable,
    settings,
    step_actions,
    steps,
    trying,
)

_ONE = "connectors/<int:pk>"
_STEP = f"{_ONE}/steps/<slug:step_id>"
_ACTION = f"{_STEP}/actions/<slug:action_id>"

urlpatterns: list[URLPattern] = [
    path("connectors/", connectors.index, name="connectors"),
    path("connectors/new/", connectors.new, name="connector-new"),
    path("connectors/import/", portable.load, name="connector-import"),
    path(f"{_ONE}/export/", portable.export, name="connector-export"),
    path(f"{_ONE}/edit/", builder.page, name="connector-edit"),
    path(f"{_ONE}/example/", builder.example, name="connector-example"),
    path(f"{_ONE}/url/", connectors.new_url, name="connector-url"),
    path(f"{_ONE}/switch/", connectors.switch, name="connector-switch"),
    path(f"{_ONE}/run-held/", connectors.run_held, name="connector-run-held"),
    path(f"{_ONE}/try/", trying.page, name="connector-try"),
    path(f"{_ONE}/delete/", connectors.delete, name="connector-delete"),
    path(f"{_ONE}/settings/", settings.page, name="connector-settings"),
    path(f"{_ONE}/signature/", settings.signature, name="connector-signature"),
    path(
        f"{_ONE}/secrets/<int:secret_pk>/delete/",
        settings.drop_secret,
        name="connector-secret-delete",
    ),
    path(f"{_ONE}/steps/new/", steps.add, name="connector-step-new"),
    path(f"{_STEP}/move/", steps.move, name="connector-step-move"),
    path(f"{_STEP}/delete/", steps.drop, name="connector-step-delete"),
    path(f"{_STEP}/name/", steps.name, name="connector-step-name"),
    path(f"{_STEP}/filter/", steps.filter, name="connector-step-filter"),
    path(f"{_STEP}/wait/", steps.delay, name="connector-step-wait"),
    path(f"{_STEP}/actions/", step_actions.choose, name="connector-actions"),
    path(
        f"{_STEP}/actions/new/<slug:action_name>/",
        step_actions.new,
        name="connector-action-new",
    ),
    path(f"{_ACTION}/", step_actions.change, name="connector-action"),
    path(f"{_ACTION}/move/", step_actions.move, name="connector-action-move"),
    path(f"{_ACTION}/delete/", step_actions.drop, name="connector-action-delete"),
]
