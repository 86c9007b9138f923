"""The programs the broker tests run as processes of their own, on the test database.

python -m tests.optout_project.programs WORD…    what `python -m celery WORD…` does
python -m tests.optout_project.programs post KEY NUMBER…    one API call a number

`post` prints how many seconds the calls took, as a list in its last line.
"""

import json
import os
import sys
import time

import django
from celery.__main__ import main as celery
from django.conf import settings

DATABASE_VARIABLE = "BROKERS_DATABASE"


def post(key: str, numbers: list[str]) -> None:
    """Hand in one message to each number, as the web process takes it."""
    django.setup()
    from optout.models import default_list
    from tests.api_clients import client_with

    client = client_with(key)
    body = {"channel_id": 900, "text": "Hi", "opt_out_lists": [default_list().pk]}
    seconds = []
    for number in numbers:
        begun = time.monotonic()
        answer = client.post("/api/v1/messages/", body | {"to": number})
        seconds.append(time.monotonic() - begun)
        assert answer.status_code == 202, answer.json()
    print(json.dumps(seconds))  # noqa: T201


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "optout_project.settings")
    settings.DATABASES["default"]["NAME"] = os.environ[DATABASE_VARIABLE]
    if sys.argv[1] == "post":
        post(sys.argv[2], sys.argv[3:])
    else:
        celery()
