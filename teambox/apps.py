"""How Django knows the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TeamboxConfig(AppConfig):
    """Teambox as an installed app."""

    name = "teambox"
    verbose_name = "Teambox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the rows every installation has; tell the floor below what it asks."""
        from optout import import_kinds, overview, sandbox  # models are loaded only now
        from teambox import sandbox_lines, smart_reply_uses
        from teambox.contact_imports import ContactImports
        from teambox.seeds import seed_after_migrate

        import_kinds.register(ContactImports())
        sandbox.reads_what_people_wrote(sandbox_lines.read)
        overview.also_used_by(smart_reply_uses.of_list)
        post_migrate.connect(seed_after_migrate, sender=self)
