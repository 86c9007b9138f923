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
        """Give the roles what they may do here; tell the floors below what they ask."""
        # Models are loaded only now.
        from broadcaster import person_section
        from broadcaster import tag_uses as uses_here
        from broadcaster.enrolment_imports import EnrolmentImports
        from optout import import_kinds
        from teambox import panel_sections, tag_uses

        import_kinds.register(EnrolmentImports())
        panel_sections.register(person_section.of_person)
        tag_uses.also_used_by(uses_here.of_tag, replace=uses_here.replace)
        panel_sections.tells_addresses(person_section.address_of)
        post_migrate.connect(seed_roles_after_migrate, sender=self)


def seed_roles_after_migrate(sender: Any, **_: Any) -> None:
    """Repeats change nothing."""
    from broadcaster.access import GRANTS  # models are loaded only now
    from optout.access import seed_roles

    seed_roles(GRANTS)
