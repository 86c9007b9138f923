"""The rows of this floor that every installation has: what each role may do here."""

from typing import Any

from optout.access import seed_roles
from teambox.access import GRANTS


def seed_after_migrate(**_: Any) -> None:
    """A flushed or restored database gets the rows again."""
    seed_roles(GRANTS)
