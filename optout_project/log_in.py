"""What a user may do, read in one query: a page that polls asks it all day."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Permission
from django.db.models import Model

from optout.prepared import Prepared


class OneQueryBackend(ModelBackend):
    """Django's backend; a user's permissions and those of the groups come as one."""

    def get_all_permissions(
        self, user_obj: AbstractBaseUser | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        """The names of all permissions, kept with the user; none for an object."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        kept: set[str] | None = getattr(user_obj, "_all_permissions", None)
        if kept is None:
            kept = _permissions(user_obj)
            user_obj._all_permissions = kept  # type: ignore[attr-defined]
        return kept


def _permissions(user: AbstractBaseUser | AnonymousUser) -> set[str]:
    if getattr(user, "is_superuser", False):
        every = Permission.objects.order_by()
        rows = list(every.values_list("content_type__app_label", "codename"))
    else:
        rows = _OF_USER.fetch_all({"user": user.pk})
    return {f"{app}.{codename}" for app, codename in rows}


_OF_USER = Prepared("""
SELECT t.app_label, p.codename
FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
WHERE p.id IN (
    SELECT permission_id FROM auth_user_user_permissions WHERE user_id = %(user)s
    UNION ALL
    SELECT r.permission_id FROM auth_group_permissions r
    JOIN auth_user_groups g ON g.group_id = r.group_id WHERE g.user_id = %(user)s)
""")
