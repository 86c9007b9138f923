"""`manage.py create_api_key`."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from optout.models import ApiKey
from tests.api_clients import client_with

pytestmark = pytest.mark.django_db
CHANNELS = "/api/v1/channels/"


def made(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("create_api_key", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_prints_a_key_that_opens_the_api_and_nothing_else() -> None:
    printed = made("shop", "--role", "admin")
    assert client_with(printed.strip()).get(CHANNELS).status_code == 200
    assert len(printed.split()) == 1


def test_the_key_itself_is_kept_nowhere() -> None:
    printed = made("shop", "--role", "agent").strip()
    row = ApiKey.objects.get()
    assert row.role.name == "Agent"
    assert printed not in [str(value) for value in vars(row).values()]


def test_a_key_with_days_ends() -> None:
    text = made("shop", "--role", "admin", "--days", "2").strip()
    assert client_with(text).get(CHANNELS).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=2, minutes=1)):
        assert client_with(text).get(CHANNELS).status_code == 401


@pytest.mark.parametrize(
    "arguments",
    [
        ["shop"],
        ["shop", "--role", "king"],
        ["", "--role", "admin"],
        ["x" * 61, "--role", "admin"],
        ["shop", "--role", "admin", "--days", "0"],
        ["shop", "--role", "admin", "--days", "many"],
    ],
)
def test_what_makes_no_sense_makes_no_key(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        made(*arguments)
    assert not ApiKey.objects.exists()
