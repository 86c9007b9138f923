"""The one row of settings that hold for the whole installation."""

from django.db import models

from optout.addresses import regions


class Workspace(models.Model):
    """Settings of the company; exactly one row, made by a migration."""

    name = models.CharField(max_length=60, default="Our company")
    default_region = models.CharField(
        "default country",
        max_length=2,
        blank=True,
        choices=regions,
        help_text=(
            "How numbers without a country code are read, at every door. "
            "Without one, digits are read as carrying the country code."
        ),
    )
    person_opts_out_everywhere = models.BooleanField(
        "what a person says counts for all channels",
        default=False,
        help_text="STOP on one channel opts the person out on every channel.",
    )
    forbid_agent_replies = models.BooleanField(
        "agents may not reply to who is on the default list",
        default=False,
        help_text="An answer to what the person wrote is no marketing, and may go out.",
    )
    masked_roles = models.JSONField(
        "roles that see addresses masked", default=list, blank=True
    )
    hash_key_fingerprint = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "workspace"
        # What roles may do beyond Django's view/add/change/delete of a model;
        # `optout.access` says who has which.
        permissions = [
            ("lift_entry", "Can remove an entry"),
            ("lift_guarded_entry", "Can remove an entry the person made"),
            ("lift_legal_entry", "Can remove a legal entry"),
            ("bulk_entries", "Can add and remove many entries at once"),
            ("export_entries", "Can export entries"),
            ("delete_list_entries", "Can delete a list together with its entries"),
            ("resend_webhooks", "Can resend webhooks"),
            ("send_messages", "Can send marketing messages"),
            ("send_past_default_list", "Can leave the default list out of a send"),
            ("receive_inbound", "Can hand in inbound messages"),
            ("decide_reviews", "Can decide reviews"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pk=1), name="workspace_is_one_row"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def load(cls) -> "Workspace":
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def region(self) -> str | None:
        return self.default_region or None
