"""`manage.py seed_demo`: people, lists and two months of opt-outs to look at."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from optout.actors import actor_of
from optout.lists import roll_up_counts
from optout_project.demo import entries, rows, sends, talks, welcome


class Command(BaseCommand):
    """Makes what is missing of the demo; what people changed stays changed."""

    help = "Make demo data: users, channels, lists, entries, sends, conversations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --yes."""
        parser.add_argument(
            "--yes",
            action="store_true",
            help="also in production, although anybody can guess the log-ins",
        )

    def handle(self, *args: Any, yes: bool, verbosity: int, **options: Any) -> None:
        """Refuse to put guessable log-ins into production unasked."""
        if not (settings.EMBEDDED or yes):
            raise CommandError(
                "This makes log-ins with their names as passwords. "
                "If that is what you want here, say --yes."
            )
        make_demo()
        if verbosity:
            names = ", ".join(f"{name}/{name}" for name in rows.USERS)
            self.stdout.write(f"The demo is there. Log in as {names}.")


def make_demo() -> None:
    """Everything, in the order in which a company would have made it."""
    rows.name_company()
    users, channels, lists = rows.make_users(), rows.make_channels(), rows.make_lists()
    entries.make(lists, users)
    phone, mailbox = channels[entries.PHONE], channels[entries.MAILBOX]
    marketer = actor_of(users["marketer"])
    sends.make_broadcasts(phone, mailbox, list(lists.values()), marketer)
    talks.make_smart_replies(lists)
    talks.make(phone, mailbox, users)
    welcome.make(phone, list(lists.values()), marketer)
    sends.make_deliveries(lists[entries.PROMOTIONS])
    roll_up_counts()
