"""`manage.py check_invariants`: ask the data whether every guarantee holds."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from optout import invariants
from optout.invariants import Finding


class Command(BaseCommand):
    """Reads only, also beside a running installation. Ends with 1 if anything is off.

    Offenders are told by what they are and their ids, never by an address.
    """

    help = "Ask the data whether every guarantee holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the names and --json."""
        parser.add_argument(
            "names", nargs="*", metavar="name", help="ask these alone; else all"
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object for each line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """A line for each invariant, as soon as it was asked."""
        unknown = sorted(set(options["names"]) - set(invariants.INVARIANTS))
        if unknown:
            raise CommandError(f"There is no invariant {unknown[0]}.")
        tell = self._tell_programs if options["json"] else self._tell_people
        broken = 0
        with _reading_only():
            for finding in invariants.check(options["names"]):
                tell(finding)
                broken += not finding.holds
        if broken:
            raise CommandError(f"{broken} of the invariants did not hold.")

    def _tell_people(self, found: Finding) -> None:
        asked = found.invariant
        word = self.style.SUCCESS("holds") if found.holds else self.style.ERROR("OFF  ")
        self.stdout.write(f"{word} {asked.name} ({found.rows}): {asked.guarantee}")
        if not found.holds:
            self.stdout.write(f"      {found.shown}")

    def _tell_programs(self, found: Finding) -> None:
        asked = found.invariant
        line = {
            "name": asked.name,
            "guarantee": asked.guarantee,
            "holds": found.holds,
            "model": asked.model._meta.label_lower,
            "rows": found.rows,
            "offenders": list(found.offenders[: invariants.MOST_SHOWN]),
        }
        self.stdout.write(json.dumps(line, default=str))


@contextmanager
def _reading_only() -> Iterator[None]:
    """On PostgreSQL: no write, and as much time as a question over millions takes."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        cursor.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_read_only")
            cursor.execute("RESET statement_timeout")
