"""`manage.py create_api_key`: the first way in for a program."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from optout.access import Role, create_api_key
from optout.models import ApiKey

_ROLES = {role.value.lower(): role for role in Role}
_MAX_NAME = 60
_MAX_DAYS = 3_650


class Command(BaseCommand):
    """Makes an API key and prints it; it is kept nowhere and shown this once."""

    help = "Make an API key and print it, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the name, --role and --days."""
        parser.add_argument("name", help="who uses the key, such as shop")
        parser.add_argument("--role", required=True, choices=sorted(_ROLES))
        parser.add_argument(
            "--days", type=_days, help="the key ends after so many days; else never"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the key alone, so that a script can read it."""
        name = options["name"].strip()
        if not 1 <= len(name) <= _MAX_NAME:
            raise CommandError(f"A name has 1 to {_MAX_NAME} characters.")
        if ApiKey.objects.filter(name=name, revoked_at=None).exists():
            self.stderr.write(f"There is a key named {name} already; this is another.")
        days = options["days"]
        _key, text = create_api_key(
            name=name,
            role=_ROLES[options["role"]],
            expires_in=timedelta(days=days) if days else None,
        )
        self.stdout.write(text)


def _days(text: str) -> int:
    """A whole number of days; raises ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_DAYS:
        raise ArgumentTypeError(f"give 1 to {_MAX_DAYS} days")
    return int(text)
