"""The Celery app and its clock: which task is looked at how often."""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from optout_project import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optout_project.settings")

file_broker.install()
app = Celery("optout")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_PERIODS = {
    "optout.tasks.send_outbox": timedelta(seconds=2),
    "optout.tasks.deliver_webhooks": timedelta(seconds=5),
    "optout.tasks.sweep": timedelta(seconds=10),
    "optout.tasks.remove_in_bulk": timedelta(seconds=5),
    "optout.tasks.work_imports": timedelta(seconds=5),
    "optout.tasks.roll_up_counts": timedelta(seconds=60),
    "teambox.tasks.handle_inbound": timedelta(seconds=5),
    "broadcaster.tasks.prepare_broadcasts": timedelta(seconds=5),
    "broadcaster.tasks.note_progress": timedelta(seconds=30),
    "broadcaster.tasks.enrol_people": timedelta(seconds=5),
    "broadcaster.tasks.advance_sequences": timedelta(seconds=5),
    "connectors.tasks.run_connectors": timedelta(seconds=5),
    "connectors.tasks.forget_old_runs": timedelta(hours=1),
}


def beat_schedule(periods: dict[str, timedelta]) -> dict[str, dict[str, Any]]:
    """One entry a task; a tick that was not taken up before the next one expires."""
    return {
        task: {
            "task": task,
            "schedule": period,
            "options": {"expires": period.total_seconds()},
        }
        for task, period in periods.items()
    }


app.conf.beat_schedule = beat_schedule(_PERIODS)


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Leave logging as the settings made it; a receiver here is all Celery asks."""
