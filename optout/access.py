"""Roles, what each may do, and API keys that act with a role."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, TextChoices
from django.utils import timezone

from optout import addresses
from optout.lifts import Power
from optout.models import ApiKey, Workspace
from optout.prepared import Prepared


class Role(TextChoices):
    """What a user or a key is here for; the names of the groups."""

    AGENT = "Agent"
    MARKETER = "Marketer"
    COMPLIANCE = "Compliance"
    ADMIN = "Admin"


EVERYBODY = frozenset(Role)
_STAFF = frozenset({Role.COMPLIANCE, Role.ADMIN})
_SENDERS = frozenset({Role.MARKETER, Role.ADMIN})
# What people sent to the sandbox, and what other systems handed in, stand there whole.
_WHOLE = frozenset({"view_sandboxmessage", "view_run"})

# Permission → roles. Each floor has its own table; the migrations' end writes them.
GRANTS: Mapping[str, frozenset[Role]] = {
    "optout.view_optoutlist": EVERYBODY,
    "optout.view_entry": EVERYBODY,
    "optout.change_workspace": frozenset({Role.ADMIN}),
    "optout.view_channel": EVERYBODY,
    "optout.add_entry": EVERYBODY,
    "optout.lift_entry": EVERYBODY,
    "optout.lift_guarded_entry": EVERYBODY - {Role.MARKETER},
    "optout.lift_legal_entry": frozenset({Role.ADMIN}),
    "optout.bulk_entries": EVERYBODY - {Role.AGENT},
    "optout.export_entries": _STAFF,
    "optout.add_optoutlist": _STAFF,
    "optout.change_optoutlist": _STAFF,
    "optout.delete_optoutlist": _STAFF,
    "optout.delete_list_entries": frozenset({Role.ADMIN}),
    "optout.view_webhookdelivery": _STAFF,
    "optout.resend_webhooks": _STAFF,
    "optout.add_channel": frozenset({Role.ADMIN}),
    "optout.change_channel": frozenset({Role.ADMIN}),
    "optout.send_messages": _SENDERS,
    "optout.send_past_default_list": frozenset({Role.ADMIN}),
    "optout.view_outgoingmessage": EVERYBODY,
    "optout.view_sandboxmessage": EVERYBODY,
    "optout.receive_inbound": EVERYBODY - {Role.MARKETER},
    "optout.decide_reviews": EVERYBODY - {Role.MARKETER},
    "optout.view_ledgerevent": _STAFF,
    "optout.view_apikey": frozenset({Role.ADMIN}),
    "optout.add_apikey": frozenset({Role.ADMIN}),
    "optout.change_apikey": frozenset({Role.ADMIN}),
}


def seed_roles(grants: Mapping[str, frozenset[Role]]) -> None:
    """Give each role its permissions of this table; repeats change nothing.

    What staff gave a role beyond the table stays.
    """
    for app in {name.split(".")[0] for name in grants}:
        # Django makes the permissions after each migrate too, but in no fixed order.
        create_permissions(apps.get_app_config(app), verbosity=0)
    for role in Role:
        group, _ = Group.objects.get_or_create(name=role.value)
        names = [name for name, roles in grants.items() if role in roles]
        group.permissions.add(*_permissions(names))


def _permissions(names: Iterable[str]) -> list[Permission]:
    wanted = Q(pk__in=[])
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))


def lifting_power(user: "User | AnonymousUser | Principal") -> Power:
    """Which entries this user may end."""
    return Power(
        guarded=user.has_perm("optout.lift_guarded_entry"),
        legal=user.has_perm("optout.lift_legal_entry"),
    )


def masks_addresses(user: User | AnonymousUser) -> bool:
    """Whether this user sees addresses masked: so says each of the user's roles.

    A switch for people. A key's program needs addresses, whatever its role. It is
    asked once for each user object, that is once in a request.
    """
    remembers: Any = user
    if not hasattr(user, "masks_addresses"):
        remembers.masks_addresses = _is_masked(user)
    return bool(remembers.masks_addresses)


def _is_masked(user: User | AnonymousUser) -> bool:
    if user.is_superuser or not user.is_authenticated:
        return False
    masked = set(Workspace.load().masked_roles)
    if not masked:
        return False
    return set(user.groups.values_list("name", flat=True)) <= masked


class MaskedRoles:
    """Denies masked roles what is made of whole addresses: exports, sandbox, inputs.

    An authentication backend that logs nobody in, the first one that is asked.
    """

    def authenticate(self, request: Any, **_credentials: Any) -> None:
        """Leave it to the next backend."""

    def has_perm(
        self, user: User | AnonymousUser, name: str, _obj: object = None
    ) -> bool:
        """Raise PermissionDenied, or leave the answer to the next backend."""
        codename = name.partition(".")[2]
        gives_addresses = codename.startswith("export_") or codename in _WHOLE
        if gives_addresses and masks_addresses(user):
            raise PermissionDenied
        return False


def seen_address(request: Any, text: str) -> str:
    """An address as the user of this request may see it; who that is, is asked once.

    Without a request nobody in particular looks, and nothing is masked.
    """
    if not text:
        return "Erased address"
    return addresses.masked(text) if masks(request) else text


def seen_words(request: Any, text: str) -> str:
    """Words that may hold an address, as the user of this request may see them.

    For what machines and files fill in. What people write is shown as they wrote it.
    """
    return addresses.masked_within(text) if masks(request) else text


def masks(request: Any) -> bool:
    """`masks_addresses` for the user of this request."""
    return request is not None and masks_addresses(request.user)


# API keys

_PREFIX_LENGTH = 12
_SEEN_EVERY = timedelta(minutes=1)


def create_api_key(
    *,
    name: str,
    role: Role,
    expires_in: timedelta | None = None,
    created_by_id: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere and shown this once."""
    text = f"oo_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        name=name,
        role=Group.objects.get(name=role),
        prefix=text[:_PREFIX_LENGTH],
        digest=_digest(text),
        expires_at=timezone.now() + expires_in if expires_in else None,
        created_by_id=created_by_id,
    )
    return key, text


def find_api_key(text: str) -> ApiKey | None:
    """The live key with this text, or None; its last use is noted once a minute."""
    now = timezone.now()
    key = ApiKey.objects.filter(prefix=text[:12]).first()
    digest = key.digest if key else _digest("")
    if not secrets.compare_digest(digest, _digest(text)) or key is None:
        return None
    if key.revoked_at or (key.expires_at and key.expires_at <= now):
        return None
    if key.last_used_at is None or key.last_used_at < now - _SEEN_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def revoke(key: ApiKey) -> None:
    """End a key at once; a repeat keeps the first time."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def _digest(text: str) -> str:
    """A fast hash is right for a random key of 256 bits."""
    return hashlib.sha256(text.encode()).hexdigest()


_OF_ROLE = Prepared("""
SELECT t.app_label, p.codename
FROM auth_group_permissions g JOIN auth_permission p ON p.id = g.permission_id
JOIN django_content_type t ON t.id = p.content_type_id
WHERE g.group_id = %(role)s
""")


class Principal:
    """The bearer of an API key, as a request's user: the permissions of its role."""

    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = False
    is_superuser = False
    pk: int | None = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self._permissions: frozenset[str] | None = None

    def get_username(self) -> str:
        return f"API key {self.key.name}"

    def has_perm(self, name: str, obj: object = None) -> bool:
        if self._permissions is None:
            rows = _OF_ROLE.fetch_all({"role": self.key.role_id})
            self._permissions = frozenset(f"{app}.{code}" for app, code in rows)
        return name in self._permissions

    def has_perms(self, names: Iterable[str], obj: object = None) -> bool:
        return all(self.has_perm(name) for name in names)
