"""The rows every installation has: the workspace, the default list, roles, …"""

from typing import Any

from django.apps import apps

from optout import access, addresses
from optout.models import Workspace

DEFAULT_LIST = {
    "name": "Default opt-out list",
    "message": (
        "You will get no more marketing messages from us here. "
        "Reply START to come back."
    ),
}


def seed_rows(registry: Any) -> None:
    """Make what is missing, with the models of `registry`; repeats change nothing."""
    registry.get_model("optout", "Channel").objects.get_or_create(
        channel_id=0,
        defaults={"name": "All channels", "kind": "all", "is_active": False},
    )
    registry.get_model("optout", "Workspace").objects.get_or_create(pk=1)
    default_list, _ = registry.get_model("optout", "OptOutList").objects.get_or_create(
        is_default=True, defaults=DEFAULT_LIST
    )
    keywords = registry.get_model("optout", "Keyword").objects
    if not keywords.filter(list=default_list, role="keyword").exists():
        keywords.create(list=default_list, role="keyword", text="STOP", folded="stop")


def seed_after_migrate(**_: Any) -> None:
    """A flushed or restored database gets the rows again."""
    seed_rows(apps)
    Workspace.objects.filter(hash_key_fingerprint="").update(
        hash_key_fingerprint=addresses.fingerprint()
    )
    access.seed_roles(access.GRANTS)
