"""How Django knows the app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConnectorsConfig(AppConfig):
    """Connectors as an installed app."""

    name = "connectors"
    verbose_name = "Connectors"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Give the roles what they may do here."""
        post_migrate.connect(seed_roles_after_migrate, sender=self)


def seed_roles_after_migrate(sender: Any, **_: Any) -> None:
    """Repeats change nothing."""
    from connectors.access import GRANTS  # models are loaded only now
    from optout.access import seed_roles

    seed_roles(GRANTS)
