"""How Django knows the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class OptoutConfig(AppConfig):
    """Opt-out as an installed app."""

    name = "optout"
    verbose_name = "Opt-out"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the tables of what floors offer, and seed what has to be there."""
        from optout import import_kinds
        from optout.entry_imports import EntryImports
        from optout.seeds import seed_after_migrate  # models are loaded only now

        autodiscover_modules("actions", "invariants")
        import_kinds.register(EntryImports())
        post_migrate.connect(seed_after_migrate, sender=self)
