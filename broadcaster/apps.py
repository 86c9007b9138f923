"""How Django knows the app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BroadcasterConfig(AppConfig):
    """Broadcaster as an installed app."""

    name = "broadcaster"
    verbose_name = "Broadcaster"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Give the roles what they may do here; tell the floor below what it asks."""
        from broadcaster import tag_uses as uses_here  # models are loaded only now
        from teambox import tag_uses

        tag_uses.also_used_by(uses_here.of_tag)
        post_migrate.connect(seed_roles_after_migrate, sender=self)


def seed_roles_after_migrate(sender: Any, **_: Any) -> None:
    """Repeats change nothing."""
    from broadcaster.access import GRANTS  # models are loaded only now
    from optout.access import seed_roles

    seed_roles(GRANTS)
