"""The product's own programs, with times short enough for a test.

python -m tests.faults.product celery WORD…      as `python -m celery WORD…`
python -m tests.faults.product gunicorn WORD…    as `python -m gunicorn WORD…`
python -m tests.faults.product pump              as `manage.py pump`

KNOBS is a JSON object: dotted names of the product's constants, and their values.
"""

import json
import os
import sys
from functools import partial
from importlib import import_module

import django
from django.core.management import call_command

from tests.faults import knobs

KNOBS_VARIABLE = "FAULTS_KNOBS"
HASTE_VARIABLE = "FAULTS_HASTE"  # how many times as often beat looks


def set_up() -> None:
    """Django with the test's provider, the knobs turned and beat hurried."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optout_project.settings")
    django.setup()
    import_module("tests.faults.http_provider")  # registers itself
    for name, value in json.loads(os.environ.get(KNOBS_VARIABLE, "{}")).items():
        knobs.turn(name, value)
    hurry(float(os.environ.get(HASTE_VARIABLE, "1")))


def hurry(times: float) -> None:
    """Let beat look so many times as often."""
    from optout_project.celery import app

    for entry in app.conf.beat_schedule.values():
        entry["schedule"] /= times
        entry["options"]["expires"] /= times


def main() -> None:
    """Become the program that the first word names."""
    program = sys.argv.pop(1)
    if program == "celery":
        from celery.__main__ import main as run
    elif program == "gunicorn":
        from gunicorn.app.wsgiapp import run
    else:
        run = partial(call_command, program)
    run()


if __name__ == "__main__":
    set_up()
    main()
