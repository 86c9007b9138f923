"""Samples: the newest inputs of a connector, which its steps are built with.

An example that somebody typed is one too; nothing is ever done with it.
"""

import json
from typing import Any

from django.utils import timezone

from connectors import receiving
from connectors.models import Connector, Origin, Run, RunState

MAX_SAMPLES = 5
_EXAMPLE = "An example: nothing was done with it."


def newest(connector: Connector) -> list[Run]:
    """The runs whose input could be read, newest first."""
    runs = connector.runs.exclude(state=RunState.REFUSED).order_by("-pk")
    return list(runs[:MAX_SAMPLES])


def keep_example(connector: Connector, body: Any) -> Run:
    """Keep a body as a sample that never runs, whether the connector is on or off."""
    return Run.objects.create(
        connector=connector,
        version=connector.version,
        input=receiving.written({"body": body, "custom_variables": {}}),
        origin=Origin.EXAMPLE,
        state=RunState.CANCELLED,
        error=_EXAMPLE,
        finished_at=timezone.now(),
    )


def data_of(run: Run, connector: Connector) -> dict[str, Any]:
    """What the tokens of a step may stand for: the input, and answers it led to."""
    found = {**run.data, "responses": dict(_answers(run))}
    return {
        **{root: value for root, value in found.items() if value not in ({}, [])},
        "run": {"id": run.pk, "received_at": run.received_at.isoformat()},
        "connector": {"name": connector.name},
    }


def _answers(run: Run) -> list[tuple[str, dict[str, Any]]]:
    """What HTTP requests of the run were answered, by name."""
    outputs = (
        action.get("output") or {}
        for step in run.results
        for action in step.get("actions", [])
    )
    kept = ("status", "headers", "body")
    return [
        (output["name"], {key: output.get(key) for key in kept})
        for output in outputs
        if "name" in output
    ]


def written(value: Any) -> str:
    """JSON as people edit it."""
    return json.dumps(value, indent=2, ensure_ascii=False)
