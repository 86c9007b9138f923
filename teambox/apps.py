"""How Django knows the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TeamboxConfig(AppConfig):
    """Teambox as an installed app."""

    name = "teambox"
    verbose_name = "Teambox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the rows every installation has; let the sandbox read our messages."""
        from optout import sandbox  # models are loaded only now
        from teambox import sandbox_lines
        from teambox.seeds import seed_after_migrate

        sandbox.reads_what_people_wrote(sandbox_lines.read)
        post_migrate.connect(seed_after_migrate, sender=self)
